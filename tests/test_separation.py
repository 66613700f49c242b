"""The packages are really separate: each passes its tests where only what it stands on is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("pytest", "pytest-timeout", "hypothesis", "simple-salesforce", "cryptography")
BASE = ("plugins/salesforce", "plugins/salesforce_emulator")


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("tests", "packages", "absent"),
    [
        ("salesforce_picklist", (*BASE, "plugins/salesforce_picklist"), ["connector_salesforce_events"]),
        ("salesforce_events", (*BASE, "plugins/salesforce_events"), ["connector_salesforce_picklist"]),
        ("connector_sdk", (), ["connector_salesforce", "salesforce_emulator", "connector_salesforce_events"]),
    ],
    ids=["picklists", "events", "core"],
)
def test_a_package_passes_its_tests_without_those_that_it_does_not_stand_on(
    tmp_path: Path, tests: str, packages: Sequence[str], absent: Sequence[str]
) -> None:
    python = _install(tmp_path, packages)
    for name in absent:
        assert _run([python, "-c", f"import {name}"], tmp_path).returncode, f"{name} is there"
    _copy_tests(tmp_path, tests, with_salesforce=bool(packages))
    done = _run([python, "-m", "pytest", "-q", "-m", "not long", f"tests/{tests}"], tmp_path)
    assert done.returncode == 0, done.stdout[-3_000:]


def _install(folder: Path, packages: Sequence[str]) -> str:
    """Install wheels of the core and of some packages in a clean environment. Return its Python."""
    wheels, constraint = folder / "wheels", ["--constraint", str(ROOT / "constraints.txt")]
    sources = [str(ROOT), *(str(ROOT / each) for each in packages)]
    pip = ["-m", "pip", "--quiet", "--disable-pip-version-check"]
    _must([sys.executable, *pip, "wheel", "--no-deps", "--wheel-dir", str(wheels), *sources], folder)
    _must([sys.executable, "-m", "venv", str(folder / "venv")], folder)
    python = str(folder / "venv" / "bin" / "python")
    core, *others = sorted(wheels.iterdir(), key=lambda each: not each.name.startswith("connector_sdk-"))
    _must([python, *pip, "install", *constraint, f"{core}[testing]", *map(str, others), *TOOLS], folder)
    return python


def _copy_tests(folder: Path, tests: str, *, with_salesforce: bool) -> None:
    """Copy tests and the files that they share, but no source code."""
    for name in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py", "examples/quickstart/connector.yml"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    for name in (tests, *(["salesforce"] if with_salesforce else [])):
        shutil.copytree(ROOT / "tests" / name, folder / "tests" / name)
        if (ROOT / "cassettes" / name).is_dir():
            shutil.copytree(ROOT / "cassettes" / name, folder / "cassettes" / name)


def _must(command: Sequence[str], folder: Path) -> None:
    done = _run(command, folder)
    assert done.returncode == 0, done.stdout[-2_000:]


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=1500
    )
