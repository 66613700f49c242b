"""Write rows as CSV for the Bulk APIs: exact, quoted, and with nulls as Salesforce expects them.

Bulk API Developer Guide, "Prepare CSV Files": an empty cell leaves a field alone, `#N/A` clears it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve

from connector_salesforce.write.cells import (
    Cells,
    Form,
    Lines,
    Null,
    Refusal,
    Target,
    cells,
    characters,
    concat_parts,
    contains_anywhere,
    split_sendable,
    unsendable,
)
from connector_sdk import Batch, Column

_CLEAR = "#N/A"
_LONGEST = 400_000
"""The most characters of a record (Bulk API Developer Guide, "Bulk API Limits")."""


def csv_lines(batch: Batch, target: Callable[[Column], Target]) -> Lines:
    """Return a batch as a header and a line per row. Rows that CSV cannot express are left out, with the reason.

    Salesforce reads the text `#N/A` as "clear". It clears a reference only through its id field.
    """
    found = cells(batch, target)
    line = concat_parts(
        [part for number, each in enumerate(found) for part in ("," if number else "", *_csv(each))] + ["\n"]
    )
    body = characters(line, _header(found))
    lines = split_sendable(len(line), [*unsendable(found, b"\0" in body), *_unsayable(found), *_too_long(line)])
    if lines.count < len(line):
        body = characters(line.filter(lines.sent), _header(found))
    return evolve(lines, body=body)


def _header(found: Sequence[Cells]) -> bytes:
    return (",".join(_name(each.target) for each in found) + "\n").encode()


def _name(target: Target) -> str:
    """Return the name of a column ("Relationship Fields in a Header Row")."""
    if target.relationship is None:
        return target.field
    type_ = f"{target.object_name}:" if target.object_name else ""
    return f"{type_}{target.relationship}.{target.key}"


def _csv(column: Cells) -> list[pa.StringArray | str]:
    """Return a column as cells, with the quotes around them."""
    text = column.text
    quote = '"' if column.form is Form.TEXT else ""
    if quote and contains_anywhere('"', text):
        text = pc.replace_substring(text, '"', '""')
    if not text.null_count:
        return [quote, text, quote]
    return [pc.fill_null(concat_parts([quote, text, quote]), _CLEAR if column.null is Null.CLEAR else "")]


def _unsayable(found: Sequence[Cells]) -> Iterator[Refusal]:
    for each in found:
        if each.form is Form.TEXT and contains_anywhere(_CLEAR, each.text):
            yield Refusal(pc.equal(pc.utf8_trim_whitespace(each.text), _CLEAR), "LITERAL_NA", each.target.field)
        if each.target.relationship is not None and each.null is Null.CLEAR:
            yield Refusal(pc.is_null(each.text), "NULL_REFERENCE", each.target.field)


def _too_long(line: pa.StringArray) -> Iterator[Refusal]:
    """Yield a refusal of rows that are too long. Bytes are counted first, because counting characters is slow."""
    if (pc.max(pc.binary_length(line)).as_py() or 0) > _LONGEST:
        yield Refusal(pc.greater(pc.utf8_length(line), _LONGEST), "RECORD_TOO_LONG", "")
