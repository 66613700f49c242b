"""Read JSON files: one column for each key, text unchanged, numbers with all of their digits."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from connector_sdk.contract.errors import ConfigError
from connector_sdk.engines.csv_text import NotTextError, is_marked, readable_copy, text_file
from connector_sdk.engines.exact_numbers import differs_as_float, plain_number
from connector_sdk.engines.files import compression_of, display_path
from connector_sdk.engines.json_types import exact_type, mark_number_types, readable_type, unmark
from connector_sdk.engines.partitions import Values, add_partitions
from connector_sdk.engines.reading import Reading
from connector_sdk.engines.relation import Column, Part
from connector_sdk.engines.sql import list_paths, name, text
from connector_sdk.files.private import temporary_file

_MOST_FILES = 4
"""The most files in which DuckDB detects types at once. It uses 32 MB of memory for each."""

_LONG = r"(?:[0-9][0-9.]{15,}(?:[eE][+-]?[0-9]+)?|[0-9][0-9.]*[eE][+-]?[0-9]{3,})"
"""A number that floating point may not hold exactly: of at least sixteen characters, or with a large exponent."""

_QUOTED = r'((?:"(?:[^"\\]|\\.)*"|[^"])*?)' + f"(-?{_LONG})"
"""The text before a long number, with quoted strings as units, and the number."""

_END = "0" * 16
"""A long number that ends each object, so that no search for a long number begins inside a quoted string."""

_ANY = f"lambda n: {differs_as_float('n')}"
"""SQL that is true for a number that floating point does not hold exactly."""

_FRACTION = f"lambda n: case when regexp_matches(n, '[.eE]') then {differs_as_float('n')} else false end"
"""The same, except that it is false for integers in plain digits, which are read with all of their digits."""


@frozen
class _Objects:
    """JSON files, and how DuckDB reads them. In copies, each object is on a line of its own."""

    files: tuple[str, ...]
    copied: bool

    @property
    def raw(self) -> str:
        """SQL for the objects as they are written, in a column `json`."""
        return f"read_json_objects({list_paths(self.files)}{self._format}, hive_partitioning = false)"

    def read(self, columns: Mapping[str, str]) -> str:
        """Return SQL that reads keys in these types."""
        given = ", ".join(f"{text(each)}: {text(type_)}" for each, type_ in columns.items())
        auto = ", auto_detect = false" if self.copied and list(columns) != ["json"] else ""
        return (
            f"read_json({list_paths(self.files)}, columns = {{{given}}}{self._format}{auto}, hive_partitioning = false)"
        )

    def types(self, reading: Reading) -> dict[str, str]:
        """Return the type of each key, detected from all of its values."""
        whole = "sample_size = -1, map_inference_threshold = -1, maximum_sample_files = -1"
        read = f"read_json({list_paths(self.files)}, {whole}{self._format}, hive_partitioning = false)"
        found = reading.connection.execute(f"describe select * from {read}").fetchall()
        return {row[0]: readable_type(row[1], whole=_is_whole(reading)) for row in found}

    @property
    def _format(self) -> str:
        return ", format = 'newline_delimited'" if self.copied else ""


@frozen
class _Exact:
    """Objects, the types in which their keys are read, and the columns that are computed from these."""

    objects: Sequence[_Objects]
    read_as: Mapping[str, str]
    columns: Mapping[str, Column]


def json_parts(reading: Reading, files: Sequence[str], values: Mapping[str, Values]) -> Iterator[Part]:
    """Yield JSON files as relations with the same columns. A key that an object lacks is null.

    Raises `duckdb.Error` if they are malformed.
    """
    groups = [(partitions, list(group)) for partitions, group in groupby(files, lambda each: values[each])]
    said = display_path(reading.model, files[0]) + (" and others" if len(files) > 1 else "")
    given = [_combine_files(reading, members) for _, members in groups]
    types, left_out = _columns(reading, _limit_files(reading, given), said)
    exact = _exact(reading, given, types)
    for (partitions, members), each in zip(groups, exact.objects, strict=True):
        relation = each.read(exact.read_as)
        part = Part(display_path(reading.model, members[0]), relation, exact.columns, left_out)
        yield add_partitions(reading, part, partitions)


def _combine_files(reading: Reading, files: Sequence[str]) -> _Objects:
    """Return a single file in place, and several files as one copy."""
    plain = _Objects(tuple(_plain(reading, each) for each in files), copied=False)
    return plain if len(files) == 1 else _copy(reading, plain, "json")


def _limit_files(reading: Reading, objects: Sequence[_Objects]) -> _Objects:
    """Return all objects in at most `_MOST_FILES` files: in place, or as one copy."""
    copied = all(each.copied for each in objects)
    files = _Objects(tuple(file for each in objects for file in each.files), copied)
    return files if len(files.files) <= _MOST_FILES else _copy(reading, files, "json")


def _plain(reading: Reading, file: str) -> str:
    """Return a path that DuckDB can read: a copy if the file is compressed or has a byte order mark, else its own."""
    if compression_of(file) is None and not is_marked(file):
        return file
    said = display_path(reading.model, file)
    try:
        copy = readable_copy(text_file(file, said), reading.folder, ".json", is_copied=True)
    except NotTextError as error:
        raise reading.problem(error.message, "write the file again, in UTF-8") from None
    reading.allowed.append(copy)
    reading.copies[copy] = said
    return copy


def _copy(reading: Reading, objects: _Objects, line: str) -> _Objects:
    """Copy objects into a file, each on one line. `line` is SQL for an object.

    Line breaks inside of an object become spaces. They are only layout, because JSON strings escape theirs.
    """
    query = f"select translate({line}, chr(10) || chr(13), '  ') || chr(10) from {objects.raw}"
    with temporary_file(reading.folder, ".ndjson") as copy:
        batches: pa.RecordBatchReader = reading.connection.cursor().sql(query).to_arrow_reader()
        for batch in batches:
            lines = batch.column(0)
            whole = pa.LargeListArray.from_arrays([0, len(lines)], lines)
            copy.write(pc.binary_join(whole, "")[0].as_buffer())
    reading.allowed.append(copy.name)
    return _Objects((copy.name,), copied=True)


def _is_whole(reading: Reading) -> bool:
    """Return whether nested objects are used as a whole. Only a model's SQL uses their members."""
    return reading.model.sql is None


