"""Limits that stop a run before it writes, each released once by its name."""

from __future__ import annotations

from typing import Any

import pytest

from connector_sdk import ExitCode, Guards, Removal, RunStopped
from connector_sdk.planning.guards import Scale, guard

from .bench import Bench

ROWS = [{"k": str(number), "e": f"e{number}", "n": "x"} for number in range(20)]


def _find_exceeded(guards: Guards, **scale: int) -> list[str]:
    whole = Scale(**{"read": 100, "known": 100, "removed": 0, "changed": 0, "rekeyed": 0, **scale})
    return [finding.guard for finding in guard(guards, whole, ())]


@pytest.mark.parametrize(
    ("limit", "scale", "stops"),
    [
        ({"max_removed": "10%"}, {"removed": 10}, False),
        ({"max_removed": "10%"}, {"removed": 11}, True),
        ({"max_removed": "2.5%"}, {"removed": 3}, True),
        ({"max_removed": "0%"}, {"removed": 1}, True),
        ({"max_removed": 3}, {"removed": 3}, False),
        ({"max_removed": 3}, {"removed": 4}, True),
        ({"max_removed": None}, {"removed": 100}, False),
        ({"min_rows": 1}, {"read": 0}, True),
        ({"min_rows": 100}, {"read": 100}, False),
        ({"min_rows": None}, {"read": 0}, False),
        ({"max_changed": "50%"}, {"changed": 50}, False),
        ({"max_changed": "50%"}, {"changed": 51}, True),
        ({"max_changed": 0}, {"changed": 1}, True),
        ({}, {"changed": 100, "removed": 10, "read": 1}, False),
        ({}, {"removed": 11}, True),
    ],
)
def test_a_limit_is_a_count_or_a_share_and_is_itself_allowed(
    limit: dict[str, Any], scale: dict[str, int], stops: bool
) -> None:
    assert _find_exceeded(Guards(**limit), **scale) == [next(iter(limit), "max_removed")] * stops


def test_a_model_that_lost_its_rows_deletes_nothing(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE, guards=Guards())
    bench.run(ROWS)
    with pytest.raises(RunStopped, match=r"the model has 0 rows.*20 of 20 rows left the model") as stopped:
        bench.run([])
    assert stopped.value.exit_code is ExitCode.GUARD
    assert len(bench.names()) == 20
    assert bench.run(ROWS).ledger == {}


def test_every_limit_that_is_exceeded_has_to_be_accepted(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE, guards=Guards())
    bench.run(ROWS)
    with pytest.raises(RunStopped, match="the model has 0 rows"):
        bench.run([], accept={"max_removed"})
    assert bench.run([], accept={"max_removed", "min_rows"}).report.actions.deleted == 20


def test_a_limit_is_released_for_one_run(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE, guards=Guards())
    bench.run(ROWS)
    bench.run(ROWS[:10], accept={"max_removed"})
    with pytest.raises(RunStopped, match="5 of 10 rows left the model, and 10% are allowed"):
        bench.run(ROWS[:5])


def test_rows_that_are_not_removed_do_not_count(bench: Bench) -> None:
    bench.change(guards=Guards())
    bench.run(ROWS)
    assert bench.run(ROWS[:1]).ledger == {}


def test_a_plan_names_the_guard_and_writes_nothing(bench: Bench) -> None:
    bench.change(guards=Guards(max_changed="10%"))
    bench.run(ROWS)
    report = bench.plan([{**row, "n": "y"} for row in ROWS])
    assert [finding.advice for finding in report.findings] == [
        "correct the model, or if that is meant: --accept max_changed"
    ]
    assert set(bench.names().values()) == {"x"}


def test_new_rows_are_no_changes(bench: Bench) -> None:
    bench.change(guards=Guards(max_changed=0))
    bench.run(ROWS[:1])
    assert len(bench.run(ROWS).ledger) == 19
