"""Merge records. One request merges up to two records into a master, and one SOAP call has up to 200 requests.

SOAP API Developer Guide, "merge()": each request is a transaction of its own. Requests are executed in their order, so
several may name the same master. The master keeps its values. What refers to the merged records refers to the master
then.
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
from connector_salesforce.transport.soap import add_element, make_envelope
from connector_salesforce.transport.xml import name_of, values_of
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
"""The most records that one call merges. Each may need a request of its own, and a call may have 200 requests."""

_TOGETHER = 2
"""The most records that one request merges into a master."""

_PARTNER = "urn:partner.soap.sforce.com"
_RECORD = "urn:sobject.partner.soap.sforce.com"

_STATE: Shape = {"Id": TEXT, "IsDeleted": FLAG, "MasterRecordId": optional(TEXT)}

Fate = tuple[RowStatus, str | None, str | None]
"""What became of a record: its status and, if it failed, a code and a message."""

_MERGED: Fate = (RowStatus.SUCCEEDED, None, None)
_OPEN: Fate = (RowStatus.NOT_EXECUTED, None, None)


@frozen
class _Request:
    """The rows (their numbers in the batch) whose records one request merges into `master`."""

    master: str
    rows: tuple[int, ...]


@frozen
class _Rows:
    """The records of a batch that are merged, and beside each the master that it is merged into."""

    records: Sequence[str]
    masters: Sequence[str]

    @classmethod
    def of(cls, batch: Batch) -> _Rows:
        """Return both columns of a batch. The core plans no row without them."""
        assert batch.record_ids is not None
        assert batch.merge_into is not None
        return cls(batch.record_ids.to_pylist(), batch.merge_into.to_pylist())

    def requests(self) -> Iterator[_Request]:
        """Yield neighboring rows with the same master, two at a time. A record is not merged into itself."""
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

    If two records are refused together, either may be to blame. Each is then tried by itself.
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
    """Find out from the records what became of a batch. A merged record is deleted, and names its master.

    A merge that is still under way counts as not executed. When it is sent again, Salesforce refuses it, and the
    records show that it is done.
    """
    rows = _Rows.of(batch)
    going = [row for each in rows.requests() for row in each.rows]
    found = _Found.of(org, batch.object_name, rows, going)
    fates = {row: found.fate(rows, row) for row in going}
    return NOT_EXECUTED if all(each == _OPEN for each in fates.values()) else _result(rows, fates)


@frozen
class _Found:
    """The records that are not live, because they were merged or deleted.

    `merged_into` has the master of each merged record, or None if the record was only deleted. `gone` has the ids of
    records that are deleted or cannot be seen.
    """

    merged_into: Mapping[str, str | None]
    gone: frozenset[str]

    @classmethod
    def of(cls, org: Org, object_name: str, rows: _Rows, asked: Sequence[int]) -> _Found:
        """Query the records of some rows, and their masters."""
        ids = dict.fromkeys(each for row in asked for each in (rows.records[row], rows.masters[row]))
        if not ids:
            return cls({}, frozenset())
        query = select(list(_STATE), object_name, is_in("Id", list(ids)))
        records = {each["Id"]: each for each in org.query_all(query, _STATE)}
        merged = {id_: each.get("MasterRecordId") for id_, each in records.items() if each["IsDeleted"]}
        return cls(merged, frozenset(id_ for id_ in ids if id_ in merged or id_ not in records))

    def fate(self, rows: _Rows, row: int) -> Fate:
        """Return what a row's record says of itself."""
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
    """Return the fates of the rows of a refused request.

    A row whose record says nothing was refused for `said`. If the other record is to blame, the row was not executed
    instead.
    """
    code, message = said
    known = table().get(code)
    if len(request.rows) == _TOGETHER and not (known and known.kind is not Kind.REJECTED):
        code, message = "MERGE_PAIR_REFUSED", f"{code}: {message}"
    blamed = any(each != _OPEN for each in fates.values())
    unsaid = _OPEN if blamed else (RowStatus.FAILED, code, message)
    return {row: unsaid if each == _OPEN else each for row, each in fates.items()}


def _result(rows: _Rows, fates: Mapping[int, Fate]) -> WriteResult:
    """Return the results of all rows. A merged row has the record id of its master now."""
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
    """Return for each request None if it was done, or else the code and message."""

    def envelope(token: str) -> bytes:
        return _envelope(token, object_name, rows, requests, options)

    response = org.client.soap(f"/u/{org.client.version}", "", envelope)
    results = [each for each in response if name_of(each) == "result"]
    if name_of(response) != "mergeResponse" or len(results) != len(requests):
        message = f"Salesforce returned {len(results)} results for {len(requests)} merges"
        raise CallFailed("ANSWER_INCOMPLETE", message, Executed.MAYBE)
    return [_read_result(result, request, rows) for result, request in zip(results, requests, strict=True)]


def _read_result(result: ElementTree.Element, request: _Request, rows: _Rows) -> tuple[str, str] | None:
    """Return None if the request of a result was done, or else the code and message. Raises `CallFailed`."""
    values = values_of(result)
    if values.get("success") == "false":
        return _error(result)
    merged = {(each.text or "").strip()[:SHORT] for each in result if name_of(each) == "mergedRecordIds"}
    own = merged <= {rows.records[row][:SHORT] for row in request.rows}
    if values.get("success") != "true" or values.get("id", "")[:SHORT] != request.master[:SHORT] or not own:
        raise unreadable(f"a result does not belong to a merge into {request.master}", Executed.MAYBE)
    return None


def _error(result: ElementTree.Element) -> tuple[str, str]:
    errors = [values_of(each) for each in result if name_of(each) == "errors"]
    if not errors or not errors[0].get("statusCode"):
        raise unreadable("a merge failed without saying why", Executed.MAYBE)
    code, message = errors[0]["statusCode"], "; ".join(each.get("message", "") for each in errors)
    return normalize_code(code, message), message


def _envelope(token: str, object_name: str, rows: _Rows, requests: Sequence[_Request], options: Options) -> bytes:
    def fill(header: ElementTree.Element, body: ElementTree.Element) -> None:
        if options.duplicate_rules == "allow":
            rule = _add(header, "DuplicateRuleHeader")
            for name, value in (("allowSave", "true"), ("includeRecordDetails", "false"), ("runAsCurrentUser", "true")):
                _add(rule, name, value)
        merge = _add(body, "merge")
        for each in requests:
            request = _add(merge, "request")
            master = _add(request, "masterRecord")
            add_element(master, _RECORD, "type", object_name)
            add_element(master, _RECORD, "Id", each.master)
            for row in each.rows:
                _add(request, "recordToMergeIds", rows.records[row])

    return make_envelope(_PARTNER, token, fill)


def _add(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    return add_element(parent, _PARTNER, name, text)
