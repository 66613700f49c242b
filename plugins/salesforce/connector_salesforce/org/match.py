"""Find records by the values of a field, paired as the field itself compares them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.ids import impossible_ids, to18
from connector_salesforce.org import conversion, soql
from connector_salesforce.org.descriptions import Description
from connector_salesforce.org.fields import IDS, TYPES, absent
from connector_salesforce.org.org import Org
from connector_salesforce.transport.answer_shape import (
    FLAG,
    LIKE_ID,
    NUMBER,
    TEXT,
    MemberKind,
    Shape,
    optional,
    unreadable,
)
from connector_sdk import MATCH_SCHEMA, ConfigError, Executed

_LONGEST_ADDRESS = 14_000
"""Bytes of an encoded query; an address may have 16,384 with all that is around it ("SOQL and SOSL Limits")."""

_LONGEST_QUERY = 100_000
"""Characters of a query."""

_MOST_VALUES = 2_000
"""Values of a query, so that the records of unique values fit one page."""

_NUMBERS = ("int", "long", "double", "currency", "percent")
"""The types whose values are numbers."""

_TOO_LONG = (400, 413, 414, 431)
"""Statuses with which a server refuses what is longer than it takes."""

Key = Any
Fold = Callable[[Any], Key | None]


def match(
    org: Org,
    objects: Sequence[str],
    field: str,
    values: pa.Array,
    *,
    is_reference: bool = False,
    successors: Sequence[str] = (),
) -> pa.Table:
    """The records of each object whose field has one of the values, as `MATCH_SCHEMA`.

    Text is compared without outer blanks, and without case where the field is unique and not case-sensitive; for
    references also where it is not unique, as a query does. Numbers are compared by value, ids as 18 characters. Null
    and empty text find nothing; what is no id, no record can have. A converted lead is answered as what it became,
    unless its key is found there; what it became may also be a record of `successors`, which are not searched.
    """
    found: list[tuple[int, str, str | None]] = []
    elsewhere: list[tuple[int, str, str | None]] = []
    for name in objects:
        followed = (*conversion.columns(name, objects), *_visible(org, name, conversion.columns(name, successors)))
        for position, record in _in_object(org, name, followed, field, values.to_pylist(), is_reference):
            other = record and (
                conversion.find_successor(record, objects) or conversion.find_successor(record, successors)
            )
            line = (name, None if record is None else record["Id"])
            (elsewhere if other else found).append((position, *(other or line)))
    met = {(position, name) for position, name, _ in found}
    found += [line for line in elsewhere if line[:2] not in met]
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    arrays = [pa.array(column, each.type) for column, each in zip(columns, MATCH_SCHEMA, strict=True)]
    return _check_ids(org, pa.Table.from_arrays(arrays, schema=MATCH_SCHEMA))


def _check_ids(org: Org, found: pa.Table) -> pa.Table:
    """Return the records that were found, each once. Raises `CallFailed` where an id cannot be that of its record."""
    for name in found.column("object_name").unique().to_pylist():
        ids = found.filter(pc.equal(found.column("object_name"), name)).column("record_id").combine_chunks()
        wrong = ids.filter(impossible_ids(ids, org.prefix(name)))
        if len(wrong):
            raise unreadable(f"{wrong[0].as_py()!r} is no id of a record of {name}", Executed.NO)
    return found.group_by(MATCH_SCHEMA.names, use_threads=False).aggregate([]).select(MATCH_SCHEMA.names)


def _visible(org: Org, object_name: str, fields: Sequence[str]) -> list[str]:
    """Return the fields that the user can see: that of an object which is hidden from the user is hidden, too."""
    shown = {each["name"] for each in org.describe(object_name)["fields"]} if fields else ()
    return [each for each in fields if each in shown]


def _in_object(
    org: Org, object_name: str, followed: Sequence[str], field: str, values: Sequence[Any], is_reference: bool
) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    """Yield the records of one object by the positions of their values; None for a value that no record can have.

    They have the fields in `followed`, too.
    """
    described = _describe_field(org, object_name, field)
    fold = _fold(described, is_reference)
    positions: dict[Key, list[int]] = defaultdict(list)
    asked: dict[Key, Any] = {}
    for position, value in enumerate(values):
        key = None if value is None else fold(value)
        if key is not None:
            positions[key].append(position)
            asked.setdefault(_question(key, value), _search_value(described, key, value))
        elif described["type"] in IDS and value:
            yield position, None
    name = described["name"]
    shape = {"Id": LIKE_ID, name: optional(_kind_of(described)), **_shape_of(followed)} | {"Id": LIKE_ID}
    for record in _check_values(_records(org, object_name, shape, name, list(asked.values())), name):
        for position in positions.get(_key(record, name, fold), ()):
            yield position, record


def _check_values(records: Iterable[Mapping[str, Any]], field: str) -> Iterator[Mapping[str, Any]]:
    """Yield records. Raises `CallFailed` where one of them has two values of a field."""
    values: dict[str, Any] = {}
    for record in records:
        if values.setdefault(record["Id"], record.get(field)) != record.get(field):
            raise unreadable(f"the record {record['Id']!r} comes with two values of {field}", Executed.NO)
        yield record


def _shape_of(followed: Sequence[str]) -> Shape:
    """Return the shape of records that say what became of them."""
    return {each: FLAG if each == conversion.IS_CONVERTED else optional(TEXT) for each in followed}


def _kind_of(described: Description) -> MemberKind:
    """Return what the values of a field are in an answer."""
    if described["type"] in _NUMBERS:
        return NUMBER
    return FLAG if described["type"] == "boolean" else TEXT


def _describe_field(org: Org, object_name: str, field: str) -> Description:
    try:
        return org.field(object_name, field)
    except KeyError:
        raise ConfigError(f"{object_name}.{field} is {absent(object_name)}", hint="check the name") from None


def _fold(described: Description, is_reference: bool) -> Fold:
    """What two values that the field takes for the same one have in common; None for a value that finds nothing."""
    if described["type"] in IDS:
        return lambda value: to18(str(value).strip())
    if described["type"] in _NUMBERS:
        return lambda value: Decimal(str(value))
    if described["type"] in TYPES and described["type"] not in ("picklist", "multipicklist"):
        return lambda value: value
    if (described.get("unique") or is_reference) and not described.get("caseSensitive"):
        return lambda value: _caseless(str(value).strip()) or None
    return lambda value: str(value).strip() or None


def _caseless(text: str) -> str:
    """A text without case, letter by letter: what would become several letters is a key of its own."""
    if text.isascii():
        return text.lower()
    capitals = (upper if len(upper := each.upper()) == 1 else each for each in text)
    return "".join(lower if len(lower := each.lower()) == 1 else each for each in capitals)


def _question(key: Key, value: Any) -> Any:
    """What is asked for once. Of letters beyond ASCII each spelling is: Salesforce may see other capitals in them."""
    return (key, value) if isinstance(value, str) and not value.isascii() else key


def _search_value(described: Description, key: Key, value: Any) -> Any:
    """What to ask Salesforce for: an id in its long form, text as it is written."""
    if described["type"] in IDS:
        return key
    return value.strip() if isinstance(value, str) else value


def _key(record: Mapping[str, Any], field: str, fold: Fold) -> Key | None:
    value = record.get(field)
    return None if value is None else fold(value)


def _records(
    org: Org, object_name: str, shape: Shape, field: str, values: Sequence[Any]
) -> Iterable[Mapping[str, Any]]:
    """The records that have one of the values, by as few calls as the org lets: one for 10,000 of them.

    A query within a composite call is as long as any address at least. Whether it may be as long as any query is
    nowhere said, so it is tried once. A Bulk API 2.0 query of the whole object would cost about 20 calls and move every
    record of it: it would need fewer than this from 200,000 values on, which is more than are asked for at a time.
    """

    def queries(most: int, size: Callable[[str], int]) -> list[str]:
        sized: Callable[[Sequence[Any]], str] = lambda some: _query(object_name, tuple(shape), field, some)  # noqa: E731
        return [sized(each) for each in _chunks(sized, values, most, size)]

    short = queries(_LONGEST_ADDRESS, _measure_encoded)
    if len(short) < 2:
        return [record for each in short for record in org.query(each, shape)]
    if org.takes_long_queries:
        try:
            return list(org.queries(queries(_LONGEST_QUERY, len), shape))
        except CallFailed as error:
            if error.status not in _TOO_LONG:
                raise
            org.takes_long_queries = False
    return org.queries(short, shape)


def _query(object_name: str, columns: Sequence[str], field: str, values: Sequence[Any]) -> str:
    return soql.select(columns, object_name, soql.is_in(field, values))


def _measure_encoded(text: str) -> int:
    """The length of a text in an address."""
    return len(quote(text, safe=""))


def _chunks(
    query: Callable[[Sequence[Any]], str], values: Sequence[Any], most: int, size: Callable[[str], int]
) -> Iterator[list[Any]]:
    """Values in groups, each of which makes a query of a size of `most` at most."""
    room = most - size(query([]))
    chunk: list[Any] = []
    used = 0
    for value in values:
        needed = size(f"{soql.literal(value)},")
        if chunk and (used + needed > room or len(chunk) == _MOST_VALUES):
            yield chunk
            chunk, used = [], 0
        chunk.append(value)
        used += needed
    if chunk:
        yield chunk
