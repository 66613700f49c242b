"""Tables of any values, written as files in several ways, and what must arrive of each: worked out in plain Python."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from connector_sdk import CsvForm, Field, FieldType, Model

Value = Any
Random = random.Random

TEXTS = (
    "x",
    "007",
    "1.10",
    "NULL",
    "a;b",
    "a,b",
    "a|b\tc",
    'say "no"',
    "O'Neil",
    "line\nbreak",
    "é ü 😀",
    " in ",
    "#1",
    "1e5",
)
INTEGERS = (0, 1, -1, 7, 127, 128, -(2**31), 2**31, 2**53, 2**53 + 1, 10**15, 2**63 - 1, -(2**63))
DOUBLES = (0.0, 0.1, -0.5, 1.5, 100.0, 1 / 3, 0.1 + 0.2, 1e22, 123456789012345.5, 5e-324, 1.7976931348623157e308)
ZONES = (UTC, timezone(timedelta(hours=2)), timezone(-timedelta(hours=5, minutes=30)))


@frozen
class Kind:
    """A kind of values: how one is made, its types in the files, and the field that holds it.

    `read` makes a value of the text that arrives in a field of text; `plain` is how a value is written in text.
    """

    name: str
    make: Callable[[Random], Value]
    arrow: pa.DataType
    sql: str
    read: Callable[[str], Value]
    plain: Callable[[Value], str]
    field: FieldType | None


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _any_moment(rng: Random) -> datetime:
    days = rng.choice((0, 365 * 20, rng.randrange(3_600_000)))
    seconds = timedelta(days=days, seconds=rng.randrange(86_400), microseconds=rng.choice((0, 500_000, 123_456)))
    return datetime(2, 1, 1) + min(seconds, timedelta(days=3_600_000))


def _any_decimal(rng: Random) -> Decimal:
    digits = rng.choice((0, 1, 5, 100, 999, rng.randrange(10**6), rng.randrange(10**17), 10**17 - 1))
    return Decimal(rng.choice((1, -1)) * digits).scaleb(-4)


KINDS: Mapping[str, Kind] = {
    each.name: each
    for each in (
        Kind("text", lambda rng: rng.choice(TEXTS), pa.string(), "VARCHAR", str, str, FieldType.TEXT),
        Kind("integer", lambda rng: rng.choice(INTEGERS), pa.int64(), "BIGINT", int, str, FieldType.INTEGER),
        Kind("decimal", _any_decimal, pa.decimal128(17, 4), "DECIMAL(17,4)", Decimal, "{:f}".format, FieldType.DECIMAL),
        Kind("double", lambda rng: rng.choice(DOUBLES), pa.float64(), "DOUBLE", float, repr, None),
        Kind(
            "boolean", lambda rng: rng.random() < 0.5, pa.bool_(), "BOOLEAN", "true".__eq__,
            lambda value: str(value).lower(), FieldType.BOOLEAN,
        ),
        Kind(
            "date", lambda rng: _any_moment(rng).date(), pa.date32(), "DATE", date.fromisoformat,
            date.isoformat, FieldType.DATE,
        ),
        Kind("moment", _any_moment, pa.timestamp("us"), "TIMESTAMP", _moment, datetime.isoformat, FieldType.DATETIME),
        Kind(
            "instant", lambda rng: _any_moment(rng).replace(tzinfo=rng.choice(ZONES)), pa.timestamp("us", "UTC"),
            "TIMESTAMPTZ", _moment, datetime.isoformat, FieldType.DATETIME,
        ),
        Kind(
            "time", lambda rng: _any_moment(rng).time(), pa.time64("us"), "TIME", time.fromisoformat,
            time.isoformat, FieldType.TIME,
        ),
    )
}  # fmt: skip


@frozen
class Table:
    """A table: the kinds of its columns `c0`, `c1`, and so on, and its rows by their keys; a missing value is None."""

    kinds: tuple[Kind, ...]
    rows: Mapping[str, tuple[Value, ...]]

    @property
    def names(self) -> list[str]:
        """The names of its columns."""
        return ["k", *(f"c{number}" for number in range(len(self.kinds)))]

    @property
    def lines(self) -> list[list[Value]]:
        """Its rows with their keys."""
        return [[key, *values] for key, values in self.rows.items()]

    def arrow(self) -> pa.Table:
        """Return the table in Arrow."""
        types = [pa.string(), *(kind.arrow for kind in self.kinds)]
        columns = list(zip(*self.lines, strict=True)) or [()] * len(types)
        arrays = [pa.array(values, type_) for values, type_ in zip(columns, types, strict=True)]
        return pa.table(dict(zip(self.names, arrays, strict=True)))

    def part(self, begin: int, end: int | None = None) -> Table:
        """Return a table with some of its rows."""
        return Table(self.kinds, dict(list(self.rows.items())[begin:end]))


def make_table(seed: int, columns: int = 6) -> Table:
    """Make a table: the same one for the same seed."""
    rng = random.Random(seed)
    kinds = tuple(KINDS[name] for name in rng.sample(sorted(KINDS), columns))
    keys = [rng.choice(("k{}", "00{}", "{}.0", "ä{}")).format(number) for number in range(rng.choice((1, 2, 5, 9)))]
    nulls = rng.choice((0.0, 0.3, 0.9))
    return Table(
        kinds,
        {key: tuple(None if rng.random() < nulls else kind.make(rng) for kind in kinds) for key in keys},
    )


def put_side_by_side(tables: Sequence[Table]) -> Table:
    """Return one table with the columns of several; where a table has fewer rows than another, its values are null."""
    keys = max((list(each.rows) for each in tables), key=len)
    padded = [[*each.rows.values(), *[(None,) * len(each.kinds)] * (len(keys) - len(each.rows))] for each in tables]
    kinds = tuple(kind for each in tables for kind in each.kinds)
    return Table(kinds, {key: tuple(chain(*parts)) for key, *parts in zip(keys, *padded, strict=True)})


def fields(table: Table) -> tuple[Field, ...]:
    """Return the fields for a table: each column goes to a text field, and to one of its own kind if there is one."""
    texts = [Field(name=f"text{number}", type=FieldType.TEXT) for number in range(len(table.kinds))]
    typed = [
        Field(
            name=f"typed{number}", type=kind.field, precision=38 if kind.field is FieldType.DECIMAL else None, scale=10
        )
        for number, kind in enumerate(table.kinds)
        if kind.field is not None
    ]
    return (*texts, *typed)


def read_values(table: Table, record: Mapping[str, Any], number: int) -> list[Value]:
    """Return what arrived of a column in the field of text and in its own field, as values of its kind."""
    kind, text = table.kinds[number], record[f"text{number}"]
    return [None if text is None else kind.read(text), record.get(f"typed{number}")]


def expected_values(table: Table, value: Value, number: int) -> list[Value]:
    """Return what must arrive of a value: the value, in both fields. A moment without a zone is UTC."""
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return [value, value if table.kinds[number].field is not None else None]


def write_by_duckdb(table: Table, folder: Path, rng: Random) -> Model:
    """Let DuckDB write a Parquet file from texts."""
    columns = ", ".join(
        f"cast(t.{each} as {type_}) as {each}" for each, type_ in zip(table.names, _sql(table), strict=True)
    )
    texts = [[_text(value, kind) for value, kind in zip(line, _kinds(table), strict=True)] for line in table.lines]
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register(
            "t", pa.table({each: pa.array(column, pa.string()) for each, column in _columns(table, texts)})
        )
        connection.execute(f"copy (select {columns} from t) to '{folder / 'a.parquet'}' (row_group_size 2048)")
    return _model("a.parquet", rng)


def write_by_arrow(table: Table, folder: Path, rng: Random) -> Model:
    """Let Arrow write a table as two Parquet files, whose types and columns differ where the values allow it."""
    cut = rng.randrange(len(table.rows) + 1)
    for number, part in enumerate((table.part(0, cut), table.part(cut))):
        found = part.arrow()
        if number:
            found = _narrow_types(found).select(rng.sample(found.column_names, len(found.column_names)))
        pq.write_table(found, folder / f"a{number}.parquet", compression=rng.choice(("snappy", "zstd", "none")))
    return _model("a*.parquet", rng)


def write_csv(table: Table, folder: Path, rng: Random) -> Model:
    """Let Python's csv write a CSV file; the model has its types."""
    delimiter, encoding = rng.choice(",;\t|"), rng.choice(("utf-8", "utf-8-sig", "utf-16"))
    with (folder / "a.csv").open("w", encoding=encoding, newline="") as stream:
        ends = rng.choice(("\n", "\r\n"))
        quoting = rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC))
        lines = csv.writer(stream, delimiter=delimiter, lineterminator=ends, quoting=quoting)
        lines.writerow(table.names)
        for line in table.lines:
            lines.writerow([_text(value, kind) for value, kind in zip(line, _kinds(table), strict=True)])
    types = dict(zip(table.names, _sql(table), strict=True))
    return _model("a.csv", rng, types=types, csv=CsvForm(delimiter=delimiter if rng.random() < 0.5 else None))