def _columns(reading: Reading, objects: _Objects, said: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the keys with their types, and those that are left out with the reason, because they are ambiguous.

    Raises `ConfigError` if there are no keys.
    """
    types = objects.types(reading)
    keys = _keys(reading, objects)
    if not keys:
        raise _no_objects(reading, objects, said)
    left_out = _find_ambiguous_keys(keys, said)
    ordered = sorted(keys, key=lambda each: list(types).index(each) if each in types else len(types))
    return {each: types.get(each, "VARCHAR") for each in ordered if each not in left_out}, left_out


def _no_objects(reading: Reading, objects: _Objects, said: str) -> ConfigError:
    """Return the error for files without an object that has keys."""
    if _has(reading, objects.raw, "true"):
        return reading.problem(f"{said} holds no objects with keys", "write one object for each row")
    hint = "JSON without rows has no columns; a CSV or Parquet file without rows still has them"
    return reading.problem(f"{said} has no rows", hint)


def _keys(reading: Reading, objects: _Objects) -> Mapping[str, int]:
    """Return the keys of all objects, each with the most times that it occurs in one object."""
    lists = f"select distinct json_keys(json) as keys from {objects.raw}"
    keys = f"select number, unnest(keys) as key from (select row_number() over () as number, keys from ({lists}))"
    times = f"select number, key, count(*) as times from ({keys}) group by all"
    found = reading.connection.execute(f"select key, max(times) from ({times}) group by key order by key").fetchall()
    return dict(found)


def _find_ambiguous_keys(keys: Mapping[str, int], said: str) -> dict[str, str]:
    """Return the keys that are ambiguous, with the reason. Case makes no difference, as in SQL."""
    spelled: dict[str, list[str]] = {}
    for each in keys:
        spelled.setdefault(each.casefold(), []).append(each)
    reasons = {each: f"{said}: the key is written {' and '.join(spelled[each.casefold()])}" for each in keys}
    left_out = {each: reason for each, reason in reasons.items() if len(spelled[each.casefold()]) > 1}
    return left_out | {each: f"{said}: an object has the key twice" for each, times in keys.items() if times > 1}


def _exact(reading: Reading, objects: Sequence[_Objects], types: Mapping[str, str]) -> _Exact:
    """Return the objects, and how to read columns from them, so that no number loses a digit.

    DuckDB reads integers with all of their digits, but fractions as floating point. If floating point does not hold a
    fraction exactly, the objects are copied, and long numbers in the copies become marked texts.
    """
    if not any(_has(reading, each.raw, f"regexp_matches(json, {text(_LONG)})") for each in objects):
        return _Exact(objects, types, {each: Column(name(each), type_) for each, type_ in types.items()})
    if any(_lose(reading, each.raw, "json", _FRACTION) for each in objects):
        return _exact_copies(reading, objects, types)
    lossy = {
        each
        for each, type_ in types.items()
        if "DOUBLE" in type_ and any(_lose(reading, part.read({each: "VARCHAR"}), name(each), _ANY) for part in objects)
    }
    exact = {each: _exact_type(reading, type_) if each in lossy else type_ for each, type_ in types.items()}
    columns = {each: _column(name(each), type_, exact[each]) for each, type_ in types.items()}
    return _Exact(objects, exact, columns)


def _exact_copies(reading: Reading, objects: Sequence[_Objects], types: Mapping[str, str]) -> _Exact:
    """Return copies of the objects in which long numbers are marked texts, and how to read columns from these."""
    mark = uuid.uuid4().hex
    copies = [_mark_long_numbers(reading, each, mark) for each in objects]
    joined = _limit_files(reading, copies)
    columns, read_as = {}, {}
    for each, type_ in types.items():
        written = f"(select {unmark(name(each), 'VARCHAR', mark)} as n from {joined.read({each: 'VARCHAR'})})"
        is_lossy = "DOUBLE" in type_ and _lose(reading, written, "n", _ANY)
        exact = _exact_type(reading, type_) if is_lossy else type_
        read_as[each] = mark_number_types(exact)
        columns[each] = _column(unmark(name(each), exact, mark), type_, exact)
    return _Exact(copies, read_as, columns)


def _exact_type(reading: Reading, type_: str) -> str:
    return "VARCHAR" if type_ == "DOUBLE" else exact_type(type_, whole=_is_whole(reading))


def _column(value: str, type_: str, exact: str) -> Column:
    """Return a column whose values are read as `exact`. Numbers that are read as text become plain digits."""
    if type_ == "DOUBLE" and exact == "VARCHAR":
        return Column(f"coalesce({plain_number(value)}, {value})", exact, "number")
    return Column(value, exact)


def _lose(reading: Reading, relation: str, written: str, lost: str) -> bool:
    """Return whether a text of a relation, `written` in SQL, has a long number for which the lambda `lost` is true."""
    return _has(reading, relation, f"len(list_filter(regexp_extract_all({written}, {text(_LONG)}), {lost})) > 0")


def _has(reading: Reading, relation: str, condition: str) -> bool:
    found = reading.connection.execute(f"select 1 from {relation} where {condition} limit 1").fetchall()
    return bool(found)


def _mark_long_numbers(reading: Reading, objects: _Objects, mark: str) -> _Objects:
    """Copy objects, and turn long numbers into texts that begin with a mark."""
    marked = f"regexp_replace(json || {text(' ' + _END)}, {text(_QUOTED)}, '\\1\"{mark}\\2\"', 'g')"
    return _copy(reading, objects, f"left({marked}, length({marked}) - {len(_END) + len(mark) + 2})")
