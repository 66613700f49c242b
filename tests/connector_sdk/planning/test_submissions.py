"""How often rows were submitted, and which of them may be there twice."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq
import pytest
from attrs import evolve

from connector_sdk import (
    Attempt,
    Batch,
    Connection,
    DeliveryOptions,
    DestinationSpec,
    ExitCode,
    Mode,
    NotExecuted,
    Options,
    WriteResult,
    history,
)
from connector_sdk.delivery.retry import Pace
from connector_sdk.resolve import Decision, Settlement, resolve
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Fault, FaultKind, plugin

from .bench import Bench, Ran, map_fields, people

QUICK = Pace(base=0.001, cap=0.002)
IMPATIENT = Pace(attempts=1)


def rows(*keys: str, text: str = "text") -> list[dict[str, str | None]]:
    return [{"k": key, "e": key, "n": f"{text} of {key}"} for key in keys]


def set_up_upserts(bench: Bench, api: str = "call", size: int = 10) -> None:
    bench.change(delivery=DeliveryOptions(api=api, batch_size=size, parallelism=1))


def set_up_notes(bench: Bench, *, at_least_once: bool = False) -> None:
    """Let the sync create notes by a call whose outcome cannot be looked up later."""
    delivery = DeliveryOptions(api="call", batch_size=2, parallelism=1)
    bench.sync = people(Mode.INSERT, objects=("notes",), fields=map_fields(key="k", text="n"), delivery=delivery)
    if at_least_once:
        bench.hooks["destination_spec"] = _make_repeating_spec


def _make_repeating_spec() -> DestinationSpec:
    return evolve(plugin.SPEC, at_least_once=lambda _: True)


def read_attempts(ran: Ran) -> dict[str, tuple[int, bool, str]]:
    return {line["key"]: (line["attempts"], line["possible_duplicate"], line["action"]) for line in ran.lines}


def run_keys(bench: Bench, *keys: str, **asked: Any) -> Ran:
    return bench.run(rows(*keys), pace=QUICK, **asked)


@pytest.mark.rule("T3")
def test_rows_that_may_have_been_created_twice_are_counted_and_named(bench: Bench) -> None:
    set_up_notes(bench, at_least_once=True)
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER, skip=1))
    ran = run_keys(bench, "a", "b", "c", "d", first_run=FirstRun.SEND)
    assert bench.store.execution_counts("notes") == {"a": 1, "b": 1, "c": 2, "d": 2}
    assert read_attempts(ran) == {
        "a": (1, False, "created"), "b": (1, False, "created"), "c": (2, True, "created"), "d": (2, True, "created"),
    }  # fmt: skip
    assert (ran.report.possible_duplicates, ran.report.held, ran.report.exit) == (2, 0, ExitCode.OK)


@pytest.mark.rule("T3")
@pytest.mark.parametrize("kind", [FaultKind.CUT_AFTER, FaultKind.CUT_BEFORE])
def test_an_upsert_that_is_repeated_without_an_answer_says_only_what_it_knows(bench: Bench, kind: FaultKind) -> None:
    set_up_upserts(bench)
    run_keys(bench, "known")
    bench.store.add_fault(Fault(kind))
    ran = bench.run([*rows("new"), *rows("known", text="other")], pace=QUICK)
    new = (2, False, "created") if kind is FaultKind.CUT_BEFORE else (2, True, "created or updated")
    assert read_attempts(ran) == {"new": new, "known": (2, False, "updated")}
    assert ran.report.possible_duplicates == (kind is FaultKind.CUT_AFTER)


@pytest.mark.rule("T3")
def test_an_upsert_that_can_be_asked_about_is_in_no_doubt(bench: Bench) -> None:
    set_up_upserts(bench, "two_phase")
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER, call="commit"))
    assert read_attempts(run_keys(bench, "a")) == {"a": (1, False, "created")}


@pytest.mark.rule("T3")
def test_an_attempt_that_proves_not_to_be_executed_does_not_count(bench: Bench) -> None:
    set_up_upserts(bench, "two_phase")
    bench.store.add_fault(Fault(FaultKind.CUT_BEFORE, call="upload"))
    bench.store.add_fault(Fault(FaultKind.REFUSED, call="create_upload", code="throttled"))
    assert read_attempts(run_keys(bench, "a")) == {"a": (1, False, "created")}
    assert bench.store.execution_counts("people") == {"a": 1}


@pytest.mark.rule("T3")
def test_rows_of_a_batch_that_is_halved_count_their_own_submissions(bench: Bench) -> None:
    set_up_upserts(bench)

    def refuse_together(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        if batch.rows.num_rows > 1 or batch.rows.column("name").to_pylist() == ["text of c"]:
            raise NotExecuted("bad_value", "something in it cannot be read")
        return plugin.write_batch(connection, batch, options, attempt)

    bench.hooks["write_batch"] = refuse_together
    ran = run_keys(bench, "a", "b", "c", "d")
    assert ran.ledger == {"a": "succeeded", "b": "succeeded", "c": "rejected bad_value", "d": "succeeded"}
    assert {key: attempts for key, (attempts, _, _) in read_attempts(ran).items()} == {"a": 1, "b": 1, "c": 1, "d": 1}


@pytest.mark.rule("T3")
def test_rows_that_are_tried_again_count_each_time_they_were_answered(bench: Bench) -> None:
    set_up_upserts(bench)
    bench.store.add_fault(Fault(FaultKind.ROW, key="b", code="locked", times=2))
    assert {key: attempts for key, (attempts, _, _) in read_attempts(run_keys(bench, "a", "b", "c")).items()} == {
        "a": 1, "b": 3, "c": 1,
    }  # fmt: skip


@pytest.mark.rule("T3")
def test_the_submissions_of_a_run_that_was_resumed_count_too(bench: Bench) -> None:
    set_up_upserts(bench, size=1)
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER, skip=1))
    (stopped,) = bench.reports(rows("a", "b", "c"), pace=IMPATIENT)
    assert (stopped.rows.succeeded, stopped.in_flight) == (1, 1)
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER))
    (again,) = bench.reports(rows("a", "b", "c"), pace=IMPATIENT)
    assert again.in_flight == 1
    finished, _ = bench.reports(rows("a", "b", "c"), pace=QUICK)
    lines = history.rows(bench.project([]), finished.run).read_all().to_pylist()
    assert [(line["key"], line["attempts"], line["possible_duplicate"]) for line in lines] == [
        ("a", 1, False), ("b", 3, True), ("c", 1, False),
    ]  # fmt: skip
    assert finished.possible_duplicates == 1


@pytest.mark.rule("T3")
def test_a_row_that_a_person_has_sent_again_is_no_possible_duplicate(bench: Bench) -> None:
    set_up_notes(bench)
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER))
    lost = run_keys(bench, "a", first_run=FirstRun.SEND)
    assert read_attempts(lost) == {"a": (1, False, "create")}
    resolve(bench.project([]), "people", Settlement(Decision.RESEND))
    assert read_attempts(run_keys(bench, "a")) == {"a": (1, False, "created")}


@pytest.mark.rule("T3")
def test_what_stays_unknown_where_twins_are_accepted_is_not_held_but_sent_again(bench: Bench) -> None:
    set_up_notes(bench, at_least_once=True)

    def lose_rows(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        plugin.write_batch(connection, batch, options, attempt)
        return WriteResult.of(["unknown"] * batch.rows.num_rows)

    bench.hooks["write_batch"] = lose_rows
    ran = run_keys(bench, "a", first_run=FirstRun.SEND)
    assert (ran.ledger, read_attempts(ran)) == ({"a": "unknown"}, {"a": (4, True, "create")})
    assert (ran.report.exit, ran.report.held) == (ExitCode.ROWS_FAILED, 0)
    del bench.hooks["write_batch"]
    assert run_keys(bench, "a").ledger == {"a": "succeeded"}


@pytest.mark.rule("T3")
def test_rows_that_were_in_doubt_are_told_apart_from_those_that_were_refused_with_them(bench: Bench) -> None:
    set_up_upserts(bench)
    answers = iter([["unknown", "failed", "succeeded"]])

    def answer_in_parts(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        result = plugin.write_batch(connection, batch, options, attempt)
        statuses = next(answers, None)
        return result if statuses is None else WriteResult.of(statuses, code=[None, "locked", None])

    bench.hooks["write_batch"] = answer_in_parts
    ran = run_keys(bench, "a", "b", "c")
    assert read_attempts(ran) == {
        "a": (2, True, "created or updated"), "b": (2, False, "updated"), "c": (1, False, "created or updated"),
    }  # fmt: skip


@pytest.mark.rule("T3")
def test_a_ledger_of_an_earlier_version_says_nothing_of_duplicates(bench: Bench) -> None:
    ran = run_keys(bench, "a")
    path = bench.folder / ".connector" / "ledgers" / f"{ran.report.run}.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["possible_duplicate"]), path)
    (line,) = history.rows(bench.project([]), ran.report.run).read_all().to_pylist()
    assert (line["key"], line["possible_duplicate"]) == ("a", None)


@pytest.mark.rule("T3")
def test_an_abandoned_row_that_was_in_doubt_is_unknown_and_not_unprocessed(bench: Bench) -> None:
    """A later attempt that executed nothing says nothing of the one before."""
    set_up_upserts(bench)
    answers = iter([ConnectionError("reset"), NotExecuted("suspended", "closed")])

    def fail(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        raise next(answers)

    bench.hooks["write_batch"] = fail
    (stopped,) = bench.reports(rows("a"), pace=QUICK)
    assert (stopped.exit, stopped.in_flight) == (ExitCode.STOPPED, 1)
    del bench.hooks["write_batch"]
    abandoned, _ = bench.reports(rows("a"), abandon=True)
    assert (abandoned.rows.unknown, abandoned.rows.unprocessed) == (1, 0)
