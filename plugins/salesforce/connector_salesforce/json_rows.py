"""Rows as JSON for sObject Collections (REST API Developer Guide, "sObject Collections")."""

from __future__ import annotations

import json
from collections.abc import Callable

from attrs import evolve

from connector_salesforce.wire import ID, Cell, Form, Lines, Null, Target, cells, lines, text_literal, unsendable
from connector_sdk import Batch, Column


def json_lines(batch: Batch, target: Callable[[Column], Target]) -> Lines:
    """A batch as the body of one request. A null that keeps is no key at all, one that clears is null.

    `attributes` comes first in every object, as Salesforce demands.
    """
    rows, found = cells(batch, target)
    start = text_literal(f'{{"attributes":{_json({"type": batch.object_name})}')
    built = lines(rows, f"concat({', '.join([start, *map(_pair, found)])}, '}},')", list(unsendable(found)))
    records = built.body.removesuffix(b",")
    return evolve(built, body=b'{"allOrNone":false,"records":[' + records + b"]}")


def _pair(cell: Cell) -> str:
    """A key and its value, with the comma before them."""
    before, after = _around(cell.target)
    pair = f"{text_literal(f',{before}')} || {_value(cell)} || {text_literal(after)}"
    cleared = f",{_json(cell.target.field)}:null" if cell.null is Null.CLEAR else ""
    return f"coalesce({pair}, {text_literal(cleared)})"


def _around(target: Target) -> tuple[str, str]:
    """What stands before and after a value."""
    if target.relationship is None:
        return f"{_json('id' if target.field == ID else target.field)}:", ""
    type_ = f'"attributes":{_json({"type": target.object_name})},' if target.object_name else ""
    return f"{_json(target.relationship)}:{{{type_}{_json(target.key)}:", "}"


def _value(cell: Cell) -> str:
    if cell.form is Form.TEXT:
        return f"to_json({cell.sql})::varchar"
    return cell.sql if cell.form is Form.BARE else f"'\"' || {cell.sql} || '\"'"


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
