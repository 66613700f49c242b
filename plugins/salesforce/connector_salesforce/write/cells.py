"""Turn the rows of a batch into cells: where each column goes, its cells as text, and which rows stay behind.

All work is done by column. No row is handled by itself.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve, field, frozen

from connector_salesforce.ids import other_prefixes, wrong_ids
from connector_salesforce.write.numbers import format_numbers
from connector_sdk import Action, Batch, Column, OnNull

ID = "Id"


class Form(StrEnum):
    """The form of a cell in a body: text to escape, plain characters that a format may quote, or bare characters."""

    TEXT = "text"
    PLAIN = "plain"
    BARE = "bare"


class Null(StrEnum):
    """What a cell without a value asks for."""

    CLEAR = "clear"
    KEEP = "keep"
    REFUSE = "refuse"


@frozen
class IdsOf:
    """An object, and the first characters of its ids, or None if they are unknown."""

    object_name: str
    prefix: str | None


@frozen
class Target:
    """Where the cells of a column go: a field, or a key of the record that a field refers to.

    `object_name` is set if the field can refer to records of several objects. If the cells are ids, `ids_of` has the
    objects that they may belong to.
    """

    field: str
    relationship: str | None = None
    key: str | None = None
    object_name: str | None = None
    ids_of: tuple[IdsOf, ...] = ()


@frozen(eq=False)
class Cells:
    """A column of a batch: where it goes, and its cells as text (null if there is no value)."""

    target: Target
    form: Form
    text: pa.StringArray
    null: Null


@frozen(eq=False)
class Refusal:
    """Rows that are not sent, with the code of the reason and the field that is to blame.

    `rows` is a mask in which null counts as false. `detail` adds what the code does not say.
    """

    rows: pa.BooleanArray
    code: str
    field: str
    detail: str = ""


@frozen(eq=False)
class Lines:
    """The lines of a batch. `body` has the lines of the rows that may be sent, one after another.

    `sent` says for each row whether it is in the body. `codes`, `fields` and `details` say why it is not (null if it
    is).
    """

    body: bytes = field(repr=False)
    sent: pa.BooleanArray
    codes: pa.StringArray
    fields: pa.StringArray
    details: pa.StringArray

    @property
    def count(self) -> int:
        """How many rows are in the body."""
        return int(self.sent.true_count)

    def without_body(self) -> Lines:
        """Return these lines without their body, which takes memory and is not needed for the results."""
        return evolve(self, body=b"")


@frozen(eq=False)
class Sent:
    """The columns by which results are paired with the rows in a body, and their cells as they were sent.

    `decimals` has those columns whose cells may come back with other trailing zeros.
    """

    columns: tuple[str, ...]
    keys: pa.StringArray
    decimals: frozenset[str] = frozenset()


def make_sent(batch: Batch, lines: Lines) -> Sent:
    """Return what identifies the rows that were sent.

    It is the key in an upsert, all columns in an insert, and the record id otherwise.
    """
    if batch.action is Action.UPSERT:
        assert batch.match_field is not None
        columns = {batch.match_field: batch.rows.column(batch.match_field)}
    elif batch.action is Action.CREATE:
        columns = {each.field: batch.rows.column(number) for number, each in enumerate(batch.columns)}
    else:
        assert batch.record_ids is not None
        columns = {ID: pa.chunked_array([batch.record_ids])}
    decimals = frozenset(name for name, each in columns.items() if pa.types.is_decimal(each.type))
    return Sent(tuple(columns), join_cells([text_of(each) for each in columns.values()]).filter(lines.sent), decimals)


def join_cells(columns: Sequence[pa.StringArray]) -> pa.StringArray:
    """Return columns as one text per row, in which different rows have different texts."""
    if len(columns) == 1:
        return columns[0]
    return pc.binary_join_element_wise(*(pc.fill_null(each, "") for each in columns), "\x1f")


def cells(batch: Batch, target: Callable[[Column], Target]) -> list[Cells]:
    """Return the columns of a batch. The record ids come first if the action needs them."""
    found: list[Cells] = []
    if batch.action in (Action.UPDATE, Action.DELETE):
        assert batch.record_ids is not None
        found.append(Cells(Target(ID), *_text(pa.chunked_array([batch.record_ids])), Null.REFUSE))
    for number, column in enumerate(batch.columns if batch.action is not Action.DELETE else ()):
        found.append(Cells(target(column), *_text(batch.rows.column(number)), _null(batch, column)))
    return found


def split_sendable(rows: int, refusals: Sequence[Refusal]) -> Lines:
    """Return which of so many rows may be sent, without a body yet. The first refusal of a row says why it may not."""
    codes = fields = details = pa.nulls(rows, pa.string())
    for each in refusals:
        new = pc.and_(pc.fill_null(each.rows, False), pc.is_null(codes))
        codes, fields = pc.if_else(new, each.code, codes), pc.if_else(new, each.field, fields)
        details = pc.if_else(new, each.detail, details)
    return Lines(b"", pc.is_null(codes), codes, fields, details)


def unsendable(found: Sequence[Cells], has_nul: bool) -> Iterator[Refusal]:
    """Yield the refusals that hold for every format. Cells are searched for NUL characters only if `has_nul` is set."""
    for each in found:
        name = each.target.field
        if each.null is Null.REFUSE and each.text.null_count:
            yield Refusal(pc.is_null(each.text), "MISSING_ID" if name == ID else "MISSING_KEY", name)
        if has_nul and each.form is Form.TEXT:
            yield Refusal(pc.match_substring(each.text, "\0"), "NUL_CHARACTER", name)
        if each.target.ids_of:
            yield from _wrong_ids(each)


def _wrong_ids(column: Cells) -> Iterator[Refusal]:
    """Yield the refusals of texts that are no ids, and of ids of another object's records."""
    name, ids_of = column.target.field, column.target.ids_of
    yield Refusal(wrong_ids(column.text), "NO_VALID_ID", name)
    prefixes = [each.prefix for each in ids_of if each.prefix is not None]
    if len(prefixes) == len(ids_of):
        expected = f"{' or '.join(each.object_name for each in ids_of)} expected, whose ids begin with"
        detail = f"{expected} {' or '.join(prefixes)}"
        yield Refusal(other_prefixes(column.text, prefixes), "ID_OF_OTHER_OBJECT", name, detail)


