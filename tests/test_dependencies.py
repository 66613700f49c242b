"""No package that the project is installed with has a vulnerability that is known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PINS = Path(__file__).parents[1] / "constraints.txt"


KNOWN = "pyyaml==5.3"
"""A package of which something is known against it wherever anything is known."""


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    """The Python of an environment with pip-audit, which has no place among the packages that it looks at."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True, timeout=120)
    python = tmp_path / "venv" / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pip-audit"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        pytest.skip(f"pip-audit cannot be installed here: {_last(done.stderr)}")
    (tmp_path / "known.txt").write_text(f"{KNOWN}\n")
    if KNOWN.partition("=")[0] not in _audited(python, tmp_path / "known.txt"):
        pytest.skip(f"whoever can be asked here knows of no vulnerability, not even of {KNOWN}")
    return python


@pytest.mark.long
def test_no_vulnerability_is_known_of_what_the_tests_run_with(audit: Path) -> None:
    assert _audited(audit, PINS) == ""


def _audited(python: Path, pins: Path) -> str:
    """What is known against pinned packages; empty when nothing is. Skips where nobody can be asked."""
    command = [str(python), "-m", "pip_audit", "--requirement", str(pins), "--no-deps", "--disable-pip"]
    command += ["--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode and not done.stdout:
        pytest.skip(f"nobody can be asked about vulnerabilities here: {_last(done.stderr)}")
    return done.stdout if done.returncode else ""


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["it says nothing"])[-1]
