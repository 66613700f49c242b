"""Rows as the JSON of events, and the rows that cannot become an event.

Platform Events Developer Guide, "Publish Event Messages with Salesforce APIs".
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
from attrs import frozen
from connector_salesforce import format_numbers

from connector_salesforce_events.codes import NUL, TOO_LARGE
from connector_sdk import Batch

BYTES_MAX = 1_000_000
"""The maximum size of an event in bytes ("Platform Event Allocations")."""


@frozen
class Payload:
    """An event as JSON. If it cannot be published, `refusal_code` and `message` say why."""

    text: str
    refusal_code: str = ""
    message: str = ""


def payloads(batch: Batch) -> list[Payload]:
    """Return the events of a batch in row order. A field without a value is left out, so that its default applies."""
    names = [json.dumps(each.field) for each in batch.columns]
    rows = zip(*map(_values, batch.rows.columns), strict=True)
    return [_payload(names, row) for row in rows]


class _Number(str):
    """A number in plain notation, which is valid JSON."""


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Return the values of a column. Decimals and floats become text, since a Python float has other digits."""
    if not pa.types.is_decimal(column.type) and not pa.types.is_floating(column.type):
        return list(column.to_pylist())
    return [None if each is None else _Number(each) for each in format_numbers(column.combine_chunks()).to_pylist()]


def _payload(names: list[str], row: tuple[Any, ...]) -> Payload:
    cells = (f"{name}:{_json(value)}" for name, value in zip(names, row, strict=True) if value is not None)
    text = f"{{{','.join(cells)}}}"
    size = len(text.encode())
    if size > BYTES_MAX:
        return Payload(text, TOO_LARGE, f"the event has {size:,} bytes, and {BYTES_MAX:,} are allowed")
    if any(isinstance(value, str) and "\0" in value for value in row):
        return Payload(text, NUL, "a text holds a NUL character, which Salesforce cannot store")
    return Payload(text)


def _json(value: Any) -> str:
    """Return a value as JSON. A number keeps all its digits.

    REST API Developer Guide, "Valid Date and DateTime Formats".
    """
    match value:
        case _Number():
            return str(value)
        case datetime():
            moment = value.astimezone(UTC) if value.tzinfo else value
            return json.dumps(moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z")
        case date():
            return json.dumps(value.isoformat())
    return json.dumps(value, ensure_ascii=False)