def text_of(column: pa.ChunkedArray) -> pa.StringArray:
    """Return a column as text, as it stands in a body before it is escaped."""
    return _text(column)[1]


def concat_parts(parts: Sequence[pa.StringArray | str]) -> pa.StringArray:
    """Return columns and fixed texts side by side, as one text per row."""
    merged: list[pa.StringArray | str] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return pc.binary_join_element_wise(*merged, "")


def characters(text: pa.StringArray, before: bytes = b"") -> bytes:
    """Return all cells of a column as bytes, straight from its buffer, with `before` in front of the first."""
    if not len(text):
        return before
    whole = text.cast(pa.large_string())
    offsets = pa.Array.from_buffers(pa.int64(), whole.offset + len(whole) + 1, [None, whole.buffers()[1]])
    first, last = offsets[whole.offset].as_py(), offsets[whole.offset + len(whole)].as_py()
    return b"".join((before, whole.buffers()[2][first:last])) if last > first else before


def contains_anywhere(sought: str, text: pa.StringArray) -> bool:
    """Return whether any cell of a column contains a text.

    One search through all bytes of the column is far faster than one search per cell.
    """
    return sought.encode() in characters(text)


def _null(batch: Batch, column: Column) -> Null:
    """Return what a null asks for in a column.

    A key may not be null, because an upsert without a key creates a record. New records get no nulls, so that
    Salesforce's defaults apply.
    """
    if batch.action is Action.UPSERT and column.field == batch.match_field:
        return Null.REFUSE
    if batch.action is Action.CREATE or column.on_null is OnNull.KEEP:
        return Null.KEEP
    return Null.CLEAR


def _text(column: pa.ChunkedArray) -> tuple[Form, pa.StringArray]:
    """Return a column as text, in the forms that Salesforce reads. Empty text becomes null.

    REST API Developer Guide, "Valid Date and DateTime Formats".
    """
    type_, array = column.type, join_chunks(column)
    if type_ == pa.string():
        return Form.TEXT, _without_empty(array)
    if pa.types.is_dictionary(type_):
        return _text(pa.chunked_array([array.cast(type_.value_type)]))
    if pa.types.is_decimal(type_) or pa.types.is_floating(type_):
        return Form.BARE, format_numbers(array)
    if pa.types.is_boolean(type_) or pa.types.is_integer(type_):
        return Form.BARE, array.cast(pa.string())
    if pa.types.is_timestamp(type_):
        wall = array.cast(pa.timestamp("ms", "UTC"), safe=False).cast(pa.timestamp("ms")).cast(pa.string())
        return Form.PLAIN, concat_parts([pc.replace_substring(wall, " ", "T"), "Z"])
    if pa.types.is_date(type_):
        return Form.PLAIN, array.cast(pa.date32()).cast(pa.string())
    if pa.types.is_time(type_):
        return Form.PLAIN, concat_parts([array.cast(pa.time32("ms"), safe=False).cast(pa.string()), "Z"])
    if pa.types.is_binary(type_) or pa.types.is_large_binary(type_):
        encoded = (None if value is None else b64encode(value).decode() for value in array.to_pylist())
        return Form.PLAIN, _without_empty(pa.array(encoded, pa.string()))
    return Form.TEXT, _without_empty(array.cast(pa.string()))


def join_chunks(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _without_empty(text: pa.StringArray) -> pa.StringArray:
    return text if pc.index(text, "").as_py() < 0 else pc.if_else(pc.equal(text, ""), None, text)
