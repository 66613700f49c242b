from __future__ import annotations

import gc
import time
import weakref
from collections import Counter
from collections.abc import Sequence

import pytest

from connector_sdk import (
    NOT_EXECUTED,
    Action,
    Batch,
    NotExecuted,
    RunStopped,
    Unknown,
    WriteResult,
)
from connector_sdk.delivery.retry import Budget, Pace

from .scripted import Bench, LostError, Scripted, await_most, fail_first, results


def test_every_row_of_every_batch_has_its_outcome_record_id_and_batch(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 2), (2, 4))
    bench.send(Scripted(lambda batch: results(batch, {"row3": "bad"})), parallelism=2)

    lines = bench.lines()

    assert [line["outcome"] for line in lines] == ["succeeded", "succeeded", "succeeded", "rejected"]
    assert lines[0]["record_id"] == "id-row0"
    assert lines[0]["action"] == "created"
    assert lines[3]["action"] == "upsert"
    assert (lines[3]["code"], lines[3]["message"], lines[3]["advice"]) == ("bad", "row3 failed", "Mend the row.")
    assert [line["batch"] for line in lines] == [1, 1, 2, 2]


def test_only_rows_that_may_pass_are_sent_again_in_smaller_batches(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 10))
    plugin = Scripted(lambda batch: results(batch, {"row1": "locked", "row2": "locked"} if len(batch.rows) > 1 else {}))
    bench.send(plugin)

    assert set(bench.outcomes().values()) == {"succeeded"}
    sent = Counter(name for names in plugin.sent for name in names)
    assert sent["row0"] == 1
    assert sent["row1"] > 1
    assert max(len(names) for names in plugin.sent[1:]) < 10


def test_a_row_that_never_passes_is_rejected_after_a_bounded_number_of_rounds_with_advice(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 5))
    plugin = Scripted(lambda batch: results(batch, {"row3": "locked"}))
    bench.send(plugin)

    (line,) = [line for line in bench.lines() if line["outcome"] == "rejected"]
    assert (line["key"], line["advice"], line["attempts"]) == ("row3", "Fewer at once.", 4)


def test_a_code_says_itself_how_often_its_row_is_sent(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 1))
    plugin = Scripted(lambda batch: results(batch, {"row0": "once"}))
    bench.send(plugin)

    assert len(plugin.sent) == 2
    assert bench.outcomes() == {"row0": "rejected"}


def test_rows_are_rejected_at_once_when_split_retries_are_off(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 3))
    plugin = Scripted(lambda batch: results(batch, {"row1": "locked"}))
    bench.send(plugin, split_retries=False)

    assert len(plugin.sent) == 1
    assert bench.outcomes()["row1"] == "rejected"


def test_codes_that_the_sync_names_are_tried_again_too(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 3))
    plugin = Scripted(lambda batch: results(batch, {"row1": "bad"} if len(batch.rows) > 1 else {}))
    bench.send(plugin, retry_codes=["BAD"])

    assert set(bench.outcomes().values()) == {"succeeded"}


def test_a_batch_that_was_certainly_not_executed_is_sent_again(bench: Bench) -> None:
    bench.plan(Action.CREATE, (0, 3))
    plugin = Scripted(fail_first(2, NotExecuted("locked", "busy")))
    bench.send(plugin)

    assert len(plugin.sent) == 3
    assert set(bench.outcomes().values()) == {"succeeded"}


def test_a_batch_that_is_too_large_is_halved_until_it_passes(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 10))

    def act(batch: Batch) -> WriteResult:
        if len(batch.rows) > 3:
            raise NotExecuted("too large", "413", split=True)
        return results(batch, {})

    bench.send(Scripted(act))

    assert len(bench.outcomes()) == 10
    assert set(bench.outcomes().values()) == {"succeeded"}


def test_a_batch_refused_for_one_row_is_halved_until_that_row_is_alone(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 8))

    def act(batch: Batch) -> WriteResult:
        if "row5" in batch.rows.column("name").to_pylist():
            raise NotExecuted("bad", "something in it cannot be read")
        return results(batch, {})

    bench.send(Scripted(act))

    outcomes = bench.outcomes()
    assert outcomes.pop("row5") == "rejected"
    assert set(outcomes.values()) == {"succeeded"}


def test_a_fatal_error_stops_the_run_with_its_advice_and_leaves_the_batch_to_be_sent(bench: Bench) -> None:
    bench.plan(Action.CREATE, (0, 3))

    with pytest.raises(RunStopped, match=r"quota.*Wait until tomorrow"):
        bench.send(Scripted(fail_first(9, NotExecuted("quota", "used up"))))

    bench.send(Scripted(lambda batch: results(batch, {})))
    assert set(bench.outcomes().values()) == {"succeeded"}


