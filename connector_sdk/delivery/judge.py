"""The verdicts on the rows of a batch: what each status and code of the destination's answer means for this run."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from connector_sdk.contract.batch import Action
from connector_sdk.contract.codes import EXPLAINED, Code
from connector_sdk.contract.outcome import Classification, Executed, Kind, Outcome, RowStatus, WriteResult
from connector_sdk.contract.plan import Effect
from connector_sdk.delivery.context import BatchDelivery

_GONE = {
    Action.DELETE: "It was gone already.",
    Action.UPDATE: "The record is gone; the next run looks for one again.",
    Action.MERGE: "It is gone already, so nothing is left to merge.",
}
"""The advice for a row whose record no longer exists."""

_LOOKED_UP = [Effect.NEW, Effect.PRESENT, Effect.REKEYED]
"""The effects of rows whose record ids were looked up in this run."""


_PERHAPS_EXECUTED = Classification(kind=Kind.TRANSIENT, executed=Executed.MAYBE)
"""The classification of rows whose fate is unknown without an error code."""


@frozen
class RowVerdict:
    """The verdict on the rows that share a status and a code. Without an outcome, they are retried.

    - `stop`: why the run stops after recording; empty if it continues.
    - `max_rows`: the most rows in one batch when they are retried.
    - `rematch`: match the rows again first. The verdict applies only to rows that still match the same record.
    - `waits`: the destination waits until it accepts the rows, and then accepts all of them.
    - `doubted`: the rows may have been executed.
    """

    outcome: Outcome | None
    advice: str = ""
    stop: str = ""
    max_rows: int | None = None
    rematch: bool = False
    waits: bool = False
    doubted: bool = False


def judge_rows(delivery: BatchDelivery, result: WriteResult) -> tuple[pa.Array, list[RowVerdict]]:
    """Group rows by status, code and age of their record ids; return each row's group, and each group's verdict."""
    status = result.rows.column("status").combine_chunks()
    code = pc.fill_null(result.rows.column("code").combine_chunks(), "")
    age = pc.if_else(pc.is_in(delivery.rows.effects, pa.array(_LOOKED_UP, pa.string())), "fresh", "")
    joined = pc.binary_join_element_wise(status, age, code, "\t").dictionary_encode()
    verdicts = []
    for number, each in enumerate(joined.dictionary.to_pylist()):
        first = pc.index(joined.indices, number).as_py()
        message = result.rows.column("message")[first].as_py() or ""
        word, is_fresh, code_text = each.split("\t", 2)
        verdicts.append(_judge_group(delivery, RowStatus(word), code_text, message, is_fresh=bool(is_fresh)))
    return joined.indices, verdicts


def _judge_group(delivery: BatchDelivery, status: RowStatus, code: str, message: str, *, is_fresh: bool) -> RowVerdict:
    if status is RowStatus.SUCCEEDED:
        return RowVerdict(Outcome.SUCCEEDED)
    if status is RowStatus.UNKNOWN:
        return _judge_unknown(delivery, code, message)
    if status is RowStatus.NOT_EXECUTED:
        return _judge_unexecuted(delivery, code, message)
    return _judge_failed(delivery, code, message, is_fresh=is_fresh)


def _judge_unexecuted(delivery: BatchDelivery, code: str, message: str) -> RowVerdict:
    """Return the verdict on rows that were not executed: retry them, or stop the run if their code is fatal."""
    known = _classify(delivery, code, message) if code else None
    if known is not None and known.kind is Kind.FATAL:
        return RowVerdict(None, known.advice, stop=f"{code}: {message}")
    waits = known is not None and known.waits
    more = delivery.batch.round < delivery.run.pace.rounds
    return RowVerdict(None if more or waits else Outcome.UNPROCESSED, waits=waits)


def _judge_unknown(delivery: BatchDelivery, code: str, message: str) -> RowVerdict:
    """Return the verdict on rows that may have been executed: retry them if a repeat is allowed and tries are left."""
    known = _classify(delivery, code, message) if code else _PERHAPS_EXECUTED
    again = delivery.run.may_repeat(delivery.batch.action) and _has_rounds_left(delivery, known)
    return RowVerdict(None if again else Outcome.UNKNOWN, known.advice, doubted=True)


def _judge_failed(delivery: BatchDelivery, code: str, message: str, *, is_fresh: bool) -> RowVerdict:
    """Return the verdict on rows that failed.

    `is_fresh`: the record ids were looked up in this run. Then an update never counts as gone: the missing record is
    one that the row refers to. For a deletion or a merge, it may be the row's own record.
    """
    run, action = delivery.run, delivery.batch.action
    known = _classify(delivery, code, message)
    if known.overloaded:
        run.concurrency.halve()
    doubted = known.executed is Executed.MAYBE
    twice = doubted and not run.may_repeat(action)
    if known.kind is Kind.FATAL:
        stop = f"{code}: {message}"
        return RowVerdict(Outcome.UNKNOWN if twice else None, known.advice, stop=stop, doubted=doubted)
    if twice:
        return RowVerdict(Outcome.UNKNOWN, EXPLAINED[Code.ANSWER_LOST].advice)
    if known.record_gone and action in _GONE and not (is_fresh and action is Action.UPDATE):
        return RowVerdict(Outcome.SKIPPED, _GONE[action], rematch=known.rematch)
    passes = known.kind in (Kind.TRANSIENT, Kind.THROTTLED)
    if passes and run.split_retries and _has_rounds_left(delivery, known):
        return RowVerdict(None, max_rows=known.max_retry_rows, doubted=doubted)
    if doubted and action is Action.CREATE:
        return RowVerdict(Outcome.UNKNOWN, EXPLAINED[Code.ANSWER_LOST].advice)
    return RowVerdict(Outcome.REJECTED, known.advice, rematch=known.rematch)


def _has_rounds_left(delivery: BatchDelivery, known: Classification) -> bool:
    rounds = delivery.run.pace.rounds if known.attempts is None else known.attempts - 1
    return delivery.batch.round < rounds


def _classify(delivery: BatchDelivery, code: str, message: str) -> Classification:
    return delivery.run.errors.of_row(code, message, delivery.batch.action)
