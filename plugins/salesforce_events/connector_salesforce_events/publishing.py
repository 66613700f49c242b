"""Publish events: many in one call of sObject Collections, or as single calls of a composite request.

The Platform Events Developer Guide names the composite resource. In practice Collections accept events, too, and take
eight times as many per call. If an org's Collections refuse events, the composite resource is used.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from attrs import define, field
from connector_salesforce import CallFailed, Org

from connector_salesforce_events.allocation import Allocation
from connector_salesforce_events.answers import Line, read_collection, read_composite, results
from connector_salesforce_events.codes import AWAITED, LIMIT, USED_UP
from connector_salesforce_events.config import Options
from connector_salesforce_events.payloads import payloads
from connector_sdk import NOT_EXECUTED, Attempt, Batch, Executed, Recovery, RowStatus, Unknown, WriteResult

COLLECTION_MAX, COMPOSITE_MAX = 200, 25
"""The maximum number of events per call ("sObject Collections", "Composite")."""

_PUBLISHING = "publishing"
_REFUSED = (400, 404, 405)
_NOT_OFFERED = ("INVALID_TYPE", "INVALID_OPERATION", "METHOD_NOT_ALLOWED", "NOT_FOUND", "FUNCTIONALITY_NOT_ENABLED")
_LOST = "ANSWER_LOST"


@define
class Events:
    """The state that the batches of a connection share. `single`: Collections refused events, so they are not used."""

    org: Org
    allocation: Allocation = field(init=False)
    single: bool = False

    def __attrs_post_init__(self) -> None:
        self.allocation = Allocation(self.org)


def write(events: Events, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
    """Publish a batch.

    Raises `NotExecuted` if the hour's allocation is used up and the run does not wait, or is too small for the batch.
    Raises `CallFailed` if Salesforce refuses the first request for another reason, or if its answer is lost.
    """
    events_to_send = payloads(batch)
    texts = [each.text for each in events_to_send if not each.refusal_code]
    waits = options.on_limit == "wait"
    if texts:
        events.allocation.take(len(texts), attempt, wait=waits)
        attempt.anchor(_PUBLISHING)
    sent = iter(_settle(events, _publish(events, batch, texts), waits=waits))
    refused = (
        Line(RowStatus.FAILED, code=each.refusal_code, message=each.message)
        for each in events_to_send
        if each.refusal_code
    )
    return results([next(refused) if each.refusal_code else next(sent) for each in events_to_send])


def recover(attempt: Attempt) -> Recovery | Unknown:
    """Return `NOT_EXECUTED` if the batch only waited, else `Unknown`: Salesforce keeps no list of published events."""
    own = [each.step for each in attempt.anchors if each.attempt == attempt.number]
    if own[-1:] != [_PUBLISHING]:
        return NOT_EXECUTED
    return Unknown("Salesforce keeps no list of what it was asked to publish; look at what subscribers received.")


def _publish(events: Events, batch: Batch, texts: Sequence[str]) -> list[Line]:
    """Publish events. If the hour's events are used up, refuse each event of the request."""
    try:
        return _send(events, batch, texts) if texts else []
    except CallFailed as error:
        if not _says_used_up(error):
            raise
        return [_refuse_late(error)] * len(texts)


def _send(events: Events, batch: Batch, texts: Sequence[str]) -> list[Line]:
    if batch.api == "composite" or events.single:
        return _publish_singly(events.org, batch.object_name, texts)
    try:
        return _publish_together(events.org, batch.object_name, texts)
    except CallFailed as error:
        if error.executed is not Executed.NO or error.status not in _REFUSED:
            raise
        events.single = error.status != 400 or error.code in _NOT_OFFERED
        return _publish_singly(events.org, batch.object_name, texts)


def _publish_together(org: Org, name: str, texts: Sequence[str]) -> list[Line]:
    """Publish events in one call, which returns a result for each."""
    start = f'{{"attributes":{{"type":{json.dumps(name)}}}'
    records = ",".join(start + ("}" if text == "{}" else f",{text[1:]}") for text in texts)
    body = f'{{"allOrNone":false,"records":[{records}]}}'.encode()
    return read_collection(org.client.write("POST", "/composite/sobjects", body), len(texts))


def _publish_singly(org: Org, name: str, texts: Sequence[str]) -> list[Line]:
    """Publish events as single calls, several per request.

    If the first request fails, raise its `CallFailed`. If a later one fails, keep the lines of the earlier ones and
    send nothing more.
    """
    lines: list[Line] = []
    for start in range(0, len(texts), COMPOSITE_MAX):
        some = texts[start : start + COMPOSITE_MAX]
        try:
            lines += _composite(org, name, some)
        except CallFailed as error:
            if not lines:
                raise
            if _says_used_up(error):
                return [*lines, *[_refuse_late(error)] * (len(texts) - len(lines))]
            refused = error.executed is Executed.NO
            status = RowStatus.NOT_EXECUTED if refused else RowStatus.UNKNOWN
            lines += [Line(status, code=error.code if refused else _LOST, message=error.message)] * len(some)
            left = len(texts) - len(lines)
            return [*lines, *[Line(RowStatus.NOT_EXECUTED, code=error.code, message=error.message)] * left]
    return lines


def _says_used_up(error: CallFailed) -> bool:
    """Return whether a whole request was refused because the hour's events are used up."""
    return error.code == LIMIT and error.executed is Executed.NO


def _refuse_late(error: CallFailed) -> Line:
    return Line(RowStatus.FAILED, code=USED_UP, message=error.message)


def _composite(org: Org, name: str, texts: Sequence[str]) -> list[Line]:
    names = [f"event{number}" for number in range(len(texts))]
    url = json.dumps(f"/services/data/v{org.client.version}/sobjects/{name}")
    calls = ",".join(
        f'{{"method":"POST","url":{url},"referenceId":"{reference}","body":{text}}}'
        for reference, text in zip(names, texts, strict=True)
    )
    body = f'{{"allOrNone":false,"compositeRequest":[{calls}]}}'.encode()
    return read_composite(org.client.write("POST", "/composite", body), names)


def _settle(events: Events, lines: Sequence[Line], *, waits: bool) -> list[Line]:
    """Note the answer, and return the lines. Events over the hour's limit become `not_executed` if the run waits."""
    refused = any(each.used_up for each in lines)
    accepted = any(each.status is RowStatus.SUCCEEDED for each in lines)
    events.allocation.note_answer(accepted=accepted, refused=refused)
    if not (refused and waits):
        return list(lines)
    return [
        Line(RowStatus.NOT_EXECUTED, code=AWAITED, message=each.message) if each.used_up else each for each in lines
    ]
