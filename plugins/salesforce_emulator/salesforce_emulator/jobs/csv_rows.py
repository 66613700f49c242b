"""Read a CSV batch. Bulk API Developer Guide, "Prepare CSV Files" and "Relationship Fields in a Header Row"."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

from attrs import frozen

from salesforce_emulator.dml.model import ParentKey, RowInput
from salesforce_emulator.errors import RowFault, RowRefused
from salesforce_emulator.jobs.failing import BatchFailed, no_field
from salesforce_emulator.org.model import Field
from salesforce_emulator.schema import Schema, Schemas
from salesforce_emulator.values import WrongType

_MOST_ROWS = 10_000
_MOST_FIELDS = 5_000
_LONGEST_HEADER = 32_000
_LONGEST_RECORD = 400_000
NULL = "#N/A"

_Put = Callable[[RowInput, str], None]


@frozen
class Column:
    """One column: how its cells get into a row, and its position for error messages."""

    at: int
    field: Field
    put: _Put


def read_csv(data: bytes, schema: Schema, schemas: Schemas, only_ids: bool) -> list[RowInput]:
    """Return the rows of a batch, in order. Raises BatchFailed if the batch as a whole is unusable."""
    lines = _lines(data)
    header = next(lines, None)
    if not header:
        raise BatchFailed("InvalidBatch", "Batch is empty")
    if only_ids and [name.lower() for name in header] != ["id"]:
        raise BatchFailed("InvalidBatch", "The 'delete' batch must contain only ids")
    columns = columns_of(header, schema, schemas)
    rows = [row_of(columns, cells) for cells in lines if cells]
    if len(rows) > _MOST_ROWS:
        raise BatchFailed("InvalidBatch", f"Records exceed the maximum of {_MOST_ROWS} for a batch: {len(rows)}")
    return rows


def _lines(data: bytes) -> Iterator[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BatchFailed("InvalidBatch", "The data is not UTF-8") from error
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise BatchFailed("InvalidBatch", f"Failed to parse CSV: {error}") from error


def columns_of(header: list[str], schema: Schema, schemas: Schemas) -> list[Column]:
    """Return the columns that a header line names. Raises BatchFailed."""
    if len(header) > _MOST_FIELDS or sum(map(len, header)) > _LONGEST_HEADER:
        raise BatchFailed("InvalidBatch", "The header row is too long")
    names = [name.lower() for name in header]
    for name in header:
        if names.count(name.lower()) > 1:
            raise BatchFailed("InvalidBatch", f"Duplicate column: {name}")
    return [_column(at, name, schema, schemas) for at, name in enumerate(header)]


def _column(place: int, name: str, schema: Schema, schemas: Schemas) -> Column:
    at = schema.at(name)
    if at is None:
        return _parent_column(place, name, schema, schemas)
    if at == 0:
        return Column(place, schema.fields[0], _put_id)
    read = schema.readers[at]

    def put(row: RowInput, cell: str) -> None:
        row.values[at] = None if cell == NULL else read(cell)

    return Column(place, schema.fields[at], put)


def _put_id(row: RowInput, cell: str) -> None:
    row.record_id = None if cell == NULL else cell


def _parent_column(place: int, name: str, schema: Schema, schemas: Schemas) -> Column:
    type_, colon, path = name.rpartition(":")
    relationship, _, key_name = path.partition(".")
    field = schema.relationships.get(relationship.lower())
    if field is None or bool(colon) != (len(field.reference_to) > 1):
        raise no_field(name)
    target = schemas.find(type_ or field.reference_to[0])
    key = target.field(key_name) if target is not None and target.name in field.reference_to else None
    if target is None or key is None or not key.id_lookup:
        raise no_field(name)
    at, read = schema.position[field.name.lower()], target.readers[target.position[key.name.lower()]]

    def put(row: RowInput, cell: str) -> None:
        value = None if cell == NULL else read(cell)
        row.parents += (ParentKey(at, target, key, value),)

    return Column(place, field, put)


def row_of(columns: list[Column], cells: list[str]) -> RowInput:
    """Return one row. A value that cannot be read becomes its fault.

    Raises BatchFailed if the number of cells is wrong.
    """
    if len(cells) != len(columns):
        message = f"CSV row has {len(cells)} columns, the header has {len(columns)}"
        raise BatchFailed("InvalidBatch", message)
    row = RowInput()
    try:
        for column, cell in zip(columns, cells, strict=True):
            if cell:
                column.put(row, cell)
    except WrongType as wrong:
        cause = f"Due to, '{cell}' is not a valid value for the type xsd:{wrong.type}"
        message = f"Failed to deserialize field at col {column.at}. {cause}"
        row.fault = RowFault("INVALID_FIELD", message, (column.field.name,))
    except RowRefused as refusal:
        row.fault = refusal.fault
    if sum(map(len, cells)) > _LONGEST_RECORD:
        row.fault = RowFault("STRING_TOO_LONG", f"A record may have at most {_LONGEST_RECORD} characters")
    return row
