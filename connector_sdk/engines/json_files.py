"""JSON files: one column for each key, text as it stands, numbers with all of their digits."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from connector_sdk.engines.csv_text import NotTextError, readable_copy, text_file
from connector_sdk.engines.embedded import listed, name, text
from connector_sdk.engines.exact_numbers import differs_as_float, plain_number
from connector_sdk.engines.files import compression_of, shown
from connector_sdk.engines.partitions import Values, add_partitions
from connector_sdk.engines.reading import Reading
from connector_sdk.engines.relation import Column, Part

_KEPT = ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "BOOLEAN", "STRUCT", "MAP")
"""What stays a type of its own; everything else is text, as it is written there."""

_MOST_FILES = 4
"""How many files types are looked for in at once: DuckDB keeps 32 MB of memory for each."""

_LONG = r"(?:[0-9][0-9.]{15,}(?:[eE][+-]?[0-9]+)?|[0-9][0-9.]*[eE][+-]?[0-9]{3,})"
"""A number that floating point may not have: one of sixteen characters and more, or one with a large exponent."""

_QUOTED = r'((?:"(?:[^"\\]|\\.)*"|[^"])*?)' + f"(-?{_LONG})"
"""What stands before a long number, texts as a whole, and the number."""

_END = "0" * 16
"""A long number that ends each object, so that no search for one begins inside a text."""


@frozen
class _Objects:
    """Files of JSON, and how DuckDB reads them: in copies, each object has a line of its own."""

    files: tuple[str, ...]
    copied: bool

    @property
    def raw(self) -> str:
        """SQL for the objects as they are written, in the column `json`."""
        return f"read_json_objects({listed(self.files)}{self._format}, hive_partitioning = false)"

    def read(self, columns: Mapping[str, str]) -> str:
        """SQL that reads keys in these types."""
        given = ", ".join(f"{text(each)}: {text(type_)}" for each, type_ in columns.items())
        auto = ", auto_detect = false" if self.copied and list(columns) != ["json"] else ""
        return f"read_json({listed(self.files)}, columns = {{{given}}}{self._format}{auto}, hive_partitioning = false)"

    def types(self, reading: Reading) -> dict[str, str]:
        """The type of each key, found by looking at every value."""
        whole = "sample_size = -1, map_inference_threshold = -1, maximum_sample_files = -1"
        read = f"read_json({listed(self.files)}, {whole}{self._format}, hive_partitioning = false)"
        found = reading.connection.execute(f"describe select * from {read}").fetchall()
        return {row[0]: _type(row[1]) for row in found}

    @property
    def _format(self) -> str:
        return ", format = 'newline_delimited'" if self.copied else ""


def json_parts(reading: Reading, files: Sequence[str], values: Mapping[str, Values]) -> Iterator[Part]:
    """Return JSON files as relations with the same columns; a key that an object does not have is null.

    Raises `DuckDBError` where they are malformed.
    """
    groups = [(partitions, list(group)) for partitions, group in groupby(files, lambda each: values[each])]
    said = shown(reading.model, files[0]) + (" and others" if len(files) > 1 else "")
    objects = [_together(reading, members) for _, members in groups]
    columns, left_out = _columns(reading, _joined(reading, objects), said)
    if _needs_exact(reading, objects, columns):
        objects = [_quoted(reading, each) for each in objects]
        exact = _exact_columns(reading, columns, _joined(reading, objects))
    else:
        exact = {each: Column(name(each), type_) for each, type_ in columns.items()}
    for (partitions, members), each in zip(groups, objects, strict=True):
        relation = each.read({key: column.type for key, column in exact.items()})
        part = Part(shown(reading.model, members[0]), relation, exact, left_out)
        yield add_partitions(reading, part, partitions)


def _together(reading: Reading, files: Sequence[str]) -> _Objects:
    """Files as they lie if they are one, else in a copy."""
    plain = _Objects(tuple(_plain(reading, each) for each in files), copied=False)
    return plain if len(files) == 1 else _copy(reading, plain, "json")


def _joined(reading: Reading, objects: Sequence[_Objects]) -> _Objects:
    """All objects as a few files."""
    copied = all(each.copied for each in objects)
    files = _Objects(tuple(file for each in objects for file in each.files), copied)
    return files if len(files.files) <= _MOST_FILES else _copy(reading, files, "json")


def _plain(reading: Reading, file: str) -> str:
    """A file that can be read: itself, or what it is when it is decompressed."""
    if compression_of(file) is None:
        return file
    said = shown(reading.model, file)
    try:
        copy = readable_copy(text_file(file, said, "utf-8"), reading.folder, ".json")
    except NotTextError as error:
        raise reading.problem(error.message, "write the file again, in UTF-8") from None
    reading.allowed.append(copy)
    reading.copies[copy] = said
    return copy


def _copy(reading: Reading, objects: _Objects, line: str) -> _Objects:
    """A copy of objects, each on one line; line breaks inside of them only shape them. `line` is SQL for an object."""
    query = f"select translate({line}, chr(10) || chr(13), '  ') || chr(10) from {objects.raw}"
    with tempfile.NamedTemporaryFile(dir=reading.folder, suffix=".ndjson", delete=False) as copy:
        batches: pa.RecordBatchReader = reading.connection.cursor().sql(query).to_arrow_reader()
        for batch in batches:
            lines = batch.column(0)
            whole = pa.LargeListArray.from_arrays([0, len(lines)], lines)
            copy.write(pc.binary_join(whole, "")[0].as_buffer())
    reading.allowed.append(copy.name)
    return _Objects((copy.name,), copied=True)


def _type(type_: str) -> str:
    return type_ if type_.startswith(_KEPT) or type_.endswith("[]") else "VARCHAR"


def _columns(reading: Reading, objects: _Objects, said: str) -> tuple[dict[str, str], dict[str, str]]:
    """The keys with their types, and those that stand twice in an object, or in two spellings."""
    types = objects.types(reading)
    found = reading.connection.execute(
        f"select distinct unnest(json_keys(json)) as key from {objects.raw} order by key"
    )
    keys = [key for (key,) in found.fetchall()]
    if not keys:
        return types, {}
    left_out = _doubled(reading, objects, keys, said)
    ordered = sorted(keys, key=lambda each: list(types).index(each) if each in types else len(types))
    return {each: types.get(each, "VARCHAR") for each in ordered if each not in left_out}, left_out


def _doubled(reading: Reading, objects: _Objects, keys: Sequence[str], said: str) -> dict[str, str]:
    """The keys that cannot be told apart, with the reason. Case makes no difference, as it makes none in SQL."""
    spelled: dict[str, list[str]] = {}
    for each in keys:
        spelled.setdefault(each.casefold(), []).append(each)
    left_out = {
        each: f"{said}: the key is written {' and '.join(spellings)}"
        for spellings in spelled.values()
        for each in spellings
        if len(spellings) > 1
    }
    twice = (
        "select distinct unnest(list_filter(keys, lambda k: len(list_filter(keys, lambda o: o = k)) > 1)) from"
        f" (select json_keys(json) as keys from {objects.raw}) where len(list_distinct(keys)) < len(keys)"
    )
    for (each,) in reading.connection.execute(twice).fetchall():
        left_out[each] = f"{said}: an object has the key twice"
    return left_out


def _needs_exact(reading: Reading, objects: Sequence[_Objects], types: Mapping[str, str]) -> bool:
    """Whether a number has digits that floating point would lose. Whole numbers lose none beside whole numbers."""
    floats = any("DOUBLE" in each for each in types.values())
    lost = differs_as_float("n") + ("" if floats else " and regexp_matches(n, '[.eE]')")
    numbers = f"list_filter(regexp_extract_all(json, {text(_LONG)}), lambda n: {lost})"
    return any(
        reading.connection.execute(f"select 1 from {each.raw} where len({numbers}) > 0 limit 1").fetchall()
        for each in objects
    )


def _quoted(reading: Reading, objects: _Objects) -> _Objects:
    """A copy of objects in which long numbers stand as texts."""
    quoted = f"regexp_replace(json || {text(' ' + _END)}, {text(_QUOTED)}, '\\1\"\\2\"', 'g')"
    return _copy(reading, objects, f"left({quoted}, length({quoted}) - {len(_END) + 2})")


def _exact_columns(reading: Reading, types: Mapping[str, str], objects: _Objects) -> dict[str, Column]:
    """The columns as they are read where long numbers are texts: floating point only where it has every digit."""
    found = objects.types(reading)
    columns = {}
    for each, type_ in types.items():
        value = name(each)
        if type_ == "DOUBLE" and found.get(each) != "DOUBLE" and not _prints_the_same(reading, objects, each):
            columns[each] = Column(f"coalesce({plain_number(value)}, {value})", "VARCHAR", "number")
        elif "DOUBLE" in type_ and type_ != "DOUBLE":
            columns[each] = Column(value, found.get(each, type_))
        else:
            columns[each] = Column(value, type_)
    return columns


def _prints_the_same(reading: Reading, objects: _Objects, column: str) -> bool:
    """Whether floating point has every digit of a column's numbers."""
    read = objects.read({column: "VARCHAR"})
    query = f"select 1 from {read} where {differs_as_float(name(column))} limit 1"
    return not reading.connection.execute(query).fetchall()
