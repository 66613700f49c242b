"""Rows that may have been executed, and runs that are interrupted: nothing is sent twice, nothing after the end."""

from __future__ import annotations

import pytest

from connector_sdk import Action, Batch, Cancelled, NotExecuted, RunStopped, WriteResult
from connector_sdk.state.entries import NewBatch, RunState

from .scripted import Bench, Scripted, results


@pytest.mark.parametrize("code", ["perhaps", "perhaps_fatal"])
def test_a_row_that_may_have_been_created_is_unknown_and_not_sent_again(bench: Bench, code: str) -> None:
    bench.plan(Action.CREATE, (0, 3))
    plugin = Scripted(lambda batch: results(batch, {"row1": code}))
    if code == "perhaps_fatal":
        with pytest.raises(RunStopped, match=code):
            bench.send(plugin)
    bench.send(plugin)

    assert plugin.sent == [["row0", "row1", "row2"]]
    assert bench.outcomes() == {"row0": "succeeded", "row1": "unknown", "row2": "succeeded"}


def test_a_row_that_may_have_been_updated_is_sent_again(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 3))
    left = ["perhaps"]
    plugin = Scripted(lambda batch: results(batch, {"row1": left.pop()} if left else {}))
    bench.send(plugin)

    assert plugin.sent == [["row0", "row1", "row2"], ["row1"]]
    assert set(bench.outcomes().values()) == {"succeeded"}


def test_what_was_certainly_not_executed_is_no_doubt_whatever_its_code_says_elsewhere(bench: Bench) -> None:
    bench.plan(Action.CREATE, (0, 2))
    left = [NotExecuted("perhaps", "busy")]

    def act(batch: Batch) -> WriteResult:
        if left:
            raise left.pop()
        return results(batch, {})

    bench.send(Scripted(act))
    assert set(bench.outcomes().values()) == {"succeeded"}


def test_nothing_of_the_next_stage_is_sent_once_the_run_is_interrupted(bench: Bench) -> None:
    bench.journal.begin_run("r1", "sync", "acme", "hash")
    stages = [NewBatch(stage, "people", Action.UPSERT, 0, ((stage, stage + 1),)) for stage in (0, 1)]
    bench.journal.freeze("r1", stages, RunState.RUNNING)

    def act(batch: Batch) -> WriteResult:
        bench.cancel.set()
        return results(batch, {})

    plugin = Scripted(act)
    with pytest.raises(Cancelled):
        bench.send(plugin)
    assert plugin.sent == [["row0"]]
