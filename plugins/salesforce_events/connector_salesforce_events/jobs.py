"""Publish events through the Bulk API 2.0: each batch is a job, which reports outcomes, but no ids of events.

Platform Events Developer Guide, "Publish Event Messages with Bulk API 2.0".
"""

from __future__ import annotations

import connector_salesforce
import pyarrow.compute as pc

from connector_salesforce_events.allocation import WAITING
from connector_salesforce_events.codes import AWAITED, LARGE, LIMIT, TOO_LARGE, USED_UP
from connector_salesforce_events.config import Options
from connector_salesforce_events.publishing import Events
from connector_sdk import NOT_EXECUTED, Attempt, Batch, Recovery, RowStatus, Unknown, WriteResult

_PLAIN = connector_salesforce.Options()


def write(events: Events, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
    """Publish a batch. Raises `NotExecuted`, or `CallFailed` if the job may have been executed."""
    waits = options.on_limit == "wait"
    events.allocation.take(batch.rows.num_rows, attempt, wait=waits)
    return _adjust_result(events, connector_salesforce.write_job(events.org, batch, _PLAIN, attempt), waits=waits)


def recover(events: Events, batch: Batch, options: Options, attempt: Attempt) -> WriteResult | Recovery | Unknown:
    """Ask the job for its results. Return `NOT_EXECUTED` if the batch only waited, and so has no job."""
    own = [each.step for each in attempt.anchors if each.attempt == attempt.number]
    if own and own[-1] == WAITING:
        return NOT_EXECUTED
    answer = connector_salesforce.recover_job(events.org, batch, _PLAIN, attempt)
    return (
        _adjust_result(events, answer, waits=options.on_limit == "wait") if isinstance(answer, WriteResult) else answer
    )


def _adjust_result(events: Events, result: WriteResult, *, waits: bool) -> WriteResult:
    """Return the result without the ids, which mean nothing.

    Events over the hour's limit become `not_executed` if the run waits, and get a code of ours.
    """
    columns = {each: result.rows.column(each).combine_chunks() for each in result.rows.column_names}
    limited = pc.fill_null(pc.equal(columns["code"], LIMIT), False)
    large = pc.fill_null(pc.match_substring_regex(columns["message"], LARGE), False)
    late = pc.and_not(limited, large)
    status = columns["status"]
    accepted = bool(pc.any(pc.equal(status, RowStatus.SUCCEEDED.value)).as_py())
    events.allocation.note_answer(accepted=accepted, refused=bool(pc.any(late).as_py()))
    if waits:
        status = pc.if_else(late, RowStatus.NOT_EXECUTED.value, status)
    queued = pc.equal(status, RowStatus.SUCCEEDED.value)
    return WriteResult.of(
        status,
        created=pc.if_else(queued, True, None),
        code=pc.if_else(late, AWAITED if waits else USED_UP, pc.if_else(limited, TOO_LARGE, columns["code"])),
        message=pc.if_else(queued, "queued", columns["message"]),
        fields=columns["fields"],
    )
