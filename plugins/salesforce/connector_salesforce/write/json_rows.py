"""Write rows as JSON for sObject Collections (REST API Developer Guide, "sObject Collections")."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any

import orjson
from attrs import evolve

from connector_salesforce.write.cells import ID, Cells, Form, Lines, Null, Target, cells, split_sendable, unsendable
from connector_sdk import Batch, Column

Record = dict[str, Any]


def json_lines(batch: Batch, target: Callable[[Column], Target]) -> Lines:
    """Return a batch as the body of one request.

    A null that keeps a value is left out, and a null that clears it is written. `attributes` comes first in every
    object, as Salesforce requires.
    """
    found = cells(batch, target)
    records = _records(batch, found)
    body = _body(records)
    lines = split_sendable(batch.rows.num_rows, list(unsendable(found, rb"\u0000" in body)))
    if lines.count < len(lines.sent):
        body = _body(list(compress(records, lines.sent.to_pylist())))
    return evolve(lines, body=body)


def _body(records: Sequence[Record]) -> bytes:
    return orjson.dumps({"allOrNone": False, "records": records})


def _records(batch: Batch, columns: Sequence[Cells]) -> list[Record]:
    names = ["attributes", *(_name(each.target) for each in columns)]
    attributes = [{"type": batch.object_name}] * batch.rows.num_rows
    rows = zip(attributes, *map(_values, columns), strict=True)
    records = [dict(zip(names, row)) for row in rows]  # noqa: B905 - each row is as long as the names
    for each in columns:
        if each.text.null_count and (each.null is not Null.CLEAR or each.target.relationship):
            _apply_null_rules(records, each)
    return records


def _name(target: Target) -> str:
    return target.relationship or ("id" if target.field == ID else target.field)


def _values(column: Cells) -> list[Any]:
    """Return the cells of a column as they go into JSON. A reference by key is an object."""
    texts: list[str | None] = column.text.to_pylist()
    if column.form is Form.BARE:
        return [None if each is None else orjson.Fragment(each) for each in texts]
    if column.target.relationship is None:
        return texts
    type_ = {"attributes": {"type": column.target.object_name}} if column.target.object_name else {}
    return [None if each is None else {**type_, column.target.key: each} for each in texts]


def _apply_null_rules(records: Sequence[Record], column: Cells) -> None:
    """Remove the nulls of a column from the records. A null that clears a reference by key goes to its id field."""
    name = _name(column.target)
    for each in records:
        if each[name] is None:
            del each[name]
            if column.null is Null.CLEAR:
                each[column.target.field] = None
