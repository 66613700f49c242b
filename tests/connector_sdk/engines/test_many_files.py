"""Many files of one model: a type that holds all of their values, or none at all."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import Open, Read, Refuse

D = Decimal


def write(folder: Path, *columns: pa.Array, **more: list[object]) -> None:
    """Write one file for each array, as the column `n` beside a key."""
    for number, column in enumerate(columns):
        table = pa.table({"id": range(number * 10, number * 10 + len(column)), "n": column})
        pq.write_table(table, folder / f"{number}.parquet")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.rule("V4")
@pytest.mark.parametrize(
    ("first", "second", "type_", "values"),
    [
        (pa.array([3], pa.int64()), pa.array([2.7]), pa.float64(), [3.0, 2.7]),
        (pa.array([2**53], pa.int64()), pa.array([0.5]), pa.float64(), [2.0**53, 0.5]),
        (pa.array([5], pa.int32()), pa.array([2**40], pa.int64()), pa.int64(), [5, 2**40]),
        (pa.array([5], pa.uint8()), pa.array([-5], pa.int8()), pa.int16(), [5, -5]),
        (pa.array([2**64 - 1], pa.uint64()), pa.array([-5], pa.int8()), pa.decimal128(38, 0), [D(2**64 - 1), D(-5)]),
        (pa.array([7]), pa.array([D("1.25")], pa.decimal128(20, 2)), pa.decimal128(21, 2), [D(7), D("1.25")]),
        (
            pa.array([D("1.5")], pa.decimal128(5, 1)),
            pa.array([D("0.125")], pa.decimal128(4, 3)),
            pa.decimal128(7, 3),
            [D("1.5"), D("0.125")],
        ),
        (
            pa.array([12], pa.int64()),
            pa.array([D("1." + "1" * 30)], pa.decimal128(38, 30)),
            pa.decimal128(38, 30),
            [D(12), D("1." + "1" * 30)],
        ),
        (pa.array([0.1], pa.float32()), pa.array([0.1]), pa.float64(), [0.1, 0.1]),
        (pa.array([None], pa.string()), pa.array([5], pa.int64()), pa.int64(), [None, 5]),
        (pa.nulls(1), pa.array(["x"]), pa.string(), [None, "x"]),
        (
            pa.array([moment("2026-01-31T10:00:00")], pa.timestamp("us")),
            pa.array([moment("2026-01-31T10:00:00+02:00")], pa.timestamp("us", "Europe/Berlin")),
            pa.timestamp("us", "UTC"),
            [datetime(2026, 1, 31, 10, tzinfo=UTC), datetime(2026, 1, 31, 8, tzinfo=UTC)],
        ),
        (
            pa.array([1_000], pa.timestamp("ns")),
            pa.array([moment("2026-01-31T10:00:00")], pa.timestamp("us")),
            pa.timestamp("us"),
            [datetime(1970, 1, 1, 0, 0, 0, 1), datetime(2026, 1, 31, 10)],
        ),
    ],
    ids=[
        "integers and doubles", "the largest exact integer", "small and large integers", "with and without a sign",
        "beyond BIGINT", "integers and decimals", "decimals of two scales", "integers that just fit",
        "single and double precision", "nulls of another type", "nulls of no type", "with and without a zone",
        "nanoseconds",
    ],
)  # fmt: skip
def test_types_of_two_files_become_one_that_holds_both(
    folder: Path, read: Read, first: pa.Array, second: pa.Array, type_: pa.DataType, values: list[object]
) -> None:
    for turned in (False, True):
        write(folder, *((second, first) if turned else (first, second)))
        column = read(file="*.parquet", used=("n",)).column("n").combine_chunks()
        assert column.type == type_
        assert column.equals(pa.array(values[::-1] if turned else values, type_))


@pytest.mark.rule("V4", "V19")
@pytest.mark.parametrize(
    ("first", "second", "types"),
    [
        (pa.array([3]), pa.array(["007"]), ("BIGINT", "VARCHAR")),
        (pa.array([D("123456789.12")], pa.decimal128(20, 2)), pa.array([0.5]), ("DECIMAL(20,2)", "DOUBLE")),
        (pa.array([5]), pa.array([True]), ("BIGINT", "BOOLEAN")),
        (pa.array([date(2026, 1, 31)]), pa.array([datetime(2026, 1, 31)], pa.timestamp("us")), ("DATE", "TIMESTAMP")),
        (pa.array([2**53 + 1]), pa.array([0.5]), ("BIGINT", "DOUBLE")),
        (pa.array([2**24 + 1]), pa.array([0.5], pa.float32()), ("BIGINT", "FLOAT")),
        (
            pa.array([10**18]),
            pa.array([D("1." + "1" * 30)], pa.decimal128(38, 30)),
            ("BIGINT", "DECIMAL(38,30)"),
        ),
        (pa.array([1], pa.timestamp("ns")), pa.array([1], pa.timestamp("us")), ("TIMESTAMP_NS", "TIMESTAMP")),
        (pa.array([[1]]), pa.array([["x"]]), ("BIGINT[]", "VARCHAR[]")),
        (pa.array([{"x": 1}]), pa.array([{"y": 1}]), ("STRUCT(x BIGINT)", "STRUCT(y BIGINT)")),
        (pa.array([b"x"]), pa.array(["x"]), ("BLOB", "VARCHAR")),
    ],
    ids=[
        "text", "decimals and doubles", "booleans", "dates and times", "too large for a double",
        "too large for a float", "too many digits", "nanoseconds that count", "lists", "structs", "bytes",
    ],
)  # fmt: skip
def test_a_column_that_no_type_holds_is_an_error_where_it_is_used_and_nowhere_else(
    folder: Path, read: Read, lack: Refuse, first: pa.Array, second: pa.Array, types: tuple[str, str]
) -> None:
    write(folder, first, second)
    assert read(file="*.parquet").column("id").to_pylist() == [0, 10]
    said = f"0.parquet has it as {types[0]}, 1.parquet as {types[1]}: no type holds the values of both"
    assert lack(file="*.parquet", lacking="n").message == f"the column n of model orders cannot be used: {said}"


@pytest.mark.rule("V19")
@pytest.mark.parametrize("name", ["parquet", "csv"])
def test_a_column_that_a_file_lacks_is_an_error_where_it_is_used_and_nowhere_else(
    folder: Path, read: Read, lack: Refuse, name: str
) -> None:
    for number, columns in enumerate((["id", "n"], ["n", "id"], ["id"])):
        with duckdb.connect() as connection:
            values = ", ".join(f"'{number}' as {each}" for each in columns)
            connection.execute(f"copy (select {values}) to '{folder / f'{number}.{name}'}' (format {name})")
    assert read(file=f"*.{name}").column("id").to_pylist() == ["0", "1", "2"]
    message = lack(file=f"*.{name}", lacking="n").message
    assert message.endswith(f"cannot be used: 2.{name} has no such column, and 0.{name} has one")


@pytest.mark.rule("V19")
def test_a_column_that_no_type_holds_is_told_where_sql_names_it(folder: Path, read: Read, refuse: Refuse) -> None:
    write(folder, pa.array([3]), pa.array(["007"]))
    assert read(sql="select * from '*.parquet'").column_names == ["id", "#"]
    for sql in (
        "select id, n from '*.parquet'",
        "select id from '*.parquet' where n = 3",
        "select id, t.N from '*.parquet' t",
    ):
        assert "1.parquet as VARCHAR" in refuse(sql=sql).message


@pytest.mark.rule("V4")
def test_the_values_of_three_files_are_all_exact(folder: Path, read: Read) -> None:
    write(
        folder,
        pa.array([1], pa.int32()),
        pa.array([2**40], pa.int64()),
        pa.array([D("12345678901234567.89")], pa.decimal128(20, 2)),
    )
    table = read(file="*.parquet", used=("n",))
    assert table.column("n").to_pylist() == [D(1), D(2**40), D("12345678901234567.89")]


def test_columns_of_many_files_go_by_their_names_in_whatever_order_and_case(folder: Path, read: Read) -> None:
    pq.write_table(pa.table({"id": [1], "n": ["a"]}), folder / "1.parquet")
    pq.write_table(pa.table({"N": ["b"], "id": [2]}), folder / "2.parquet")
    assert read(file="*.parquet").to_pydict() == {"id": [1, 2], "n": ["a", "b"], "#": [1, 2]}
    (folder / "1.csv").write_text("id,n\n1,a\n", encoding="utf-8")
    (folder / "2.csv").write_text("n;id\nb;2\n", encoding="utf-8")
    assert read(file="*.csv", used=("n",)).to_pydict() == {"id": ["1", "2"], "n": ["a", "b"], "#": [1, 2]}


def test_rows_of_files_of_several_forms_keep_their_order(folder: Path, read: Read) -> None:
    for number, type_ in enumerate((pa.int32(), pa.int64(), pa.int32())):
        pq.write_table(
            pa.table({"id": pa.array(range(number * 50_000, (number + 1) * 50_000), type_)}),
            folder / f"{number}.parquet",
        )
    assert read(file="*.parquet").column("id").to_pylist() == list(range(150_000))


def test_files_of_one_form_and_single_files_are_read_where_they_lie(folder: Path, open_: Open) -> None:
    for number in range(2):
        pq.write_table(pa.table({"id": [number], "n": ["x"]}), folder / f"{number}.parquet")
    for pattern in ("*.parquet", "0.parquet"):
        assert "model.parquet" not in open_(file=pattern).relation
        assert str(folder) in open_(file=pattern).relation


def test_a_key_that_only_the_last_of_many_json_files_has_is_not_missed(folder: Path, read: Read) -> None:
    for number in range(40):
        late = ', "late": "x"' if number == 39 else ""
        (folder / f"{number:02}.jsonl").write_text(f'{{"id": {number}{late}}}\n', encoding="utf-8")
    assert read(file="*.jsonl", used=("late",)).column("late").to_pylist() == [None] * 39 + ["x"]
