from __future__ import annotations

import pytest

from connector_sdk import Match, Mode, RunStopped, history
from connector_sdk.testing.reference import Fault, FaultKind

from .planning.bench import Bench, map_fields, people
from .planning.conftest import bench

__all__ = ["bench"]

ROWS = [{"k": "1", "e": "red", "n": "Red"}]


@pytest.mark.parametrize("times", [2, 3])
def test_a_run_plans_again_while_its_target_changes_and_gives_up_after_the_third_time(bench: Bench, times: int) -> None:
    bench.sync = people(Mode.ALL, objects=("tags",), fields=map_fields(name="e", label="n"), match=Match("name", "e"))
    bench.store.add_fault(Fault(FaultKind.MOVED, call="replace", times=times))
    if times < 3:
        assert bench.run(ROWS).ledger == {"1": "succeeded"}
    else:
        with pytest.raises(RunStopped, match=r"the target of people changed 3 times .*no other user or program"):
            bench.run(ROWS)
    assert ("red" in {each["name"] for each in bench.store.records("tags")}) is (times < 3)
    states = [str(each.state) for each in history.runs(bench.project(ROWS))]
    assert states == ["finished"] * (times < 3) + ["abandoned"] * times
