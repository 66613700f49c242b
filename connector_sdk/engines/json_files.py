"""JSON files: one column for each key, text as it stands, numbers with all of their digits."""

from __future__ import annotations

import re
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

_MIXED = re.compile(r"\bJSON(?=[],)[]|$)")
"""What is of several types inside of a list or an object: numbers, and numbers that are texts."""

_END = "0" * 16
"""A long number that ends each object, so that no search for one begins inside a text."""

_LOST = differs_as_float("n")
"""SQL that is true where floating point does not have the number `n`."""


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
    given = [_together(reading, members) for _, members in groups]
    types, left_out = _columns(reading, _joined(reading, given), said)
    objects, columns = _exact(reading, given, types)
    for (partitions, members), each in zip(groups, objects, strict=True):
        relation = each.read({key: column.type for key, column in columns.items()})
        part = Part(shown(reading.model, members[0]), relation, columns, left_out)
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
    keys = _keys(reading, objects)
    if not keys:
        return types, {}
    left_out = _doubled(keys, said)
    ordered = sorted(keys, key=lambda each: list(types).index(each) if each in types else len(types))
    return {each: types.get(each, "VARCHAR") for each in ordered if each not in left_out}, left_out


def _keys(reading: Reading, objects: _Objects) -> Mapping[str, int]:
    """The keys of all objects, and how often each stands in one object at most."""
    lists = f"select distinct json_keys(json) as keys from {objects.raw}"
    keys = f"select number, unnest(keys) as key from (select row_number() over () as number, keys from ({lists}))"
    times = f"select number, key, count(*) as times from ({keys}) group by all"
    found = reading.connection.execute(f"select key, max(times) from ({times}) group by key order by key").fetchall()
    return dict(found)


def _doubled(keys: Mapping[str, int], said: str) -> dict[str, str]:
    """The keys that cannot be told apart, with the reason. Case makes no difference, as it makes none in SQL."""
    spelled: dict[str, list[str]] = {}
    for each in keys:
        spelled.setdefault(each.casefold(), []).append(each)
    reasons = {each: f"{said}: the key is written {' and '.join(spelled[each.casefold()])}" for each in keys}
    left_out = {each: reason for each, reason in reasons.items() if len(spelled[each.casefold()]) > 1}
    return left_out | {each: f"{said}: an object has the key twice" for each, times in keys.items() if times > 1}


def _exact(
    reading: Reading, objects: Sequence[_Objects], types: Mapping[str, str]
) -> tuple[Sequence[_Objects], dict[str, Column]]:
    """The objects and the columns that are read from them, so that no number loses a digit.

    Whole numbers are read with all of theirs. Fractions are not, so where floating point does not have one, long
    numbers become texts in copies.
    """
    columns = {each: Column(name(each), type_) for each, type_ in types.items()}
    if not any(_has(reading, each.raw, f"regexp_matches(json, {text(_LONG)})") for each in objects):
        return objects, columns
    nested = [each for each, type_ in types.items() if "DOUBLE" in type_ and type_ != "DOUBLE"]
    fractions = f"lambda n: case when regexp_matches(n, '[.eE]') then {differs_as_float('n')} else false end"
    if _lose(reading, objects, ["json"], fractions) or _lose(reading, objects, nested, f"lambda n: {_LOST}"):
        copies = [_quoted(reading, each) for each in objects]
        return copies, _exact_columns(reading, columns, _joined(reading, copies))
    for each, type_ in types.items():
        if type_ == "DOUBLE" and _lose(reading, objects, [each], f"lambda n: {_LOST}"):
            columns[each] = _number_as_text(each)
    return objects, columns


def _lose(reading: Reading, objects: Sequence[_Objects], columns: Sequence[str], lost: str) -> bool:
    """Whether the texts of some columns, or the objects themselves, have a long number that is `lost`."""
    for each in objects:
        relation = each.raw if list(columns) == ["json"] else each.read(dict.fromkeys(columns, "VARCHAR"))
        for column in columns:
            numbers = f"regexp_extract_all({name(column)}, {text(_LONG)})"
            if _has(reading, relation, f"len(list_filter({numbers}, {lost})) > 0"):
                return True
    return False


def _has(reading: Reading, relation: str, condition: str) -> bool:
    found = reading.connection.execute(f"select 1 from {relation} where {condition} limit 1").fetchall()
    return bool(found)


def _quoted(reading: Reading, objects: _Objects) -> _Objects:
    """A copy of objects in which long numbers stand as texts."""
    quoted = f"regexp_replace(json || {text(' ' + _END)}, {text(_QUOTED)}, '\\1\"\\2\"', 'g')"
    return _copy(reading, objects, f"left({quoted}, length({quoted}) - {len(_END) + 2})")


def _exact_columns(reading: Reading, columns: Mapping[str, Column], objects: _Objects) -> dict[str, Column]:
    """The columns as they are read where long numbers are texts: floating point only where it has every digit."""
    found = objects.types(reading)
    exact = dict(columns)
    for each, column in columns.items():
        if column.type != "DOUBLE" and "DOUBLE" in column.type:
            exact[each] = Column(name(each), _MIXED.sub("VARCHAR", found.get(each, column.type)))
        elif column.type == "DOUBLE" and found.get(each) != "DOUBLE":
            relation = objects.read({each: "VARCHAR"})
            lost = _has(reading, relation, differs_as_float(name(each)))
            exact[each] = _number_as_text(each) if lost else column
    return exact


def _number_as_text(column: str) -> Column:
    return Column(f"coalesce({plain_number(name(column))}, {name(column)})", "VARCHAR", "number")
