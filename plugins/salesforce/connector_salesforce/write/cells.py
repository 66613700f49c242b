"""The rows of a batch on their way into a body: where each column goes, its cells as text, and which rows stay behind.

All of it is done column by column; no row is touched by itself.
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
    """How a cell stands in a body: text that is escaped, plain characters that a format may quote, or bare."""

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
    """An object, and the first characters of its ids; None where they are not known."""

    object_name: str
    prefix: str | None


@frozen
class Target:
    """Where the cells of a column go: a field, or a key of the record that a field refers to.

    `object_name` is set where the field can refer to records of several objects. `ids_of` names the objects whose ids
    the cells are, where they are ids.
    """

    field: str
    relationship: str | None = None
    key: str | None = None
    object_name: str | None = None
    ids_of: tuple[IdsOf, ...] = ()


@frozen(eq=False)
class Cells:
    """A column of a batch: where it goes, and its cells as text (null where there is no value)."""

    target: Target
    form: Form
    text: pa.StringArray
    null: Null


@frozen(eq=False)
class Refusal:
    """Rows that are not sent (a mask; null counts as false), the code of that, and the field that is to blame.

    `detail` says more than the code does.
    """

    rows: pa.BooleanArray
    code: str
    field: str
    detail: str = ""


@frozen(eq=False)
class Lines:
    """The lines of a batch. `body` is those of the rows that may be sent, one after another.

    `sent` says of each row whether it is in there; `codes`, `fields` and `details` say why not (null where it is).
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
        """These lines without their body: what waits for results need not keep what was sent."""
        return evolve(self, body=b"")


@frozen(eq=False)
class Sent:
    """By which columns the rows in a body are known again, and their cells as they were sent.

    `decimals` are those of the columns whose cells may come back with other zeros at their ends.
    """

    columns: tuple[str, ...]
    keys: pa.StringArray
    decimals: frozenset[str] = frozenset()


def make_sent(batch: Batch, lines: Lines) -> Sent:
    """How the rows that were sent are known again: by their keys in an upsert, by all that they hold in an insert, by
    their ids otherwise.
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
    """Columns as one text per row, in which no two different rows are the same."""
    if len(columns) == 1:
        return columns[0]
    return pc.binary_join_element_wise(*(pc.fill_null(each, "") for each in columns), "\x1f")


def cells(batch: Batch, target: Callable[[Column], Target]) -> list[Cells]:
    """The columns of a batch; the record ids come first where the action needs them."""
    found: list[Cells] = []
    if batch.action in (Action.UPDATE, Action.DELETE):
        assert batch.record_ids is not None
        found.append(Cells(Target(ID), *_text(pa.chunked_array([batch.record_ids])), Null.REFUSE))
    for number, column in enumerate(batch.columns if batch.action is not Action.DELETE else ()):
        found.append(Cells(target(column), *_text(batch.rows.column(number)), _null(batch, column)))
    return found


def split_sendable(rows: int, refusals: Sequence[Refusal]) -> Lines:
    """Which of so many rows may be sent, without a body yet; of several refusals, the first says why."""
    codes = fields = details = pa.nulls(rows, pa.string())
    for each in refusals:
        new = pc.and_(pc.fill_null(each.rows, False), pc.is_null(codes))
        codes, fields = pc.if_else(new, each.code, codes), pc.if_else(new, each.field, fields)
        details = pc.if_else(new, each.detail, details)
    return Lines(b"", pc.is_null(codes), codes, fields, details)


def unsendable(found: Sequence[Cells], has_nul: bool) -> Iterator[Refusal]:
    """The refusals that hold for every format. Cells are searched for NUL characters where there is one at all."""
    for each in found:
        name = each.target.field
        if each.null is Null.REFUSE and each.text.null_count:
            yield Refusal(pc.is_null(each.text), "MISSING_ID" if name == ID else "MISSING_KEY", name)
        if has_nul and each.form is Form.TEXT:
            yield Refusal(pc.match_substring(each.text, "\0"), "NUL_CHARACTER", name)
        if each.target.ids_of:
            yield from _wrong_ids(each)


def _wrong_ids(column: Cells) -> Iterator[Refusal]:
    """Ids that are none, and ids of records of another object."""
    name, ids_of = column.target.field, column.target.ids_of
    yield Refusal(wrong_ids(column.text), "NO_VALID_ID", name)
    prefixes = [each.prefix for each in ids_of if each.prefix is not None]
    if len(prefixes) == len(ids_of):
        expected = f"{' or '.join(each.object_name for each in ids_of)} expected, whose ids begin with"
        detail = f"{expected} {' or '.join(prefixes)}"
        yield Refusal(other_prefixes(column.text, prefixes), "ID_OF_OTHER_OBJECT", name, detail)


def text_of(column: pa.ChunkedArray) -> pa.StringArray:
    """A column as text, as it stands in a body before it is escaped."""
    return _text(column)[1]


def concat_parts(parts: Sequence[pa.StringArray | str]) -> pa.StringArray:
    """Columns and fixed texts side by side, as one text per row."""
    merged: list[pa.StringArray | str] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return pc.binary_join_element_wise(*merged, "")


def characters(text: pa.StringArray, before: bytes = b"") -> bytes:
    """All cells of a column, one after another, straight from its buffer, with something `before` the first."""
    if not len(text):
        return before
    whole = text.cast(pa.large_string())
    offsets = pa.Array.from_buffers(pa.int64(), whole.offset + len(whole) + 1, [None, whole.buffers()[1]])
    first, last = offsets[whole.offset].as_py(), offsets[whole.offset + len(whole)].as_py()
    return b"".join((before, whole.buffers()[2][first:last])) if last > first else before


def contains_anywhere(sought: str, text: pa.StringArray) -> bool:
    """Whether any cell of a column holds a text: one search through its bytes, which is far quicker than one a cell."""
    return sought.encode() in characters(text)


def _null(batch: Batch, column: Column) -> Null:
    """A key is never null: an upsert without one creates a record. What is created is given no nulls, so that
    Salesforce's defaults apply.
    """
    if batch.action is Action.UPSERT and column.field == batch.match_field:
        return Null.REFUSE
    if batch.action is Action.CREATE or column.on_null is OnNull.KEEP:
        return Null.KEEP
    return Null.CLEAR


def _text(column: pa.ChunkedArray) -> tuple[Form, pa.StringArray]:
    """A column as text, in the forms that Salesforce reads (REST API Developer Guide, "Valid Date and DateTime
    Formats"). Text of no characters is no value.
    """
    type_, array = column.type, _flat(column)
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


def _flat(column: pa.ChunkedArray) -> pa.Array:
    """One array, whatever the chunks."""
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _without_empty(text: pa.StringArray) -> pa.StringArray:
    return text if pc.index(text, "").as_py() < 0 else pc.if_else(pc.equal(text, ""), None, text)
