"""`/sobjects/OBJECT/updated` and `/deleted`: the records that changed between two moments.

REST API Developer Guide, "sObject Get Updated" and "sObject Get Deleted": at most 30 days back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from starlette.responses import Response

from salesforce_emulator.call import Call
from salesforce_emulator.clock import data_time
from salesforce_emulator.errors import ApiError
from salesforce_emulator.rest.resources import schema_of
from salesforce_emulator.schema import Row

_DAYS = 30


def list_updated(call: Call) -> Response:
    """Return the ids of records that were created or changed."""
    start, end = _span(call)
    ids = [row[0] for row in _find_touched(call, start, end, deleted=False)]
    return call.answer({"ids": ids, "latestDateCovered": _find_covered_end(call, end)})


def list_deleted(call: Call) -> Response:
    """Return the records that were deleted, and when."""
    start, end = _span(call)
    at = schema_of(call).position["systemmodstamp"]
    gone = [{"deletedDate": row[at], "id": row[0]} for row in _find_touched(call, start, end, deleted=True)]
    earliest = data_time(call.world.clock.now() - _DAYS * 86_400)
    covered = _find_covered_end(call, end)
    return call.answer({"deletedRecords": gone, "earliestDateAvailable": earliest, "latestDateCovered": covered})


def _find_touched(call: Call, start: str, end: str, deleted: bool) -> Iterator[Row]:
    schema = schema_of(call)
    table = call.world.store[schema]
    at = schema.position["systemmodstamp"]
    with call.world.engine.lock:
        rows = [row for row in table.rows.values() if table.is_deleted(row) is deleted]
    return (row for row in rows if start <= str(row[at]) < end)


def _span(call: Call) -> tuple[str, str]:
    schema = schema_of(call)
    if schema.at("SystemModstamp") is None or schema.object.event_type is not None:
        raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", f"entity type {schema.name} does not support replication")
    start, end = (_moment(call, name) for name in ("start", "end"))
    if start >= end:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "start date must be before the end date")
    if start < call.world.clock.now() - _DAYS * 86_400:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"start date must not be more than {_DAYS} days ago")
    return data_time(start), data_time(end)


def _moment(call: Call, name: str) -> float:
    text = call.request.query_params.get(name, "")
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise ApiError(400, "INVALID_DATE_FORMAT", f"{name} is not a moment: {text or 'it is missing'}") from None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _find_covered_end(call: Call, end: str) -> str:
    return min(end, data_time(call.world.clock.now()))