def write_json(table: Table, folder: Path, rng: Random) -> Model:
    """Write JSON as lines or as one list, with every digit of its numbers; a null may be left out."""
    objects = [
        ", ".join(
            f"{json.dumps(each)}: {_json(value, kind)}"
            for each, value, kind in zip(table.names, line, _kinds(table), strict=True)
            if value is not None or not place or rng.random() < 0.5
        )
        for place, line in enumerate(table.lines)
    ]
    lines = [f"{{{each}}}" for each in objects]
    several = rng.random() < 0.5 and len(lines) > 1
    text = f"[{', '.join(lines)}]" if rng.random() < 0.5 and not several else "\n".join(lines)
    (folder / "a.json").write_text(text, encoding="utf-8")
    if several:
        (folder / "a.json").write_text(lines[0], encoding="utf-8")
        (folder / "b.json").write_text("\n".join(lines[1:]), encoding="utf-8")
    return _model("*.json" if several else "a.json", rng)


def make_data(table: Table, folder: Path, rng: Random) -> Model:
    """Return a model of Arrow data, in one batch or in many."""
    return Model(
        name="rows", primary_key=("k",), data=pa.Table.from_batches(table.arrow().to_batches(rng.choice((1, 3, 1000))))
    )


WAYS: Mapping[str, Callable[[Table, Path, Random], Model]] = {
    "Parquet by DuckDB": write_by_duckdb,
    "two Parquet files by Arrow": write_by_arrow,
    "CSV": write_csv,
    "JSON": write_json,
    "data": make_data,
}
"""The ways in which a table is written."""


