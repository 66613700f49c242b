"""Format the records of a query batch. Bulk API Developer Guide, "Bulk Query"."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from salesforce_emulator.soql.running import Found


def render_query(found: Found, content_type: str) -> bytes:
    """Return the records as CSV or JSON."""
    if content_type == "JSON":
        return json.dumps(found.page(0, len(found.rows))).encode()
    if not found.rows:
        return b"Records not found for this query"
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(found.header())
    writer.writerows(as_text(found, 0, len(found.rows)))
    return text.getvalue().encode()


def as_text(found: Found, start: int, size: int) -> list[list[str]]:
    """Return the values of some records as text for CSV. An empty value is an empty text."""
    return [[_cell(value) for value in row] for row in found.cells(start, size)]


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
