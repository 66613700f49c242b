"""Find records by the values of a field, and pair them as the field itself compares values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.ids import impossible_ids, to18
from connector_salesforce.org import conversion, soql
from connector_salesforce.org.descriptions import Description
from connector_salesforce.org.fields import IDS, TYPES, hint_at_missing
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
"""The most bytes of an encoded query. The whole address may have 16,384 bytes ("SOQL and SOSL Limits")."""

_LONGEST_QUERY = 100_000
"""The most characters of a query."""

_MOST_VALUES = 2_000
"""The most values of a query. If they are unique, their records fit on one page."""

_NUMBERS = ("int", "long", "double", "currency", "percent")
"""The types whose values are numbers."""

_TOO_LONG = (400, 413, 414, 431)
"""Statuses with which a server refuses a request that is too long."""

Key = Any
Fold = Callable[[Any], Key | None]
Query = Callable[[Sequence[Any]], str]
"""A function that returns the query for records that have one of the values."""


@frozen
class _Sought:
    """The records to find: those that have a value in `field`, for references or for rows of their own.

    `conditions` are further fields, each with the value that a record must have there.
    """

    field: str
    is_reference: bool
    conditions: Mapping[str, soql.Value]


def match(
    org: Org,
    objects: Sequence[str],
    field: str,
    values: pa.Array,
    *,
    is_reference: bool = False,
    successors: Sequence[str] = (),
    conditions: Mapping[str, soql.Value] | None = None,
) -> pa.Table:
    """Return the records of each object whose field has one of the values, as `MATCH_SCHEMA`.

    With `conditions`, they are those that have these values in further fields.

    Text is compared without blanks at its ends. Case is ignored if the field is unique and not case-sensitive. For
    references, case is also ignored in a field that is not unique, as in a query. Numbers are compared by value, and
    ids by all 18 characters. Null and empty text match nothing. In a field of ids, any other text that is not an id
    gets a null record id, because no record can have it.

    A converted lead is replaced by the record that it became, unless the same key is found there. That record may
    belong to one of the `successors`, which are not searched.
    """
    found: list[tuple[int, str, str | None]] = []
    elsewhere: list[tuple[int, str, str | None]] = []
    sought = _Sought(field, is_reference, conditions or {})
    for name in objects:
        followed = (*conversion.columns(name, objects), *_visible(org, name, conversion.columns(name, successors)))
        for position, record in _in_object(org, name, followed, sought, values.to_pylist()):
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
    """Return each found record once. Raises `CallFailed` if an id cannot belong to its object."""
    for name in found.column("object_name").unique().to_pylist():
        ids = found.filter(pc.equal(found.column("object_name"), name)).column("record_id").combine_chunks()
        wrong = ids.filter(impossible_ids(ids, org.prefix(name)))
        if len(wrong):
            raise unreadable(f"{wrong[0].as_py()!r} is not an id of a record of {name}", Executed.NO)
    return found.group_by(MATCH_SCHEMA.names, use_threads=False).aggregate([]).select(MATCH_SCHEMA.names)


def _visible(org: Org, object_name: str, fields: Sequence[str]) -> list[str]:
    """Return the fields that the user can see. A field that refers to a hidden object is hidden, too."""
    shown = {each["name"] for each in org.describe(object_name)["fields"]} if fields else ()
    return [each for each in fields if each in shown]


def _in_object(
    org: Org, object_name: str, followed: Sequence[str], sought: _Sought, values: Sequence[Any]
) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    """Yield the records of one object by the positions of their values, or None for a value that no record can have.

    The records have the fields in `followed`, too.
    """
    described = _describe_field(org, object_name, sought.field)
    fold = _fold(described, sought.is_reference)
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
    limits = [soql.equals(each, value) for each, value in sought.conditions.items()]
    query: Query = lambda some: soql.select(tuple(shape), object_name, " AND ".join([soql.is_in(name, some), *limits]))  # noqa: E731
    for record in _check_values(_records(org, query, shape, list(asked.values())), name):
        for position in positions.get(_key(record, name, fold), ()):
            yield position, record


def _check_values(records: Iterable[Mapping[str, Any]], field: str) -> Iterator[Mapping[str, Any]]:
    """Yield the records. Raises `CallFailed` if a record comes twice, with two values of a field."""
    values: dict[str, Any] = {}
    for record in records:
        if values.setdefault(record["Id"], record.get(field)) != record.get(field):
            raise unreadable(f"the record {record['Id']!r} comes with two values of {field}", Executed.NO)
        yield record


def _shape_of(followed: Sequence[str]) -> Shape:
    """Return the shape of the fields that say what a record became."""
    return {each: FLAG if each == conversion.IS_CONVERTED else optional(TEXT) for each in followed}


def _kind_of(described: Description) -> MemberKind:
    """Return the kind of a field's values in an answer."""
    if described["type"] in _NUMBERS:
        return NUMBER
    return FLAG if described["type"] == "boolean" else TEXT


def _describe_field(org: Org, object_name: str, field: str) -> Description:
    try:
        return org.field(object_name, field)
    except KeyError:
        raise ConfigError(f"{object_name}.{field} is {hint_at_missing(object_name)}", hint="check the name") from None


def _fold(described: Description, is_reference: bool) -> Fold:
    """Return the function that turns values which the field treats as equal into the same key.

    It returns None for a value that matches nothing.
    """
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
    """Return a text without case, letter by letter. A letter whose other case has several letters stays as it is."""
    if text.isascii():
        return text.lower()
    capitals = (upper if len(upper := each.upper()) == 1 else each for each in text)
    return "".join(lower if len(lower := each.lower()) == 1 else each for each in capitals)


def _question(key: Key, value: Any) -> Any:
    """Return what identifies a search value, so that each value is sent once.

    Each spelling of a text beyond ASCII is sent, because Salesforce may fold its case differently.
    """
    return (key, value) if isinstance(value, str) and not value.isascii() else key


def _search_value(described: Description, key: Key, value: Any) -> Any:
    """Return the value to send to Salesforce: an id in its long form, text without blanks at its ends."""
    if described["type"] in IDS:
        return key
    return value.strip() if isinstance(value, str) else value


def _key(record: Mapping[str, Any], field: str, fold: Fold) -> Key | None:
    value = record.get(field)
    return None if value is None else fold(value)


def _records(org: Org, query: Query, shape: Shape, values: Sequence[Any]) -> Iterable[Mapping[str, Any]]:
    """Return the records that have one of the values, in as few calls as the org allows: one for 10,000 values.

    A query within a composite call may be at least as long as an address. Salesforce does not document whether it may
    be as long as any other query, so the first attempt shows it. A Bulk API 2.0 query of the whole object would cost
    about 20 calls and move all its records. It would need fewer calls only from 200,000 values on, and one search has
    fewer.
    """

    def queries(most: int, size: Callable[[str], int]) -> list[str]:
        return [query(each) for each in _chunks(query, values, most, size)]

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


def _measure_encoded(text: str) -> int:
    """Return the length of a text in an address."""
    return len(quote(text, safe=""))


def _chunks(query: Query, values: Sequence[Any], most: int, size: Callable[[str], int]) -> Iterator[list[Any]]:
    """Yield groups of values whose queries each have a size of at most `most`."""
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
