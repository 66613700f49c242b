"""Try the lowest versions of all dependencies on every promised Python that this machine has: `make lowest`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.distributions.declared import ROOT, lowest_versions, promised_pythons
from tests.distributions.environments import (
    CommandFailed,
    build_distributions,
    find_python,
    install,
    install_packages,
    make_environment,
    run,
    try_installation,
)

TESTS = (
    "tests/connector_sdk/engines/test_escapes.py",
    "tests/connector_sdk/engines/test_generated_tables.py",
    "tests/connector_sdk/engines/test_inner_doubled.py",
    "tests/connector_sdk/testing/test_conformance.py",
    "tests/connector_sdk/testing/test_cassettes.py",
    "tests/salesforce_emulator/test_pytest_plugin.py",
)
"""Tests that use what the smoke test does not: DuckDB, the conformance kit, cassettes, fixtures."""

_TOOLS = ("hypothesis", "pytest-timeout", "requests")
_SHARED = ("examples", "tests")
_IGNORED = shutil.ignore_patterns("node_modules", "__pycache__")
_NOT_FOUND = "not found"
_OK = "ok"


def main(given: Sequence[str]) -> int:
    """Try each promised Python, `given` ones first; return 1 when one fails, and name those that were not found."""
    results: dict[str, str] = {}
    for version in promised_pythons():
        python = find_python(version, given)
        results[version] = try_python(version, python) if python else _NOT_FOUND
        print(f"lowest: Python {version}: {results[version]}", flush=True)
    print(summarize(results))
    return int(any(result not in (_OK, _NOT_FOUND) for result in results.values()))


def try_python(version: str, python: str) -> str:
    """Return `ok`, or what went wrong with the lowest versions on a Python."""
    try:
        with tempfile.TemporaryDirectory(prefix=f"connector-lowest-{version}-") as folder:
            try_lowest(version, python, Path(folder))
    except CommandFailed as failure:
        return str(failure)
    return _OK


def try_lowest(version: str, python: str, folder: Path) -> None:
    """Build and install every distribution, all extras included, with the lowest versions, and use them.

    Raises `CommandFailed` when they do not build, do not install, do not fit together, or do not work.
    """
    constraints, wheels = folder / "lowest.txt", folder / "wheels"
    constraints.write_text("".join(f"{name}=={lowest}\n" for name, lowest in lowest_versions(version).items()))
    installed = make_environment(python, folder / "venv")
    install_packages(installed, ["hatchling", *_TOOLS], constraints)
    build_distributions(wheels, installed)
    install(installed, wheels, constraints, extras=True)
    try_installation(installed, folder)
    try_tests(installed, folder)


def try_tests(python: str, folder: Path) -> None:
    """Run tests away from the source code; warnings about old packages are none of users' business."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name in _SHARED:
        shutil.copytree(ROOT / name, folder / name, ignore=_IGNORED)
    run([python, "-m", "pytest", "-q", "-m", "not long", "-o", "filterwarnings=default", *TESTS], folder)


def summarize(results: Mapping[str, str]) -> str:
    """Return one line that names what works, what fails, and what was not tried at all."""
    tried = {version: result for version, result in results.items() if result != _NOT_FOUND}
    groups = {
        "ok": [version for version, result in tried.items() if result == _OK],
        "FAILED": [version for version, result in tried.items() if result != _OK],
        "NOT TESTED, no such Python was found (PYTHONS=PATH names one)": [
            each for each in results if each not in tried
        ],
    }
    return "lowest: " + "; ".join(f"{', '.join(named)} {what}" for what, named in groups.items() if named)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