def test_a_fatal_row_stops_the_run_after_the_other_rows_are_accounted_for(bench: Bench) -> None:
    bench.plan(Action.CREATE, (0, 3))

    with pytest.raises(RunStopped, match="quota"):
        bench.send(Scripted(lambda batch: results(batch, {"row1": "quota"})))
    assert bench.outcomes() == {"row0": "succeeded", "row2": "succeeded"}

    bench.send(Scripted(lambda batch: results(batch, {})))
    assert bench.outcomes()["row1"] == "succeeded"


def test_a_destination_that_keeps_failing_stops_the_run(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 3))
    plugin = Scripted(fail_first(99, LostError("no route")))

    with pytest.raises(RunStopped, match=r"keeps failing.*no route"):
        bench.send(plugin)
    assert len(plugin.sent) == 5


@pytest.mark.rule("T12")
def test_rows_that_a_destination_waits_for_are_sent_together_however_often_that_takes(bench: Bench) -> None:
    bench.plan(Action.CREATE, (0, 10))
    awaited = [f"row{number}" for number in range(2, 10)]
    plugin = Scripted(lambda batch: _put_off(batch, awaited) if len(plugin.sent) < 50 else results(batch, {}))

    bench.send(plugin)
    assert plugin.sent[1:] == [awaited] * 49
    assert set(bench.outcomes().values()) == {"succeeded"}


@pytest.mark.rule("T12")
def test_a_pause_is_bounded_after_any_number_of_tries() -> None:
    assert all(0 <= Pace(cap=20.0).backoff(number) <= 20 for number in (1, 100, 100_000))


@pytest.mark.rule("T12")
def test_a_batch_that_a_destination_waits_for_uses_up_neither_tries_nor_budget(bench: Bench) -> None:
    bench.plan(Action.CREATE, (0, 3))
    plugin = Scripted(fail_first(50, NotExecuted("awaited", "not now", retry_after=0.0)))

    bench.send(plugin, budget=Budget(10))
    assert len(plugin.sent) == 51
    assert set(bench.outcomes().values()) == {"succeeded"}


def _put_off(batch: Batch, names: Sequence[str]) -> WriteResult:
    """Accept the rows of a batch but for some, which are not executed yet."""
    late = [name in names for name in batch.rows.column("name").to_pylist()]
    return WriteResult.of(
        ["not_executed" if each else "succeeded" for each in late],
        record_id=[None if each else "r" for each in late],
        code=["awaited" if each else None for each in late],
    )


@pytest.mark.parametrize("seconds", [3_600.0, float("inf")])
def test_a_destination_that_wants_to_be_left_alone_for_long_stops_the_run(bench: Bench, seconds: float) -> None:
    bench.plan(Action.UPSERT, (0, 3))
    plugin = Scripted(fail_first(1, NotExecuted("busy", "come back later", retry_after=seconds)))

    with pytest.raises(RunStopped, match=r"asked us to wait (3,600|inf) seconds .*busy.*run again after that"):
        bench.send(plugin)
    bench.send(plugin)
    assert len(plugin.sent) == 2
    assert set(bench.outcomes().values()) == {"succeeded"}


def test_never_more_batches_are_in_flight_than_allowed(bench: Bench) -> None:
    bench.plan(Action.UPSERT, *[(number, number + 1) for number in range(12)])

    def act(batch: Batch) -> WriteResult:
        await_most(plugin, 4)
        time.sleep(0.02)
        return results(batch, {})

    plugin = Scripted(act)
    bench.send(plugin, parallelism=4)

    assert plugin.most_in_flight == 4
    assert len(bench.outcomes()) == 12


def test_deleting_what_is_gone_already_is_no_failure(bench: Bench) -> None:
    bench.plan(Action.DELETE, (0, 2))
    bench.send(Scripted(lambda batch: results(batch, {"row0": "gone"})))

    assert bench.outcomes() == {"row0": "skipped", "row1": "succeeded"}


def test_rows_that_are_too_many_together_are_sent_again_in_batches_as_small_as_the_destination_asks(
    bench: Bench,
) -> None:
    bench.plan(Action.UPSERT, (0, 40))

    def act(batch: Batch) -> WriteResult:
        names = batch.rows.column("name").to_pylist()
        return results(batch, dict.fromkeys(names, "crowded") if len(names) > 4 else {})

    plugin = Scripted(act)
    bench.send(plugin, batch_size=100)

    assert set(bench.outcomes().values()) == {"succeeded"}
    assert len(plugin.sent[0]) == 40
    assert max(len(names) for names in plugin.sent[1:]) <= 4


