"""Salesforce's answers to published events: queued, with the UUID of the event, or refused.

Platform Events Developer Guide, "Publish Event Messages with Salesforce APIs": `success` decides. An accepted event has
an error with the code `OPERATION_ENQUEUED`, whose message is the UUID of the event. The id of the answer means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen
from connector_salesforce import (
    COUNT,
    NAME,
    TEXT,
    TEXTS,
    CallFailed,
    Shape,
    list_of,
    normalize_code,
    optional,
    require_object,
    unreadable,
)

from connector_salesforce_events.codes import LARGE, LIMIT, TOO_LARGE, USED_UP
from connector_sdk import Executed, RowStatus, WriteResult

_QUEUED = ("OPERATION_ENQUEUED", "OPERATION_WITH_CALLBACK_ENQUEUED")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_CALL: Shape = {"referenceId": TEXT, "httpStatusCode": COUNT}
_ERROR: Shape = {
    "statusCode": optional(NAME),
    "errorCode": optional(NAME),
    "message": optional(TEXT),
    "fields": optional(TEXTS),
}


@frozen
class Line:
    """The outcome of an event. `uuid` identifies the event for subscribers, if Salesforce returned it."""

    status: RowStatus
    uuid: str | None = None
    code: str | None = None
    message: str | None = None
    fields: str | None = None

    @property
    def used_up(self) -> bool:
        """Whether Salesforce refused the event because the hour's events are used up."""
        return self.code == USED_UP


_UNREADABLE = Line(RowStatus.UNKNOWN, code="ANSWER_UNREADABLE", message="the result of this event cannot be read")


def read_collection(answers: Any, count: int) -> list[Line]:
    """Read the answers to one request ("sObject Collections"). Raises `CallFailed` unless there are exactly `count`."""
    if not isinstance(answers, list) or len(answers) != count:
        found = len(answers) if isinstance(answers, list) else "no"
        raise CallFailed("ANSWER_INCOMPLETE", f"Salesforce returned {found} results for {count} events", Executed.MAYBE)
    return _some_readable([_read(each) for each in answers])


def read_composite(answer: Any, names: Sequence[str]) -> list[Line]:
    """Read the answers to one request ("Composite") in the order of `names`, the names of its calls.

    Raises `CallFailed` if the answer is malformed, or does not have one part for each call.
    """
    whole = require_object(answer, {"compositeResponse": list_of(_CALL)}, "a composite answer", Executed.MAYBE)
    parts = {each["referenceId"]: each for each in whole["compositeResponse"]}
    if sorted(parts) != sorted(names) or len(whole["compositeResponse"]) != len(names):
        message = f"the answer has other parts than the {len(names)} calls that were made"
        raise CallFailed("ANSWER_INCOMPLETE", message, Executed.MAYBE)
    return _some_readable([_read_call(parts[name]) for name in names])


def results(lines: Iterable[Line]) -> WriteResult:
    """Return the lines as a result. An accepted event is queued, but not yet delivered."""
    found = list(lines)
    return WriteResult.of(
        [each.status.value for each in found],
        record_id=[each.uuid for each in found],
        created=[True if each.status is RowStatus.SUCCEEDED else None for each in found],
        code=[each.code for each in found],
        message=[each.message for each in found],
        fields=[each.fields for each in found],
    )


def _some_readable(lines: list[Line]) -> list[Line]:
    """Return the lines. Raises `CallFailed` if none is readable, because the whole answer then counts as lost."""
    if lines and all(each is _UNREADABLE for each in lines):
        raise unreadable("no result says what became of its event", Executed.MAYBE)
    return lines


def _read(answer: Any) -> Line:
    """Read the answer to an event. Only `success: true` means that Salesforce accepted it."""
    success, errors = (answer.get("success"), answer.get("errors")) if isinstance(answer, dict) else (None, None)
    if success is False:
        return _read_refused(errors)
    return _read_accepted(errors) if success is True else _UNREADABLE


def _read_call(part: Mapping[str, Any]) -> Line:
    body, accepted = part.get("body"), 200 <= part["httpStatusCode"] < 300
    return _read(body) if accepted else _read_refused(body)


def _read_accepted(notices: Any) -> Line:
    """Return the line of an accepted event, with its UUID if there is one. Standard volume events have none."""
    if not list_of(_ERROR).holds(notices) or not all(map(_code, notices)):
        return _UNREADABLE
    told = [each.get("message") or "" for each in notices if _code(each) in _QUEUED]
    if not all(map(_UUID.fullmatch, told)):
        return _UNREADABLE
    return Line(RowStatus.SUCCEEDED, next(iter(told), None), message="queued")


def _code(error: Mapping[str, Any]) -> str | None:
    """Return the code of an error. Collections call it `statusCode`, single calls `errorCode`."""
    found: str | None = error.get("statusCode") or error.get("errorCode")
    return found


def _read_refused(errors: Any) -> Line:
    """Return the line of a refused event, with its errors."""
    said = _code(errors[0]) if list_of(_ERROR).holds(errors) and errors else None
    if not said:
        return _UNREADABLE
    message = "; ".join(each.get("message") or "" for each in errors)
    fields = ",".join(name for each in errors for name in each.get("fields") or ()) or None
    code = normalize_code(said, message)
    if said == LIMIT:
        code = TOO_LARGE if re.search(LARGE, message) else USED_UP
    return Line(RowStatus.FAILED, code=code, message=message if code == said else f"{said}: {message}", fields=fields)
