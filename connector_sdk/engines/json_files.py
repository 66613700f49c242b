"""JSON files: one column for each key, text as it stands, numbers with all of their digits."""

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
"""How many files types are looked for in at once: DuckDB keeps 32 MB of memory for each."""

_LONG = r"(?:[0-9][0-9.]{15,}(?:[eE][+-]?[0-9]+)?|[0-9][0-9.]*[eE][+-]?[0-9]{3,})"
"""A number that floating point may not have: one of sixteen characters and more, or one with a large exponent."""

_QUOTED = r'((?:"(?:[^"\\]|\\.)*"|[^"])*?)' + f"(-?{_LONG})"
"""What stands before a long number, texts as a whole, and the number."""

_END = "0" * 16
"""A long number that ends each object, so that no search for one begins inside a text."""

_ANY = f"lambda n: {differs_as_float('n')}"
"""SQL that is true for a number that floating point does not have."""

_FRACTION = f"lambda n: case when regexp_matches(n, '[.eE]') then {differs_as_float('n')} else false end"
"""The same for one that is no whole number in digits: these are read with all of theirs."""


@frozen
class _Objects:
    """Files of JSON, and how DuckDB reads them: in copies, each object has a line of its own."""

    files: tuple[str, ...]
    copied: bool

    @property
    def raw(self) -> str:
        """SQL for the objects as they are written, in the column `json`."""
        return f"read_json_objects({list_paths(self.files)}{self._format}, hive_partitioning = false)"

    def read(self, columns: Mapping[str, str]) -> str:
        """SQL that reads keys in these types."""
        given = ", ".join(f"{text(each)}: {text(type_)}" for each, type_ in columns.items())
        auto = ", auto_detect = false" if self.copied and list(columns) != ["json"] else ""
        return (
            f"read_json({list_paths(self.files)}, columns = {{{given}}}{self._format}{auto}, hive_partitioning = false)"
        )

    def types(self, reading: Reading) -> dict[str, str]:
        """The type of each key, found by looking at every value."""
        whole = "sample_size = -1, map_inference_threshold = -1, maximum_sample_files = -1"
        read = f"read_json({list_paths(self.files)}, {whole}{self._format}, hive_partitioning = false)"
        found = reading.connection.execute(f"describe select * from {read}").fetchall()
        return {row[0]: readable_type(row[1], whole=_is_whole(reading)) for row in found}

    @property
    def _format(self) -> str:
        return ", format = 'newline_delimited'" if self.copied else ""


@frozen
class _Exact:
    """Objects, the types that their keys are read as, and the columns that are made of these."""

    objects: Sequence[_Objects]
    read_as: Mapping[str, str]
    columns: Mapping[str, Column]


def json_parts(reading: Reading, files: Sequence[str], values: Mapping[str, Values]) -> Iterator[Part]:
    """Return JSON files as relations with the same columns; a key that an object does not have is null.

    Raises `DuckDBError` where they are malformed.
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
    """Files as they lie if they are one, else in a copy."""
    plain = _Objects(tuple(_plain(reading, each) for each in files), copied=False)
    return plain if len(files) == 1 else _copy(reading, plain, "json")


def _limit_files(reading: Reading, objects: Sequence[_Objects]) -> _Objects:
    """All objects as a few files."""
    copied = all(each.copied for each in objects)
    files = _Objects(tuple(file for each in objects for file in each.files), copied)
    return files if len(files.files) <= _MOST_FILES else _copy(reading, files, "json")


def _plain(reading: Reading, file: str) -> str:
    """A file that can be read: itself, or a copy of one that is compressed or begins with a byte order mark."""
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
    """A copy of objects, each on one line; line breaks inside of them only shape them. `line` is SQL for an object."""
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
    """Whether objects are used as they are: only SQL takes their members."""
    return reading.model.sql is None


def _columns(reading: Reading, objects: _Objects, said: str) -> tuple[dict[str, str], dict[str, str]]:
    """The keys with their types, and those that stand twice in an object, or in two spellings."""
    types = objects.types(reading)
    keys = _keys(reading, objects)
    if not keys:
        raise _no_objects(reading, objects, said)
    left_out = _find_ambiguous_keys(keys, said)
    ordered = sorted(keys, key=lambda each: list(types).index(each) if each in types else len(types))
    return {each: types.get(each, "VARCHAR") for each in ordered if each not in left_out}, left_out


def _no_objects(reading: Reading, objects: _Objects, said: str) -> ConfigError:
    """The error for files in which no object says what the columns are."""
    if _has(reading, objects.raw, "true"):
        return reading.problem(f"{said} holds no objects with keys", "write one object for each row")
    hint = "JSON without rows has no columns; a CSV or Parquet file without rows still has them"
    return reading.problem(f"{said} has no rows", hint)


def _keys(reading: Reading, objects: _Objects) -> Mapping[str, int]:
    """The keys of all objects, and how often each stands in one object at most."""
    lists = f"select distinct json_keys(json) as keys from {objects.raw}"
    keys = f"select number, unnest(keys) as key from (select row_number() over () as number, keys from ({lists}))"
    times = f"select number, key, count(*) as times from ({keys}) group by all"
    found = reading.connection.execute(f"select key, max(times) from ({times}) group by key order by key").fetchall()
    return dict(found)


def _find_ambiguous_keys(keys: Mapping[str, int], said: str) -> dict[str, str]:
    """The keys that cannot be told apart, with the reason. Case makes no difference, as it makes none in SQL."""
    spelled: dict[str, list[str]] = {}
    for each in keys:
        spelled.setdefault(each.casefold(), []).append(each)
    reasons = {each: f"{said}: the key is written {' and '.join(spelled[each.casefold()])}" for each in keys}
    left_out = {each: reason for each, reason in reasons.items() if len(spelled[each.casefold()]) > 1}
    return left_out | {each: f"{said}: an object has the key twice" for each, times in keys.items() if times > 1}


def _exact(reading: Reading, objects: Sequence[_Objects], types: Mapping[str, str]) -> _Exact:
    """The objects, and how columns are read from them, so that no number loses a digit.

    Whole numbers are read with all of theirs. Fractions are not, so where floating point does not have one, long
    numbers become marked texts in copies.
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
    """Copies of the objects in which long numbers are marked texts, and how columns are read from these."""
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
    """A column of values that are read as `exact`; floating point that is read as text becomes plain digits."""
    if type_ == "DOUBLE" and exact == "VARCHAR":
        return Column(f"coalesce({plain_number(value)}, {value})", exact, "number")
    return Column(value, exact)


def _lose(reading: Reading, relation: str, written: str, lost: str) -> bool:
    """Whether a text in a relation, `written` in SQL, has a long number that is `lost`."""
    return _has(reading, relation, f"len(list_filter(regexp_extract_all({written}, {text(_LONG)}), {lost})) > 0")


def _has(reading: Reading, relation: str, condition: str) -> bool:
    found = reading.connection.execute(f"select 1 from {relation} where {condition} limit 1").fetchall()
    return bool(found)


def _mark_long_numbers(reading: Reading, objects: _Objects, mark: str) -> _Objects:
    """A copy of objects in which long numbers stand as texts that begin with a mark."""
    marked = f"regexp_replace(json || {text(' ' + _END)}, {text(_QUOTED)}, '\\1\"{mark}\\2\"', 'g')"
    return _copy(reading, objects, f"left({marked}, length({marked}) - {len(_END) + len(mark) + 2})")
