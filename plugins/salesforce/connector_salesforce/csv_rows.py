"""Rows as CSV for the Bulk APIs: exact, quoted, with nulls said as Salesforce wants them said.

Bulk API Developer Guide, "Prepare CSV Files": an empty cell leaves a field alone, `#N/A` clears it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from attrs import evolve

from connector_salesforce.wire import Cell, Form, Lines, Null, Refusal, Target, cells, lines, unsendable
from connector_sdk import Batch, Column

_CLEAR = "#N/A"
_LONGEST = 400_000
"""Characters of a record (Bulk API Developer Guide, "Bulk API Limits")."""


def csv_lines(batch: Batch, target: Callable[[Column], Target]) -> Lines:
    """A batch as a header and a line per row. Rows that CSV cannot say are left out, with the reason.

    Salesforce reads the text `#N/A` as "clear", and clears a reference only through its id field.
    """
    rows, found = cells(batch, target)
    line = f"concat({', '.join(_separated([_csv(each) for each in found]))}, chr(10))"
    built = lines(rows, line, [*unsendable(found), *_unsayable(found), _too_long(line)])
    return evolve(built, body=_header(found) + built.body)


def _header(found: Sequence[Cell]) -> bytes:
    return (",".join(_name(each.target) for each in found) + "\n").encode()


def _name(target: Target) -> str:
    if target.relationship is None:
        return target.field
    type_ = f"{target.object_name}:" if target.object_name else ""
    return f"{type_}{target.relationship}.{target.key}"


def _separated(texts: Sequence[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        if number:
            yield "','"
        yield text


def _csv(cell: Cell) -> str:
    text = f"""'"' || replace({cell.sql}, '"', '""') || '"'""" if cell.form is Form.TEXT else cell.sql
    return f"coalesce({text}, '{_CLEAR if cell.null is Null.CLEAR else ''}')"


def _unsayable(found: Sequence[Cell]) -> Iterator[Refusal]:
    for each in found:
        if each.form is Form.TEXT:
            yield Refusal(f"trim({each.sql}) = '{_CLEAR}'", "LITERAL_NA", each.target.field)
        if each.target.relationship is not None and each.null is Null.CLEAR:
            yield Refusal(f"{each.sql} is null", "NULL_REFERENCE", each.target.field)


def _too_long(line: str) -> Refusal:
    return Refusal(f"strlen({line}) > {_LONGEST} and length({line}) > {_LONGEST}", "RECORD_TOO_LONG", "")
