"""What Salesforce says of events: queued, with the id under which it will be delivered, or refused.

Platform Events Developer Guide, "Publish Event Messages with Salesforce APIs": `success` decides. An error of the code
`OPERATION_ENQUEUED` beside it is none: its message is the UUID of the event. The id of the answer means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen
from connector_salesforce import CallFailed, normalised

from connector_salesforce_events.codes import LARGE, LIMIT, TOO_LARGE, USED_UP
from connector_sdk import Executed, RowStatus, WriteResult

_QUEUED = ("OPERATION_ENQUEUED", "OPERATION_WITH_CALLBACK_ENQUEUED")


@frozen
class Line:
    """What became of an event. `uuid` is that under which it will be delivered, where Salesforce tells it."""

    status: RowStatus
    uuid: str | None = None
    code: str | None = None
    message: str | None = None
    fields: str | None = None

    @property
    def used_up(self) -> bool:
        """Whether it was refused because the hour's events are used up."""
        return self.code == USED_UP


def of_collection(answers: Any, count: int) -> list[Line]:
    """The answers to events of one request ("sObject Collections"). Raises `CallFailed` when they are not `count`."""
    if not isinstance(answers, list) or len(answers) != count:
        found = len(answers) if isinstance(answers, list) else "no"
        raise CallFailed("ANSWER_INCOMPLETE", f"{found} results came for {count} events", Executed.MAYBE)
    return [_read(each) for each in answers]


def of_composite(answer: Any, names: Sequence[str]) -> list[Line]:
    """The answers to calls of one request ("Composite"), by the names of the calls."""
    try:
        told = {each["referenceId"]: (each["httpStatusCode"], each["body"]) for each in answer["compositeResponse"]}
        found = [told[name] for name in names]
    except (KeyError, TypeError) as error:
        raise CallFailed("ANSWER_INCOMPLETE", f"the answer lacks {error}", Executed.MAYBE) from None
    return [_read(body) if 200 <= status < 300 else _refused(body) for status, body in found]


def results(lines: Iterable[Line]) -> WriteResult:
    """The lines as a result. An event that was accepted is queued, not delivered."""
    found = list(lines)
    return WriteResult.of(
        [each.status.value for each in found],
        record_id=[each.uuid for each in found],
        created=[True if each.status is RowStatus.SUCCEEDED else None for each in found],
        code=[each.code for each in found],
        message=[each.message for each in found],
        fields=[each.fields for each in found],
    )


def _read(answer: Any) -> Line:
    try:
        if answer["success"]:
            uuid = next((each["message"] for each in answer["errors"] if each["statusCode"] in _QUEUED), None)
            return Line(RowStatus.SUCCEEDED, uuid, message="queued")
        return _refused(answer["errors"])
    except (KeyError, TypeError) as error:
        raise CallFailed("ANSWER_UNREADABLE", f"a result lacks {error}", Executed.MAYBE) from None


def _refused(errors: Sequence[Mapping[str, Any]]) -> Line:
    """The errors of an event: Collections name their code `statusCode`, single calls `errorCode`."""
    try:
        said = errors[0].get("statusCode") or errors[0]["errorCode"]
        message = "; ".join(each["message"] for each in errors)
        fields = ",".join(name for each in errors for name in each.get("fields") or ()) or None
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise CallFailed("ANSWER_UNREADABLE", f"an error lacks {error}", Executed.MAYBE) from None
    code = normalised(said, message)
    if said == LIMIT:
        code = TOO_LARGE if re.search(LARGE, message) else USED_UP
    return Line(RowStatus.FAILED, code=code, message=message if code == said else f"{said}: {message}", fields=fields)
