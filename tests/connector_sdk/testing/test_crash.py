from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from connector_sdk.testing.crash import CrashHarnessError, batter, exhaust, replay
from connector_sdk.testing.crash.harness import draw_kills


@pytest.fixture(autouse=True)
def _toy_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def test_every_crash_point_is_met_once_and_a_careful_sender_passes() -> None:
    report = exhaust("toy:careful")
    assert (report.points, report.kills, report.trials, report.failures) == (6, 6, 7, ())


def test_a_careless_sender_is_caught_at_the_points_where_it_doubles_rows() -> None:
    report = exhaust("toy:careless")
    assert [each.kills for each in report.failures] == ["2", "4", "6"]
    assert report.failures[1].problems == ("row 1 was sent 2 times",)


def test_a_failure_carries_the_line_that_repeats_it() -> None:
    line = exhaust("toy:careless").failures[0].replay
    assert line == "python -m connector_sdk.testing.crash toy:careless --at 2"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, *shlex.split(line)[1:]], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "row 0 was sent 2 times" in done.stdout
    assert replay("toy:careless", at="2").failures[0].problems == ("row 0 was sent 2 times",)


def test_random_kills_are_the_same_for_the_same_seed() -> None:
    one, two, another = (list(draw_kills(20, seed, kills=5, points=10)) for seed in (4, 4, 5))
    assert one == two != another
    assert any(kill.endswith("s") for kills in one for kill in kills)


def test_random_kills_find_a_run_that_is_careless_and_no_other() -> None:
    assert batter("toy:careless", trials=20, seed=4).failures
    assert batter("toy:careful", trials=20, seed=4, kills=5).failures == ()


def test_a_scenario_is_imported_once_however_often_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trial is a fork of a process that has imported everything; an import of its own would cost a second."""
    imports = tmp_path / "imports"
    monkeypatch.setenv("TOY_IMPORTS", str(imports))
    assert batter("toy:careful", trials=10, seed=1).kills > 0
    assert imports.read_text() == "toy\n"


def test_duckdb_works_in_the_children() -> None:
    report = exhaust("toy:count_in_duckdb")
    assert (report.points, report.failures) == (2, ())


def test_a_run_that_never_ends_well_is_a_failure() -> None:
    assert "not finished after 5 restarts" in exhaust("toy:exit_with", "4").failures[0].problems[0]
    assert "ZeroDivisionError" in exhaust("toy:raise_error").failures[0].problems[0]


def test_a_scenario_that_cannot_be_made_is_an_error_of_its_own() -> None:
    with pytest.raises(CrashHarnessError, match="no_such_module"):
        exhaust("no_such_module:nothing")


def test_a_function_that_makes_something_else_is_an_error_too() -> None:
    with pytest.raises(CrashHarnessError, match="toy:make_nothing made a str, not a Scenario"):
        exhaust("toy:make_nothing")


@pytest.mark.parametrize("step", ["prepare", "audit"])
def test_a_trial_that_cannot_be_prepared_or_audited_is_a_failure_with_its_error(step: str) -> None:
    report = replay("toy:fail_to", step, at="99")
    assert [each.problems for each in report.failures] == [(f"{step} failed: OSError: the toy cannot {step}",)]
