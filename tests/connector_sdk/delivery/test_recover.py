"""Rows that may have been executed, and runs that are interrupted: nothing is sent twice, nothing after the end."""

from __future__ import annotations

import threading
import time

import pytest

from connector_sdk import (
    NOT_EXECUTED,
    Action,
    Batch,
    Cancelled,
    NotExecuted,
    RunStopped,
    Unknown,
    WriteResult,
)
from connector_sdk.state.records import NewBatch, RunState

from .scripted import Bench, LostError, Scripted, fail_first, results


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


def test_a_keyed_write_whose_answer_was_lost_is_repeated(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 3))
    plugin = Scripted(fail_first(1, LostError()))
    bench.send(plugin)

    assert len(plugin.sent) == 2
    assert plugin.recovered == 0
    assert set(bench.outcomes().values()) == {"succeeded"}


def test_an_insert_whose_answer_was_lost_is_never_sent_again(bench: Bench) -> None:
    bench.plan(Action.CREATE, (0, 3))
    plugin = Scripted(fail_first(1, LostError()))
    bench.send(plugin)

    assert len(plugin.sent) == 1
    assert set(bench.outcomes().values()) == {"unknown"}
    assert bench.lines()[0]["code"] == "ANSWER_LOST"


def test_an_insert_with_an_anchor_is_asked_about_and_sent_again_only_when_it_was_not_executed(bench: Bench) -> None:
    bench.plan(Action.CREATE, (0, 3))
    plugin = Scripted(fail_first(1, LostError()), recover=lambda batch: NOT_EXECUTED, anchors=True)
    bench.send(plugin)

    assert (len(plugin.sent), plugin.recovered) == (2, 1)
    assert set(bench.outcomes().values()) == {"succeeded"}


def test_a_result_that_was_recovered_is_the_result(bench: Bench) -> None:
    bench.plan(Action.CREATE, (0, 3))
    plugin = Scripted(fail_first(9, LostError()), recover=lambda batch: results(batch, {"row1": "bad"}), anchors=True)
    bench.send(plugin)

    assert len(plugin.sent) == 1
    assert bench.outcomes() == {"row0": "succeeded", "row1": "rejected", "row2": "succeeded"}


def test_a_destination_that_cannot_tell_leaves_inserts_unknown_with_a_place_to_look(bench: Bench) -> None:
    bench.plan(Action.CREATE, (0, 1))
    plugin = Scripted(fail_first(1, LostError()), recover=lambda batch: Unknown("look at job j1"), anchors=True)
    bench.send(plugin)

    assert (bench.lines()[0]["outcome"], bench.lines()[0]["message"]) == ("unknown", "look at job j1")


def test_the_destination_is_asked_until_it_answers(bench: Bench) -> None:
    bench.plan(Action.CREATE, (0, 1))
    answers = [LostError(), LostError()]

    def recover(batch: Batch) -> object:
        if answers:
            raise answers.pop()
        return results(batch, {})

    plugin = Scripted(fail_first(1, LostError()), recover=recover, anchors=True)
    bench.send(plugin)

    assert (len(plugin.sent), plugin.recovered) == (1, 3)
    assert bench.outcomes() == {"row0": "succeeded"}


def test_an_interrupted_run_ends_within_seconds_and_goes_on_later(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 1), (1, 2))
    started = threading.Event()

    def act(batch: Batch) -> WriteResult:
        started.set()
        time.sleep(0.3)
        return results(batch, {})

    threading.Thread(target=lambda: (started.wait(), bench.cancel.set())).start()
    before = time.monotonic()
    with pytest.raises(Cancelled):
        bench.send(Scripted(act))
    assert time.monotonic() - before < 5

    bench.cancel.clear()
    bench.send(Scripted(lambda batch: results(batch, {})))
    assert set(bench.outcomes().values()) == {"succeeded"}


@pytest.mark.parametrize("anchors_first", [True, False])
def test_an_insert_that_died_without_an_anchor_is_sent_again_where_one_comes_first(
    bench: Bench, anchors_first: bool
) -> None:
    bench.plan(Action.CREATE, (0, 3))
    (batch,) = bench.journal.batches("r1")
    bench.journal.intend(batch)
    plugin = Scripted(lambda batch: results(batch, {}))
    bench.send(plugin, anchors_first=anchors_first)

    assert set(bench.outcomes().values()) == {"succeeded" if anchors_first else "unknown"}
    assert len(plugin.sent) == anchors_first
