"""Read Parquet files in place, each by its own schema, and consecutive files of one schema together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from connector_sdk.engines.exact_numbers import plain_number
from connector_sdk.engines.files import display_path
from connector_sdk.engines.partitions import Values, add_partitions
from connector_sdk.engines.reading import Reading
from connector_sdk.engines.relation import Column, Part, find_doubled
from connector_sdk.engines.sql import list_paths, name, parquet
from connector_sdk.engines.wide_decimals import is_wide, readable, readable_type
from connector_sdk.files.private import temporary_file

_MOST_DIGITS = 38


@frozen
class _Schema:
    """The columns of a file in their order: their names in the file, their names in DuckDB, and their types.

    `wide` lists the columns with decimals too wide for DuckDB, also nested ones, each with the type of the decimal.
    """

    names: tuple[str, ...]
    read_as: tuple[str, ...]
    types: tuple[str, ...]
    wide: tuple[tuple[str, str], ...]


def parquet_parts(reading: Reading, files: Sequence[str], values: Mapping[str, Values]) -> Iterator[Part]:
    """Yield Parquet files as relations. Consecutive files with one schema and the same partitions become one relation.

    Only their footers are read, unless a column that the sync may use has wide decimals.
    """
    schemas = _schemas(reading, files)
    for (schema, partitions), group in groupby(files, lambda each: (schemas[each], values[each])):
        members = list(group)
        wide = [each for each, _ in schema.wide if reading.may_use(each)]
        for together in [[each] for each in members] if wide else [members]:
            part = _part(reading, together, schema)
            yield add_partitions(reading, _with_wide(reading, part, together[0], schema) if wide else part, partitions)


def _schemas(reading: Reading, files: Sequence[str]) -> Mapping[str, _Schema]:
    """Return the schema of each file. Files with equal footers share one query to DuckDB."""
    query = "select * exclude (field_id, repetition_type) from parquet_schema"
    found: pa.Table = reading.connection.sql(f"{query}({list_paths(files)})").to_arrow_table()
    nodes: dict[str, list[Mapping[str, Any]]] = {}
    for row in found.to_pylist():
        nodes.setdefault(row.pop("file_name"), []).append(row)
    known: dict[str, _Schema] = {}
    schemas = {}
    for file in files:
        footer = repr(nodes[file])
        schemas[file] = known[footer] if footer in known else known.setdefault(footer, _schema(reading, file, nodes))
    return schemas


def _schema(reading: Reading, file: str, nodes: Mapping[str, Sequence[Mapping[str, Any]]]) -> _Schema:
    described = reading.connection.execute(f"describe select * from {parquet([file])}").fetchall()
    columns = list(_columns(nodes[file]))
    wide = [(column[0]["name"], _wide_type(column)) for column in columns]
    return _Schema(
        tuple(column[0]["name"] for column in columns),
        tuple(row[0] for row in described),
        tuple(row[1] for row in described),
        tuple((each, type_) for each, type_ in wide if type_),
    )


def _columns(nodes: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yield the columns of a file, each with its nested nodes. A schema lists nodes depth first, after its root."""
    position = 1
    while position < len(nodes):
        start, open_ = position, 1
        while open_:
            open_ += (nodes[position]["num_children"] or 0) - 1
            position += 1
        yield nodes[start:position]


def _wide_type(column: Sequence[Mapping[str, Any]]) -> str:
    """Return the type of a wide decimal in a column; empty if there is none."""
    found = next((each for each in column if (each["precision"] or 0) > _MOST_DIGITS), None)
    return f"DECIMAL({found['precision']},{found['scale'] or 0})" if found else ""


def _part(reading: Reading, files: Sequence[str], schema: _Schema) -> Part:
    said = display_path(reading.model, files[0])
    doubled = find_doubled(schema.names, said)
    wide = {each: f"{said} has it as {type_}" for each, type_ in schema.wide}
    columns = {
        each: Column(name(read_as), type_)
        for each, read_as, type_ in zip(schema.names, schema.read_as, schema.types, strict=True)
        if each not in doubled and each not in wide
    }
    return Part(said, parquet(files), columns, wide | doubled, files)


def _with_wide(reading: Reading, part: Part, file: str, schema: _Schema) -> Part:
    """Return the part read from a copy of its file, which has only the used columns, with wide decimals as text.

    If Arrow cannot convert them to text, return the part unchanged, without these columns.
    """
    doubled = find_doubled(schema.names, part.shown)
    try:
        copy, types = _copy(
            reading, file, [each for each in schema.names if reading.may_use(each) and each not in doubled]
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        return part
    written = dict(schema.wide)
    described = reading.connection.execute(f"describe select * from {parquet([copy])}").fetchall()
    columns = {
        each: Column(plain_number(name(each)) if is_wide(types[each]) else name(each), type_, written.get(each, ""))
        for each, type_, *_ in described
    }
    reading.allowed.append(copy)
    left_out = {each: reason for each, reason in part.left_out.items() if each not in columns}
    return Part(part.shown, parquet([copy]), columns, left_out, [copy])


def _copy(reading: Reading, file: str, columns: Sequence[str]) -> tuple[str, Mapping[str, pa.DataType]]:
    """Copy columns of a file in batches. Return the copy's path and the types of the columns in the file."""
    source = pq.ParquetFile(file)
    fields = [source.schema_arrow.field(each) for each in columns]
    schema = pa.schema([each.with_type(readable_type(each.type)) for each in fields])
    with (
        temporary_file(reading.folder, ".parquet") as copy,
        pq.ParquetWriter(copy, schema) as writer,
    ):
        for batch in source.iter_batches(columns=list(columns)):
            arrays = [readable(batch.column(each.name), each.type) for each in schema]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return copy.name, {each.name: each.type for each in fields}
