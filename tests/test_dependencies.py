"""No package that the project is installed with has a vulnerability that is known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PINS = Path(__file__).parents[1] / "constraints.txt"


KNOWN = "pyyaml==5.3"
"""A package with a vulnerability that every database knows."""


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    """The Python of an environment with pip-audit, so that pip-audit is not among the packages that it checks."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True, timeout=120)
    python = tmp_path / "venv" / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pip-audit"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        pytest.skip(f"pip-audit cannot be installed here: {_last(done.stderr)}")
    (tmp_path / "known.txt").write_text(f"{KNOWN}\n")
    if KNOWN.partition("=")[0] not in _audit(python, tmp_path / "known.txt"):
        pytest.skip(f"the service that pip-audit asks knows no vulnerability, not even of {KNOWN}")
    return python


@pytest.mark.long
def test_no_vulnerability_is_known_of_what_the_tests_run_with(audit: Path) -> None:
    assert _audit(audit, PINS) == ""


def _audit(python: Path, pins: Path) -> str:
    """Return the known vulnerabilities of pinned packages, or an empty text.

    Skip the test if pip-audit cannot reach its service.
    """
    command = [str(python), "-m", "pip_audit", "--requirement", str(pins), "--no-deps", "--disable-pip"]
    command += ["--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode and not done.stdout:
        pytest.skip(f"pip-audit cannot ask about vulnerabilities here: {_last(done.stderr)}")
    return done.stdout if done.returncode else ""


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["it says nothing"])[-1]
