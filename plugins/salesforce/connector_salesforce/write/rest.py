"""Write batches through sObject Collections: one request, one answer, at most 200 rows.

REST API Developer Guide, "sObject Collections": one result per row, in the order of the rows, whatever their fate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connector_salesforce.config import Options
from connector_salesforce.errors.codes import normalize_code
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.ids import SHORT
from connector_salesforce.org.org import Org
from connector_salesforce.transport.answer_shape import NAME, TEXT, TEXTS, Shape, list_of, optional, unreadable
from connector_salesforce.transport.client import segment
from connector_salesforce.write.column_targets import targets
from connector_salesforce.write.json_rows import json_lines
from connector_salesforce.write.results import with_unsent
from connector_sdk import Action, Attempt, Batch, Executed, NotExecuted, Recovery, RowStatus, Unknown, WriteResult

BYTES_MAX = 8_000_000
"""The most bytes of a body. Salesforce takes more, but then a lost answer would concern more rows."""

_COLLECTIONS = "/composite/sobjects"


def write(org: Org, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
    """Write a batch. Raises `NotExecuted`, or `CallFailed` if the answer was lost."""
    lines = json_lines(batch, targets(org, batch))
    if not lines.count:
        return with_unsent(lines, WriteResult.of([]))
    if len(lines.body) >= BYTES_MAX:
        raise NotExecuted("BODY_TOO_LARGE", f"the request has {len(lines.body):,} bytes", split=True)
    sent = results(_send_rows(org, batch, options, lines.body), lines.count, batch.action)
    if batch.action in (Action.UPDATE, Action.DELETE) and batch.record_ids is not None:
        _require_order(sent, batch.record_ids.filter(lines.sent))
    return with_unsent(lines, sent)


def recover(org: Org, batch: Batch, options: Options, attempt: Attempt) -> Recovery | Unknown:
    """Return `Unknown`, because Salesforce has nothing that identifies a request whose answer was lost."""
    return Unknown(f"Look in Salesforce for {batch.object_name} records that this user created at that time.")


def results(answers: Any, count: int, action: Action) -> WriteResult:
    """Return the answers of a request as results. Raises `CallFailed` if there are not `count` answers.

    A row whose answer cannot be read is in doubt. If no answer can be read, the answer as a whole counts as lost.
    """
    if not isinstance(answers, list) or len(answers) != count:
        found = len(answers) if isinstance(answers, list) else "no"
        raise CallFailed("ANSWER_INCOMPLETE", f"Salesforce returned {found} results for {count} rows", Executed.MAYBE)
    if all(isinstance(each, dict) and each.get("success") is True for each in answers):
        return _make_result(answers, action)
    lines = [_line(each, action) for each in answers]
    if lines and all(line is _UNREADABLE for line in lines):
        raise unreadable("no result says what became of its row", Executed.MAYBE)
    status, record_id, created, code, message, fields = zip(*lines, strict=True)
    return WriteResult.of(status, record_id=record_id, created=created, code=code, message=message, fields=fields)


def _require_order(sent: WriteResult, ids: pa.StringArray) -> None:
    """Raise `CallFailed` if a result has the record id of another row.

    Then the results may be out of order, and none can be trusted.
    """
    named = pc.utf8_slice_codeunits(sent.rows.column("record_id"), 0, SHORT)
    own = pc.utf8_slice_codeunits(ids, 0, SHORT)
    swapped = pc.and_(pc.not_equal(named, own), pc.is_in(named, own))
    if pc.any(swapped).as_py():
        raise unreadable("the result of one row has the record id of another row", Executed.MAYBE)


def _make_result(answers: Sequence[Mapping[str, Any]], action: Action) -> WriteResult:
    return WriteResult.of(
        pa.repeat(RowStatus.SUCCEEDED.value, len(answers)),
        record_id=list(map(_record_id, answers)),
        created=[_is_created(each, action) for each in answers],
    )


def _send_rows(org: Org, batch: Batch, options: Options, body: bytes) -> Any:
    write, headers = org.client.write, _headers(options)
    match batch.action:
        case Action.CREATE:
            return write("POST", _COLLECTIONS, body, headers)
        case Action.UPDATE:
            return write("PATCH", _COLLECTIONS, body, headers)
        case Action.UPSERT:
            path = f"{_COLLECTIONS}/{segment(batch.object_name)}/{segment(batch.match_field or '')}"
            return write("PATCH", path, body, headers)
    assert batch.record_ids is not None
    ids = ",".join(segment(each) for each in batch.record_ids.to_pylist() if each is not None)
    return write("DELETE", f"{_COLLECTIONS}?ids={ids}&allOrNone=false", headers=headers)


def _headers(options: Options) -> Mapping[str, str]:
    """Return the headers that the options ask for.

    Without the first header, Salesforce would apply active assignment rules ("Assignment Rule Header").
    """
    rule = options.assignment_rule
    headers = {"Sforce-Auto-Assign": {"off": "FALSE", "on": "TRUE"}.get(rule, rule)}
    if options.duplicate_rules == "allow":
        headers["Sforce-Duplicate-Rule-Header"] = "allowSave=true"
    return headers


Line = tuple[str, str | None, bool | None, str | None, str | None, str | None]


_ERROR: Shape = {"statusCode": NAME, "message": optional(TEXT), "fields": optional(TEXTS)}

_UNREADABLE: Line = (
    RowStatus.UNKNOWN.value, None, None, "ANSWER_UNREADABLE", "the result of this row cannot be read", None
)  # fmt: skip


def _line(answer: Any, action: Action) -> Line:
    """Return what an answer says of its row. Only the value true means that the row succeeded."""
    if not isinstance(answer, dict):
        return _UNREADABLE
    if answer.get("success") is True:
        return RowStatus.SUCCEEDED.value, _record_id(answer), _is_created(answer, action), None, None, None
    errors = answer.get("errors")
    if answer.get("success") is not False or not errors or not list_of(_ERROR).holds(errors):
        return _UNREADABLE
    said, message = errors[0]["statusCode"], "; ".join(each.get("message") or "" for each in errors)
    code = normalize_code(said, message)
    fields = ",".join(name for each in errors for name in each.get("fields") or ()) or None
    words = message if code == said else f"{said}: {message}"
    return RowStatus.FAILED.value, None, None, code, words, fields


def _record_id(answer: Mapping[str, Any]) -> str | None:
    """Return the id in an answer. Whether it can belong to a record is checked later, for all rows together."""
    said = answer.get("id")
    return said if isinstance(said, str) else None


def _is_created(answer: Mapping[str, Any], action: Action) -> bool | None:
    """Return whether a row created a record. Only an upsert says so; for other actions, the action decides."""
    said = answer.get("created") if action is Action.UPSERT else action is Action.CREATE
    return said if isinstance(said, bool) else None
