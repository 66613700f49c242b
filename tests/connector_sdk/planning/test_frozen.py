from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from connector_sdk import RunStopped
from connector_sdk.planning.frozen import read_plan, write_plan

from .bench import Bench

ANN = {"k": "1", "e": "a", "n": "Ann"}


@pytest.mark.parametrize(
    "change",
    [
        lambda kept: kept["plan"].update(known=7),
        lambda kept: kept["plan"]["rows"].update(planned=2),
        lambda kept: kept.update(checksum=kept["checksum"] + 1),
    ],
    ids=["a number", "a number inside", "the checksum"],
)
def test_a_plan_whose_description_was_changed_is_refused(
    bench: Bench, change: Callable[[dict[str, Any]], object]
) -> None:
    saved = bench.plan([ANN], save=True)
    path = bench.folder / ".connector" / "plans" / saved.run / "plan.json"
    kept = json.loads(path.read_text())
    change(kept)
    path.write_text(json.dumps(kept))
    with pytest.raises(RunStopped, match="it is not what was written"):
        bench.run([ANN], plan_id=saved.run)
    assert bench.names() == {}


def test_a_plan_can_be_read_back_whatever_values_its_samples_have(bench: Bench) -> None:
    saved = bench.plan([ANN], save=True)
    folder = bench.folder / ".connector" / "plans" / saved.run
    moment = datetime(2026, 1, 31, 10, tzinfo=UTC)
    sample = {"day": date(2026, 1, 31), "at": moment, "wakes": time(6, 30), "sum": Decimal("1.50"), "n": 7, "no": None}
    write_plan(evolve(read_plan(folder), samples={"create": (sample,)}))
    ((text,),) = read_plan(folder).samples.values()
    assert text == {
        "day": "2026-01-31", "at": "2026-01-31T10:00:00+00:00", "wakes": "06:30:00", "sum": "1.50", "n": 7, "no": None,
    }  # fmt: skip
    assert bench.run([], plan_id=saved.run).ledger == {"1": "succeeded"}
