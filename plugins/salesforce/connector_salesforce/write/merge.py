"""Merge records: the one that stays and two that go into it at a time, up to 200 of such requests in one SOAP call.

SOAP API Developer Guide, "merge()": each request is a transaction of its own, and they are executed in their order, so
that several may name the same record that stays. It keeps its values; what refers to the others refers to it then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree

from attrs import frozen

from connector_salesforce.config import Options
from connector_salesforce.errors.codes import normalize_code, table
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.ids import SHORT
from connector_salesforce.org.org import Org
from connector_salesforce.org.soql import is_in, select
from connector_salesforce.transport.answer_shape import FLAG, TEXT, Shape, optional, unreadable
from connector_salesforce.transport.xml import name_of, serialize, values_of
from connector_sdk import (
    NOT_EXECUTED,
    Attempt,
    Batch,
    Executed,
    Kind,
    Recovery,
    RowStatus,
    WriteResult,
)

ROWS_MAX = 200
"""Records that one call merges: as many requests as it may have, where each record goes into another one."""

_TOGETHER = 2
"""Records that one request merges into another."""

_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_PARTNER = "urn:partner.soap.sforce.com"
_RECORD = "urn:sobject.partner.soap.sforce.com"

_STATE: Shape = {"Id": TEXT, "IsDeleted": FLAG, "MasterRecordId": optional(TEXT)}

Fate = tuple[RowStatus, str | None, str | None]
"""What became of a record: the status, and where it failed a code and a message."""

_MERGED: Fate = (RowStatus.SUCCEEDED, None, None)
_OPEN: Fate = (RowStatus.NOT_EXECUTED, None, None)


@frozen
class _Request:
    """Rows (their numbers in the batch) whose records are merged into `master`."""

    master: str
    rows: tuple[int, ...]


@frozen
class _Rows:
    """The records of a batch that go, and beside each the one that it goes into."""

    records: Sequence[str]
    masters: Sequence[str]

    @classmethod
    def of(cls, batch: Batch) -> _Rows:
        """Both columns of a batch; a row without either is not planned."""
        assert batch.record_ids is not None
        assert batch.into is not None
        return cls(batch.record_ids.to_pylist(), batch.into.to_pylist())

    def requests(self) -> Iterator[_Request]:
        """Neighbours that go into the same record, two at a time. A record does not go into itself."""
        rows: list[int] = []
        for row, master in enumerate(self.masters):
            if rows and (len(rows) == _TOGETHER or self.masters[rows[0]] != master):
                yield _Request(self.masters[rows[0]], tuple(rows))
                rows = []
            if self.records[row] != master:
                rows.append(row)
        if rows:
            yield _Request(self.masters[rows[0]], tuple(rows))


def write(org: Org, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
    """Merge the records of a batch. Raises `CallFailed`.

    Of two records that are refused together either may be to blame: each is tried by itself then.
    """
    rows = _Rows.of(batch)
    requests = list(rows.requests())
    attempt.anchor("merging")
    answers = _answers(org, batch.object_name, rows, requests, options) if requests else []
    refused = [(each, answer) for each, answer in zip(requests, answers, strict=True) if answer is not None]
    try:
        found = _Found.of(org, batch.object_name, rows, [row for each, _ in refused for row in each.rows])
    except CallFailed as error:
        raise error.about_batch(Executed.MAYBE) from error
    fates = dict.fromkeys((row for each in requests for row in each.rows), _MERGED)
    for request, said in refused:
        fates |= _judge_refused(request, said, {row: found.fate(rows, row) for row in request.rows})
    return _result(rows, fates)


def recover(org: Org, batch: Batch, options: Options, attempt: Attempt) -> WriteResult | Recovery:
    """What the records say themselves: one that was merged is deleted, and names the record that it went into.

    A merge that is still under way is found done when it is asked for again.
    """
    rows = _Rows.of(batch)
    going = [row for each in rows.requests() for row in each.rows]
    found = _Found.of(org, batch.object_name, rows, going)
    fates = {row: found.fate(rows, row) for row in going}
    return NOT_EXECUTED if all(each == _OPEN for each in fates.values()) else _result(rows, fates)


@frozen
class _Found:
    """Records that are not live: the id of each that was merged with what it went into, None for one just deleted.

    `gone` are those that are deleted or cannot be seen at all.
    """

    merged_into: Mapping[str, str | None]
    gone: frozenset[str]

    @classmethod
    def of(cls, org: Org, object_name: str, rows: _Rows, asked: Sequence[int]) -> _Found:
        """Ask for the records of some rows, and for those that they go into."""
        ids = dict.fromkeys(each for row in asked for each in (rows.records[row], rows.masters[row]))
        if not ids:
            return cls({}, frozenset())
        query = select(list(_STATE), object_name, is_in("Id", list(ids)))
        records = {each["Id"]: each for each in org.query_all(query, _STATE)}
        merged = {id_: each.get("MasterRecordId") for id_, each in records.items() if each["IsDeleted"]}
        return cls(merged, frozenset(id_ for id_ in ids if id_ in merged or id_ not in records))

    def fate(self, rows: _Rows, row: int) -> Fate:
        """What a row's record says of itself."""
        record, master = rows.records[row], rows.masters[row]
        went_into = self.merged_into.get(record)
        if went_into == master:
            return _MERGED
        if went_into is not None:
            return RowStatus.FAILED, "MERGED_ELSEWHERE", f"{record} was merged into {went_into}, not into {master}"
        if record in self.gone:
            return RowStatus.FAILED, "ENTITY_IS_DELETED", f"{record} is not there any more"
        if master in self.gone:
            return RowStatus.FAILED, "MASTER_IS_DELETED", f"{master}, into which it is to be merged, is not there"
        return _OPEN


