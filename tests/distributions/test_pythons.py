"""The Pythons that are promised, wherever they are named, and how they are found."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tests.distributions.archives import read_metadata
from tests.distributions.declared import DISTRIBUTIONS, EXAMPLE, ROOT, Distribution, promised_pythons
from tests.distributions.environments import CommandFailed, find_python
from tests.distributions.lowest import summarize, try_lowest

HERE = "{}.{}".format(*sys.version_info)
PROMISED = promised_pythons()


@pytest.mark.rule("S6")
@pytest.mark.parametrize("distribution", DISTRIBUTIONS.values(), ids=list(DISTRIBUTIONS))
def test_every_distribution_promises_the_same_pythons(distribution: Distribution, built: Path) -> None:
    metadata = read_metadata(distribution, built)
    classifiers = metadata.get_all("Classifier", [])
    named = [each.rpartition(" ")[2] for each in classifiers if re.search(r"Python :: 3\.\d+$", each)]
    assert named == PROMISED
    assert metadata["Requires-Python"] == f">={PROMISED[0]}"


@pytest.mark.rule("S6")
def test_the_manual_the_tools_and_the_tutorial_name_the_same_pythons() -> None:
    listed = f"{', '.join(PROMISED[:-1])} and {PROMISED[-1]}"
    for page in ("README.md", "CONTRIBUTING.md"):
        assert f"Python {listed}" in (ROOT / page).read_text(encoding="utf-8"), page
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert tools["ruff"]["target-version"] == f"py{PROMISED[0].replace('.', '')}"
    assert tools["mypy"]["python_version"] == PROMISED[0]
    assert SpecifierSet(EXAMPLE.project["requires-python"]) == SpecifierSet(f">={PROMISED[0]}")


def test_the_python_that_runs_the_tests_is_promised() -> None:
    assert HERE in PROMISED


def test_a_python_is_found_on_the_path_and_one_that_is_given_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"python{HERE}").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_python(HERE) == str(tmp_path / f"python{HERE}")
    assert find_python(HERE, [sys.executable]) == sys.executable


def test_a_python_that_does_not_start_or_has_another_version_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    broken = tmp_path / "python3.99"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    assert find_python("3.99", [sys.executable, str(tmp_path / "missing")]) is None


@pytest.mark.rule("S6")
def test_pythons_that_were_not_found_are_named_and_never_counted_as_tried() -> None:
    said = summarize({"3.11": "ok", "3.12": "ok", "3.13": "it broke", "3.14": "not found"})
    assert said.startswith("lowest: 3.11, 3.12 ok; 3.13 FAILED; 3.14 NOT TESTED")
    assert summarize({"3.11": "ok"}) == "lowest: 3.11 ok"


@pytest.mark.long
@pytest.mark.rule("S6")
@pytest.mark.parametrize("version", PROMISED)
def test_the_lowest_versions_of_all_dependencies_install_and_work(version: str, tmp_path: Path) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    try:
        try_lowest(version, python, tmp_path)
    except CommandFailed as failure:
        pytest.fail(str(failure))
