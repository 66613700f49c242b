"""Rows as JSON for sObject Collections (REST API Developer Guide, "sObject Collections")."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve

from connector_salesforce.wire import ID, Cells, Form, Lines, Null, Target, cells, characters, joined, lines, unsendable
from connector_sdk import Batch, Column

_SPECIAL = re.compile(rb'["\\\x00-\x1f]')


def json_lines(batch: Batch, target: Callable[[Column], Target]) -> Lines:
    """A batch as the body of one request. A null that keeps is no key at all, one that clears is null.

    `attributes` comes first in every object, as Salesforce demands.
    """
    found = cells(batch, target)
    start = f'{{"attributes":{_json({"type": batch.object_name})}'
    line = joined([start, *(part for each in found for part in _pair(each)), "},"])
    built = lines(line, list(unsendable(found, rb"\u0000" in characters(line))))
    records = built.body.removesuffix(b",")
    return evolve(built, body=b'{"allOrNone":false,"records":[' + records + b"]}")


def _pair(column: Cells) -> list[pa.StringArray | str]:
    """A key and its values, with the comma before them."""
    before, after = _around(column.target)
    quote = "" if column.form is Form.BARE else '"'
    text = _escaped(column.text) if column.form is Form.TEXT else column.text
    pair = [f",{before}{quote}", text, f"{quote}{after}"]
    if not text.null_count:
        return pair
    return [pc.fill_null(joined(pair), f",{_json(column.target.field)}:null" if column.null is Null.CLEAR else "")]


def _around(target: Target) -> tuple[str, str]:
    """What stands before and after a value."""
    if target.relationship is None:
        return f"{_json('id' if target.field == ID else target.field)}:", ""
    type_ = f'"attributes":{_json({"type": target.object_name})},' if target.object_name else ""
    return f"{_json(target.relationship)}:{{{type_}{_json(target.key)}:", "}"


def _escaped(text: pa.StringArray) -> pa.StringArray:
    """Text as it stands between quotes: one pass for each kind of special character that occurs at all."""
    present = {each.decode() for each in _SPECIAL.findall(characters(text))}
    for special in sorted(present, key=lambda each: each != "\\"):
        text = pc.replace_substring(text, special, _json(special)[1:-1])
    return text


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
