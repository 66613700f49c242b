"""`make coverage` measures every package, and names the modules that the tests leave too much of."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests import branches
from tests.distributions.declared import DISTRIBUTIONS, ROOT


def make_report(**modules: tuple[int, int]) -> dict[str, Any]:
    """Return a report of coverage.py about modules, each with the branches that were taken and those that there are."""
    summaries = {name: {"covered_branches": taken, "num_branches": there} for name, (taken, there) in modules.items()}
    totals = [sum(each) for each in zip(*modules.values(), strict=True)]
    files = {f"{name}.py": {"summary": each} for name, each in summaries.items()}
    return {"files": files, "totals": {"covered_branches": totals[0], "num_branches": totals[1]}}


def test_every_package_is_measured_by_branches_and_also_in_processes_that_tests_start() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["coverage"]["run"]
    assert sorted(settings["source_pkgs"]) == sorted(each.package.name for each in DISTRIBUTIONS.values())
    assert settings["branch"] is True
    assert settings["patch"] == ["subprocess"]


def test_a_module_below_the_goal_is_named_and_the_lowest_comes_first() -> None:
    found = branches.list_modules_below_goal(make_report(good=(9, 10), bad=(8, 10), none=(0, 4), plain=(0, 0)))
    assert found == ["  0%  none.py: 0 of 4", " 80%  bad.py: 8 of 10"]


def test_a_module_below_the_goal_has_its_reason_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(branches.ARGUED, "bad.py", "it ends by SIGKILL")
    found = branches.list_modules_below_goal(make_report(bad=(8, 10), worse=(7, 10)))
    assert found == [" 70%  worse.py: 7 of 10", " 80%  bad.py: 8 of 10 (it ends by SIGKILL)"]


def test_every_module_with_a_reason_exists() -> None:
    assert [each for each in branches.ARGUED if not (ROOT / each).is_file()] == []


def test_the_command_prints_the_share_of_all_branches_and_the_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "coverage.json"
    file.write_text(json.dumps(make_report(good=(995, 1000), bad=(8, 10))), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["branches", str(file)])
    branches.main()
    assert capsys.readouterr().out == (
        "branches: 1,003 of 1,010; each line is in htmlcov/index.html\nmodules below 90 %: 1\n   80%  bad.py: 8 of 10\n"
    )
