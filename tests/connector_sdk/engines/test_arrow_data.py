"""Models from Python: any object with an Arrow stream."""

from __future__ import annotations

import errno
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector_sdk import ConfigError, Model
from connector_sdk.engines.models import require_whole

from .conftest import Read, Refuse


class Stream:
    """An object that has nothing but an Arrow stream."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


TABLE = pa.table({"id": [1, 2], "n": ["x", None]})


@pytest.mark.parametrize(
    "data", [TABLE, TABLE.to_reader(), Stream(TABLE), TABLE.to_batches()[0]], ids=["table", "reader", "any", "batch"]
)
def test_anything_with_an_arrow_stream_is_a_model(read: Read, data: Any) -> None:
    assert read(data=data).to_pydict() == {"id": [1, 2], "n": ["x", None], "#": [1, 2]}


def test_a_relation_of_duckdb_is_a_model(read: Read) -> None:
    with duckdb.connect() as connection:
        assert read(data=connection.sql("select 7 as id")).column("id").to_pylist() == [7]


@pytest.mark.parametrize(
    ("array", "values"),
    [
        (pa.array([2**64 - 1], pa.uint64()), [2**64 - 1]),
        (pa.array([Decimal("-12345678901234567890123456789012345.678")], pa.decimal128(38, 3)), None),
        (pa.array(["x"], pa.large_string()), ["x"]),
        (pa.array(["x"], pa.string_view()), ["x"]),
        (pa.array(["x", "x", None]).dictionary_encode(), ["x", "x", None]),
        (pa.array([date(1, 1, 1), date(9999, 12, 31)], pa.date32()), [date(1, 1, 1), date(9999, 12, 31)]),
        (pa.array([date(2026, 1, 31)], pa.date64()), [date(2026, 1, 31)]),
        (pa.array([time(1, 2, 3)], pa.time32("s")), [time(1, 2, 3)]),
        (pa.nulls(2), [None, None]),
        (pa.array([b"\0\xff"], pa.large_binary()), [b"\0\xff"]),
    ],
)
def test_every_value_arrives_as_it_was(read: Read, array: pa.Array, values: list[object] | None) -> None:
    assert read(data=pa.table({"id": array})).column("id").to_pylist() == (values or array.to_pylist())


def test_a_moment_in_any_zone_stays_that_moment(read: Read) -> None:
    at = datetime(2026, 7, 1, 10, tzinfo=UTC)
    table = read(data=pa.table({"id": pa.array([at], pa.timestamp("us", "Europe/Berlin"))}))
    assert str(table.schema.field("id").type) == "timestamp[us, tz=UTC]"
    assert table.column("id").cast(pa.int64()).to_pylist() == [int(at.timestamp() * 1_000_000)]


def test_a_table_of_many_rows_keeps_their_order(read: Read) -> None:
    table = read(data=pa.table({"id": range(100_000)}))
    assert table.column("id").to_pylist() == list(range(100_000))
    assert table.column("#").to_pylist() == list(range(1, 100_001))


def test_data_without_a_stream_is_refused_by_its_type(refuse: Refuse) -> None:
    assert refuse(data=[{"id": 1}]).message == "the data of model orders is a list and has no Arrow stream"


def test_a_type_that_cannot_be_read_is_told_where_it_is_used(read: Read, lack: Refuse) -> None:
    pairs = pa.array([[1, 2]], pa.list_(pa.decimal256(50, 2), 2))
    assert read(data=pa.table({"id": [7], "n": pairs})).column_names == ["id", "#"]
    assert (
        "decimal256(50, 2)>[2], which cannot be read"
        in lack(data=pa.table({"id": [7], "n": pairs}), lacking="n").message
    )


def test_data_of_which_no_column_can_be_read_is_refused_with_every_reason(refuse: Refuse) -> None:
    pairs = pa.array([[1, 2]], pa.list_(pa.decimal256(50, 2), 2))
    doubled = pa.table([[1], [2], pairs], names=["id", "id", "n"])
    message = refuse(data=doubled).message
    assert message.startswith("no column can be used — ")
    assert "id: the data has " in message
    assert "n: the data has it as fixed_size_list<item: decimal256(50, 2)>[2], which cannot be read" in message


def test_a_whole_number_of_128_bits_keeps_every_digit(read: Read) -> None:
    with duckdb.connect() as connection:
        data = connection.sql(f"select unnest([{2**127 - 1}::hugeint, -{2**127 - 1}::hugeint, null]) as id")
        assert read(data=data).column("id").cast(pa.string()).to_pylist() == [str(2**127 - 1), str(1 - 2**127), None]


def test_a_stream_that_breaks_is_told(refuse: Refuse) -> None:
    def batches() -> Any:
        yield TABLE.to_batches()[0]
        raise ValueError("the warehouse went away")

    broken = pa.RecordBatchReader.from_batches(TABLE.schema, batches())
    assert "the warehouse went away" in refuse(data=broken).message


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\xed\xa0\x80", b"ok\xc3"], ids=["bytes", "half a pair", "cut"])
def test_text_that_is_none_is_refused_before_anything_is_frozen(folder: Path, refuse: Refuse, raw: bytes) -> None:
    ends = pa.array([0, 2, 2 + len(raw)], pa.int32()).buffers()[1]
    table = pa.table({"id": pa.StringArray.from_buffers(2, ends, pa.py_buffer(b"ok" + raw))})
    assert "Invalid UTF8 sequence at string index 1" in refuse(data=table).message
    pq.write_table(table, folder / "a.parquet")
    with pytest.raises(ConfigError, match=r"a\.parquet cannot be read: .*UTF8"):
        require_whole(Model(name="orders", primary_key=("id",), file="a.parquet", folder=str(folder)))


@pytest.mark.parametrize(
    "error",
    [
        pa.ArrowMemoryError("malloc of size 64 failed"),
        duckdb.OutOfMemoryException("x"),
        OSError(errno.ENOMEM, "x"),
        pa.ArrowException("Unknown error: Failed to launch worker thread"),
    ],
    ids=["Arrow", "DuckDB", "the machine", "threads"],
)
def test_a_file_that_does_not_fit_into_memory_is_not_called_damaged(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    pq.write_table(TABLE, folder / "a.parquet")
    monkeypatch.setattr(pq, "ParquetFile", fail)
    require_whole(Model(name="orders", primary_key=("id",), file="a.parquet", folder=str(folder)))
