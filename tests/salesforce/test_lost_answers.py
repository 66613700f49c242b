"""Every call spoiled in every way: nothing is lost, nothing is doubled, and only a REST insert is ever unknown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from . import crashes, merge_crashes
from .emulated import Emulated
from .gateway import Forward, Reply, gateway
from .lost_answers import (
    Crashing,
    choose_in_turn,
    of_beginning,
    of_every_kind,
    of_every_kind_at_first,
    of_first,
    of_writing,
    spoil_every_call,
)


def contacts(api: str, mode: str) -> Crashing:
    return lambda ready: crashes.make_scenario(ready, api, mode)


WAYS = {
    f"{api}-{mode}": contacts(api, mode)
    for api in ("bulk", "bulk2", "rest") for mode in ("insert", "upsert", "update", "archive")
    if (api, mode) != ("bulk2", "insert")
}  # fmt: skip
WAYS["merge"] = merge_crashes.make_scenario
QUICK = ("bulk-upsert", "bulk2-upsert", "rest-insert", "merge")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", QUICK)
def test_no_lost_answer_of_a_writing_call_loses_or_doubles_a_row(emulated: Emulated, tmp_path: Path, way: str) -> None:
    chosen = of_first(choose_in_turn) if "bulk" in way else choose_in_turn
    tested = spoil_every_call(emulated, WAYS[way], tmp_path, of_writing(chosen))
    assert not tested.problems, tested.problems
    assert tested.runs >= 3


@pytest.mark.timeout(600)
def test_no_lost_answer_before_the_first_writing_call_does_any_harm(emulated: Emulated, tmp_path: Path) -> None:
    tested = spoil_every_call(emulated, WAYS["rest-upsert"], tmp_path, of_first(of_beginning(choose_in_turn)))
    assert not tested.problems, tested.problems
    assert tested.runs >= 8


@pytest.mark.timeout(600)
def test_an_empty_answer_before_the_first_writing_call_is_a_failure_like_others(
    emulated: Emulated, tmp_path: Path
) -> None:
    nothing = of_first(of_beginning(lambda _: ["nothing"]))
    assert not spoil_every_call(emulated, WAYS["rest-upsert"], tmp_path, nothing).problems


@pytest.mark.parametrize("mode", ["insert", "upsert"])
def test_an_answer_that_tells_of_fewer_rows_than_were_sent_is_believed_of_none(
    emulated: Emulated, tmp_path: Path, mode: str
) -> None:
    def fewer(forward: Forward) -> Reply:
        reply = forward()
        return evolve(reply, body=json.dumps(json.loads(reply.body)[1:]).encode())

    with gateway(emulated) as (spoiling, reached):
        scenario = crashes.make_scenario(json.dumps(dict(reached.ready)), "rest", mode)
        scenario.prepare(tmp_path)
        more = "" if mode == "insert" else "/Contact/External_Id__c"
        written = ("POST" if mode == "insert" else "PATCH", f"/services/data/v66.0/composite/sobjects{more}")
        spoiling.spoil(written, fewer)
        assert scenario.run(tmp_path) == (3 if mode == "insert" else 0)
        assert spoiling.spoiled == 1
        executed = Counter(emulated.stats()["executed"]["Contact"].values())
        assert executed == ({1: 9} if mode == "insert" else {1: 6, 2: 3})
        assert not list(scenario.audit(tmp_path))


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_no_lost_answer_of_any_kind_loses_or_doubles_a_row(
    emulated: Emulated, tmp_path: Path, way: str, record_property: Callable[[str, int], None]
) -> None:
    kinds = of_every_kind_at_first if "bulk" in way else of_every_kind
    chosen = kinds if way in ("rest-upsert", "merge") else of_writing(kinds)
    tested = spoil_every_call(emulated, WAYS[way], tmp_path, chosen)
    print(f"{way}: {tested.runs} runs, in each one of {tested.calls} calls was spoiled")
    assert not tested.problems, tested.problems
    record_property("faults", tested.runs)
