"""Show what a query batch found. Bulk API Developer Guide, "Bulk Query"."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from salesforce_emulator.soql.running import Found


def render_query(found: Found, content_type: str) -> bytes:
    """The records, in CSV or JSON."""
    records = found.page(0, len(found.rows))
    if content_type == "JSON":
        return json.dumps(records).encode()
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for at, record in enumerate(records):
        cells = dict(_cells(record, ""))
        if at == 0:
            writer.writerow(cells)
        writer.writerow(cells.values())
    if not records:
        return b"Records not found for this query"
    return text.getvalue().encode()


def _cells(record: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in record.items():
        if name == "attributes":
            continue
        if isinstance(value, dict):
            yield from _cells(value, f"{prefix}{name}.")
        else:
            yield prefix + name, _cell(value)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