def _judge_refused(request: _Request, said: tuple[str, str], fates: Mapping[int, Fate]) -> dict[int, Fate]:
    """The fates of the rows of a request that was refused: those whose records say nothing were refused for `said`.

    Where the other record is to blame, nothing is said against this one.
    """
    code, message = said
    known = table().get(code)
    if len(request.rows) == _TOGETHER and not (known and known.kind is not Kind.REJECTED):
        code, message = "MERGE_PAIR_REFUSED", f"{code}: {message}"
    blamed = any(each != _OPEN for each in fates.values())
    unsaid = _OPEN if blamed else (RowStatus.FAILED, code, message)
    return {row: unsaid if each == _OPEN else each for row, each in fates.items()}


def _result(rows: _Rows, fates: Mapping[int, Fate]) -> WriteResult:
    """The lines of all rows. The record that a merged row has now is the one that it went into."""
    itself: Fate = (RowStatus.FAILED, "INVALID_MERGE_RECORD", "the row means the record into which it is to be merged")
    lines = [fates.get(row, itself) for row in range(len(rows.records))]
    kept = [master if fate == _MERGED else None for master, fate in zip(rows.masters, lines, strict=True)]
    status, code, message = zip(*lines, strict=True)
    said = [
        f"{record} was merged into {master}" if fate == _MERGED else words
        for record, master, fate, words in zip(rows.records, rows.masters, lines, message, strict=True)
    ]
    return WriteResult.of([each.value for each in status], record_id=kept, code=code, message=said)


def _answers(
    org: Org, object_name: str, rows: _Rows, requests: Sequence[_Request], options: Options
) -> list[tuple[str, str] | None]:
    """For each request None when it was done, else code and message."""

    def envelope(token: str) -> bytes:
        return _envelope(token, object_name, rows, requests, options)

    response = org.client.soap(f"/u/{org.client.version}", "", envelope)
    results = [each for each in response if name_of(each) == "result"]
    if name_of(response) != "mergeResponse" or len(results) != len(requests):
        message = f"{len(results)} results came for {len(requests)} merges"
        raise CallFailed("ANSWER_INCOMPLETE", message, Executed.MAYBE)
    return [_read_result(result, request, rows) for result, request in zip(results, requests, strict=True)]


def _read_result(result: ElementTree.Element, request: _Request, rows: _Rows) -> tuple[str, str] | None:
    """What a result says of its request: None when it was done, else code and message. Raises `CallFailed`."""
    values = values_of(result)
    if values.get("success") == "false":
        return _error(result)
    merged = {(each.text or "").strip()[:SHORT] for each in result if name_of(each) == "mergedRecordIds"}
    own = merged <= {rows.records[row][:SHORT] for row in request.rows}
    if values.get("success") != "true" or values.get("id", "")[:SHORT] != request.master[:SHORT] or not own:
        raise unreadable(f"a result is none of a merge into {request.master}", Executed.MAYBE)
    return None


def _error(result: ElementTree.Element) -> tuple[str, str]:
    errors = [values_of(each) for each in result if name_of(each) == "errors"]
    if not errors or not errors[0].get("statusCode"):
        raise unreadable("a merge failed without saying why", Executed.MAYBE)
    code, message = errors[0]["statusCode"], "; ".join(each.get("message", "") for each in errors)
    return normalize_code(code, message), message


def _envelope(token: str, object_name: str, rows: _Rows, requests: Sequence[_Request], options: Options) -> bytes:
    root = ElementTree.Element(f"{{{_ENVELOPE}}}Envelope")
    header = ElementTree.SubElement(root, f"{{{_ENVELOPE}}}Header")
    _add(_add(header, "SessionHeader"), "sessionId", token)
    if options.duplicate_rules == "allow":
        rule = _add(header, "DuplicateRuleHeader")
        for name, value in (("allowSave", "true"), ("includeRecordDetails", "false"), ("runAsCurrentUser", "true")):
            _add(rule, name, value)
    body = _add(ElementTree.SubElement(root, f"{{{_ENVELOPE}}}Body"), "merge")
    for each in requests:
        request = _add(body, "request")
        master = _add(request, "masterRecord")
        ElementTree.SubElement(master, f"{{{_RECORD}}}type").text = object_name
        ElementTree.SubElement(master, f"{{{_RECORD}}}Id").text = each.master
        for row in each.rows:
            _add(request, "recordToMergeIds", rows.records[row])
    return serialize(root)


def _add(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, f"{{{_PARTNER}}}{name}")
    element.text = text
    return element