def _model(path: str, rng: Random, **settings: Any) -> Model:
    """Return a model that reads files, directly or through SQL."""
    if rng.random() < 0.7:
        return Model(name="rows", primary_key=("k",), file=path, **settings)
    return Model(name="rows", primary_key=("k",), sql=f"select * from '{path}'", **settings)


def _kinds(table: Table) -> Sequence[Kind]:
    return (KINDS["text"], *table.kinds)


def _sql(table: Table) -> list[str]:
    return [kind.sql for kind in _kinds(table)]


def _columns(table: Table, lines: Sequence[Sequence[Value]]) -> list[tuple[str, list[Value]]]:
    return [(each, [line[number] for line in lines]) for number, each in enumerate(table.names)]


def _text(value: Value, kind: Kind) -> str | None:
    return None if value is None else kind.plain(value)


def _json(value: Value, kind: Kind) -> str:
    if value is None:
        return "null"
    return (
        kind.plain(value) if kind.name in ("integer", "decimal", "double", "boolean") else json.dumps(kind.plain(value))
    )


def _narrow_types(table: pa.Table) -> pa.Table:
    """Return the same values in smaller types, as far as they fit."""
    for number, each in enumerate(table.schema):
        for narrower in _NARROWER.get(str(each.type), ()):
            try:
                column = table.column(number).cast(narrower)
            except pa.ArrowInvalid:
                continue
            table = table.set_column(number, each.name, column)
            break
    return table


_NARROWER = {
    "int64": (pa.int8(), pa.int32()),
    "decimal128(17, 4)": (pa.decimal128(8, 4), pa.decimal128(12, 4)),
    "timestamp[us]": (pa.timestamp("ms"),),
    "string": (pa.large_string(),),
}
