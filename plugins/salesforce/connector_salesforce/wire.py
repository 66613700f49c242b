"""The rows of a batch on their way into a body: what each column is called there, and its cells as SQL text.

DuckDB builds a line per row; a line that must not be sent carries the reason instead.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field, frozen

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
class Target:
    """Where the cells of a column go: a field, or a key of the record that a field refers to.

    `object_name` is set where the field can refer to records of several objects.
    """

    field: str
    relationship: str | None = None
    key: str | None = None
    object_name: str | None = None


@frozen
class Cell:
    """A column of a batch: where it goes, and its cells as an SQL expression (null where there is no value)."""

    target: Target
    form: Form
    sql: str
    null: Null


@frozen
class Refusal:
    """An SQL condition under which a row is not sent, the code of that, and the field that is to blame."""

    condition: str
    code: str
    field: str

    @property
    def reason(self) -> str:
        """Code and field in one text."""
        return f"{self.code}\t{self.field}"


@frozen
class Lines:
    """The lines of a batch. `body` is those of the rows that may be sent, one after another.

    `sent` says of each row whether it is in there; `codes` and `fields` say why not (null for rows that are).
    """

    body: bytes = field(repr=False)
    sent: pa.BooleanArray
    codes: pa.StringArray
    fields: pa.StringArray

    @property
    def count(self) -> int:
        """How many rows are in the body."""
        return int(pc.sum(self.sent).as_py() or 0)


@define
class _Database:
    """One DuckDB for the process, whose queries run in the thread that asks: batches are parallel already."""

    _lock: threading.Lock = field(factory=threading.Lock)
    _connection: duckdb.DuckDBPyConnection | None = None

    def cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._connection is None:
                self._connection = duckdb.connect(":memory:", config={"threads": 1})
            return self._connection.cursor()


_database = _Database()


def cells(batch: Batch, target: Callable[[Column], Target]) -> tuple[pa.Table, list[Cell]]:
    """The rows of a batch with columns `c0`, `c1` …, and what becomes of each column.

    The record ids come first where the action needs them.
    """
    arrays: list[pa.ChunkedArray] = []
    found: list[Cell] = []
    if batch.action in (Action.UPDATE, Action.DELETE):
        assert batch.record_ids is not None
        arrays.append(pa.chunked_array([batch.record_ids.cast(pa.string())]))
        found.append(_cell(Target(ID), arrays[0], 0, Null.REFUSE))
    for number, column in enumerate(batch.columns if batch.action is not Action.DELETE else ()):
        array = _readable(batch.rows.column(number))
        found.append(_cell(target(column), array, len(arrays), _null(batch, column)))
        arrays.append(array)
    return pa.Table.from_arrays(arrays, names=[f"c{number}" for number in range(len(arrays))]), found


def lines(rows: pa.Table, line: str, refusals: Sequence[Refusal]) -> Lines:
    """Build the lines; a row for which a refusal holds is not sent."""
    cases = " ".join(f"when {each.condition} then {text_literal(each.reason)}" for each in refusals)
    why_not = f"case {cases} end" if cases else "null::varchar"
    sql = f"select {line} as line, {why_not} as reason from batch_rows"
    with _database.cursor() as cursor:
        cursor.register("batch_rows", rows)
        built = cursor.sql(sql).to_arrow_table()
    why = built.column("reason").combine_chunks()
    sent = pc.is_null(why)
    text = built.column("line")
    parts = pc.split_pattern(why, "\t")
    return Lines(
        _characters(text if why.null_count == len(why) else text.filter(sent)),
        sent,
        pc.list_element(parts, 0),
        pc.list_element(parts, 1),
    )


def unsendable(found: Sequence[Cell]) -> Iterator[Refusal]:
    """The refusals that hold for every format."""
    for each in found:
        name = each.target.field
        if each.null is Null.REFUSE:
            yield Refusal(f"{each.sql} is null", "MISSING_ID" if name == ID else "MISSING_KEY", name)
        if each.form is Form.TEXT:
            yield Refusal(f"contains({each.sql}, chr(0))", "NUL_CHARACTER", name)


def text_literal(text: str) -> str:
    """A text as an SQL literal."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _null(batch: Batch, column: Column) -> Null:
    """A key is never null: an upsert without one creates a record. What is created is given no nulls, so that
    Salesforce's defaults apply.
    """
    if batch.action is Action.UPSERT and column.field == batch.match_field:
        return Null.REFUSE
    if batch.action is Action.CREATE or column.on_null is OnNull.KEEP:
        return Null.KEEP
    return Null.CLEAR


def _readable(array: pa.ChunkedArray) -> pa.ChunkedArray:
    """An array of a type whose cells become text without a time zone or a dictionary in the way."""
    type_ = array.type
    if pa.types.is_dictionary(type_):
        return _readable(array.cast(type_.value_type))
    if pa.types.is_timestamp(type_):
        return array.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.timestamp("us"))
    if pa.types.is_null(type_) or pa.types.is_decimal256(type_):
        return array.cast(pa.string())
    return array


def _cell(target: Target, array: pa.ChunkedArray, number: int, null: Null) -> Cell:
    name, type_ = f"c{number}", array.type
    if pa.types.is_boolean(type_) or pa.types.is_integer(type_) or pa.types.is_decimal(type_):
        return Cell(target, Form.BARE, f"{name}::varchar", null)
    if pa.types.is_timestamp(type_):
        return Cell(target, Form.PLAIN, f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%gZ')", null)
    if pa.types.is_date(type_):
        return Cell(target, Form.PLAIN, f"{name}::date::varchar", null)
    if pa.types.is_time(type_):
        return Cell(target, Form.PLAIN, f"strftime(date '1970-01-01' + {name}::time, '%H:%M:%S.%gZ')", null)
    if pa.types.is_binary(type_) or pa.types.is_large_binary(type_):
        return Cell(target, Form.PLAIN, f"nullif(to_base64({name}), '')", null)
    return Cell(target, Form.TEXT, f"nullif({name}::varchar, '')", null)


def _characters(text: pa.ChunkedArray) -> bytes:
    """All cells of a text column, one after another, straight from its buffer."""
    array = text.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.string())
    if not len(array):
        return b""
    whole = array.cast(pa.large_string())
    first, last = _offset(whole, 0), _offset(whole, len(whole))
    return bytes(whole.buffers()[2][first:last])


def _offset(array: pa.LargeStringArray, number: int) -> int:
    """Where cell `number` begins in the buffer of characters."""
    offsets = pa.Array.from_buffers(pa.int64(), array.offset + len(array) + 1, [None, array.buffers()[1]])
    return int(offsets[array.offset + number].as_py())