def test_a_destination_that_asks_for_time_is_given_it(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 1))
    begun = time.monotonic()
    bench.send(Scripted(fail_first(1, NotExecuted("locked", "come back later", retry_after=0.3))))

    assert time.monotonic() - begun >= 0.3
    assert set(bench.outcomes().values()) == {"succeeded"}


def test_a_secret_that_a_destination_repeats_in_a_message_does_not_reach_the_ledger(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 2))
    plugin = Scripted(lambda batch: results(batch, {"row1": "bad"}))
    bench.send(plugin, scrub=lambda text: text.replace("row1", "***"))

    assert [line["message"] for line in bench.lines()] == [None, "*** failed"]


def test_a_list_that_replaces_another_is_tried_again_as_a_whole(bench: Bench) -> None:
    bench.plan(Action.REPLACE, (0, 4))
    answers = iter([{"row1": "locked"}, {}])
    plugin = Scripted(lambda batch: results(batch, next(answers)))
    bench.send(plugin)
    assert plugin.sent == [["row0", "row1", "row2", "row3"]] * 2
    assert set(bench.outcomes().values()) == {"succeeded"}


def test_one_at_a_time_what_is_tried_again_goes_before_what_comes_after_it(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 2), (2, 4), lanes=(1, 1))
    first = iter([{"row0": "locked"}])
    plugin = Scripted(lambda batch: results(batch, next(first, {})))
    bench.send(plugin)
    assert plugin.sent == [["row0", "row1"], ["row0"], ["row2", "row3"]]


def test_a_run_that_is_resumed_goes_on_in_the_order_of_the_rows(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 2), (2, 4))
    first = iter([{"row0": "quota"}])
    plugin = Scripted(lambda batch: results(batch, next(first, {})))
    with pytest.raises(RunStopped):
        bench.send(plugin)
    bench.send(plugin)
    assert plugin.sent == [["row0", "row1"], ["row0"], ["row2", "row3"]]


@pytest.mark.parametrize(
    ("failing", "error"),
    [(0, "none"), (1, "busy"), (99, "bad")],
    ids=["that succeed", "that succeed at the second try", "that are refused"],
)
def test_the_rows_of_batches_are_freed_at_once(bench: Bench, failing: int, error: str) -> None:
    sent: list[weakref.ref[Batch]] = []
    alive: list[int] = []

    def act(batch: Batch) -> WriteResult:
        alive.append(sum(each() not in (None, batch) for each in sent))
        sent.append(weakref.ref(batch))
        if sum(each() is batch for each in sent) <= failing:
            raise NotExecuted(error, "nothing was written")
        return results(batch, {})

    bench.plan(Action.UPSERT, (0, 1), (1, 2), (2, 3))
    gc.disable()  # what only the garbage collector finds would be kept for any number of batches
    try:
        bench.send(Scripted(act))
    finally:
        gc.enable()

    assert len(bench.outcomes()) == 3
    assert set(alive) == {0}


def test_rows_that_were_not_executed_for_a_fatal_reason_stop_the_run_and_the_next_one_sends_them(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 2))
    answers = [WriteResult.of(["succeeded", "not_executed"], record_id=["r", None], code=[None, "quota"])]
    plugin = Scripted(lambda batch: answers.pop() if answers else results(batch, {}))
    with pytest.raises(RunStopped, match="quota"):
        bench.send(plugin)
    bench.send(plugin)
    assert plugin.sent == [["row0", "row1"], ["row1"]]
    assert set(bench.outcomes().values()) == {"succeeded"}


@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Unknown("look at job j1"), "unknown: look at job j1"),
        (NOT_EXECUTED, "unprocessed: the run was abandoned"),
        (LostError("no answer"), "unknown: The destination could not say what became of it: "),
    ],
    ids=["unknown", "not executed", "no answer"],
)
def test_a_batch_in_doubt_of_an_abandoned_run_is_asked_about_and_not_sent(
    bench: Bench, answer: object, said: str, repeated: bool
) -> None:
    """What the destination says is about the last try. An earlier one that was lost may have been executed."""

    def recover(batch: Batch) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    bench.plan(Action.CREATE, (0, 2))
    (batch,) = bench.journal.batches("r1")
    batch = bench.journal.intend(batch, repeated=repeated)
    bench.journal.anchor(batch, batch.attempts, "job", {"job": "j1"})
    plugin = Scripted(lambda batch: results(batch, {}), recover=recover)
    bench.send(plugin, settle_only=True)
    if repeated and answer is NOT_EXECUTED:
        said = "unknown: The answer was lost before the run was abandoned."
    assert plugin.sent == []
    assert plugin.recovered > 0
    assert [f"{line['outcome']}: {line['message']}".startswith(said) for line in bench.lines()] == [True, True]
