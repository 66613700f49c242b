"""Read Arrow data from Python as a relation, in validated batches and in types that DuckDB has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa
from attrs import frozen

from connector_sdk.engines.exact_numbers import plain_number
from connector_sdk.engines.reading import Reading
from connector_sdk.engines.relation import Column, Part, find_doubled
from connector_sdk.engines.streams import open_stream
from connector_sdk.engines.wide_decimals import is_wide, readable, readable_type

_SAID = "the data"
_PRIMITIVE = (
    pa.types.is_integer, pa.types.is_float32, pa.types.is_float64, pa.types.is_boolean, pa.types.is_string,
    pa.types.is_large_string, pa.types.is_date, pa.types.is_timestamp, pa.types.is_decimal128,
)  # fmt: skip
"""Types that DuckDB certainly has."""


@frozen
class _Given:
    """A column of the data: its position, its name, its type, and the type in which DuckDB reads it.

    `huge` columns have 128-bit integers, which Arrow declares as decimals even if they do not fit.
    """

    place: int
    name: str
    type: pa.DataType
    read_as: pa.DataType
    huge: bool

    def column(self, type_: str) -> Column:
        """Return the column as it is selected from the view, in which it has `type_`."""
        value = f"c{self.place}"
        if self.huge:
            return Column(f"cast({value} as hugeint)", "HUGEINT")
        return Column(plain_number(value), type_) if is_wide(self.type) else Column(value, type_)

    def take(self, batch: pa.RecordBatch) -> pa.Array:
        """Return its values in a batch. Raises `ArrowException` for values that are invalid in their type."""
        array = batch.column(self.place)
        if not self.huge:
            array.validate(full=True)
        return readable(array, self.read_as)


def data_part(reading: Reading) -> Part:
    """Register the data of a model as the view `model`, which can be read once, and return it as a relation.

    Raises `ConfigError` for an object without an Arrow stream. Reading raises `ArrowException` at invalid UTF-8.
    """
    stream = open_stream(reading)
    left_out = find_doubled(stream.schema.names, _SAID)
    given = []
    for each in _columns(reading, stream.schema):
        if reason := _find_unreadable_reason(each):
            left_out.setdefault(each.name, reason)
        elif each.name not in left_out:
            given.append(each)
    if not given:
        return Part(_SAID, "model", {}, left_out)
    schema = pa.schema([(f"c{each.place}", each.read_as) for each in given])
    reading.connection.register("model", pa.RecordBatchReader.from_batches(schema, _validate(stream, given, schema)))
    described = reading.connection.execute("describe select * from model").fetchall()
    columns = {each.name: each.column(row[1]) for each, row in zip(given, described, strict=True)}
    return Part(_SAID, "model", columns, left_out)


def _columns(reading: Reading, schema: pa.Schema) -> Iterator[_Given]:
    data = reading.model.data
    own = [str(each) for each in data.types] if isinstance(data, duckdb.DuckDBPyRelation) else [""] * len(schema)
    for place, (each, type_) in enumerate(zip(schema, own, strict=True)):
        huge = type_ == "HUGEINT"
        yield _Given(place, each.name, each.type, pa.string() if huge else readable_type(each.type), huge)


def _find_unreadable_reason(given: _Given) -> str:
    """Return why DuckDB cannot read a column; empty if it can."""
    if any(is_such(given.read_as) for is_such in _PRIMITIVE):
        return ""
    with duckdb.connect() as connection:
        try:
            connection.from_arrow(pa.table({"c": pa.array([], given.read_as)})).fetchall()
        except (duckdb.Error, pa.ArrowException):
            return f"{_SAID} has it as {given.type}, which cannot be read"
    return ""


def _validate(stream: pa.RecordBatchReader, given: Sequence[_Given], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the batches after validation: DuckDB would freeze invalid UTF-8, and then fail to read it."""
    for batch in stream:
        yield pa.RecordBatch.from_arrays([each.take(batch) for each in given], schema=schema)
