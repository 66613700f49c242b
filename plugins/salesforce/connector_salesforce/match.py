"""Find records by the values of a field, paired as the field itself compares them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from connector_salesforce import soql
from connector_salesforce.fields import IDS, TYPES, absent
from connector_salesforce.ids import to18
from connector_salesforce.org import Description, Org
from connector_sdk import MATCH_SCHEMA, ConfigError

_LONGEST_QUERY = 14_000
"""Bytes of an encoded query; an address may have 16,384 with all that is around it ("SOQL and SOSL Limits")."""

_MOST_VALUES = 2_000
"""Values of a query, so that the records of unique values fit one page."""

Key = Any
Fold = Callable[[Any], Key | None]


def match(org: Org, objects: Sequence[str], field: str, values: pa.Array) -> pa.Table:
    """The records of each object whose field has one of the values, as `MATCH_SCHEMA`.

    Text is compared without outer blanks, and without case where the field is unique and not case-sensitive; numbers
    by value; ids as 18 characters. Null and empty text find nothing; what is no id, no record can have.
    """
    found = [line for name in objects for line in _in_object(org, name, field, values.to_pylist())]
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    arrays = [pa.array(column, each.type) for column, each in zip(columns, MATCH_SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=MATCH_SCHEMA)


def _in_object(org: Org, object_name: str, field: str, values: Sequence[Any]) -> Iterator[tuple[int, str, str | None]]:
    described = _described(org, object_name, field)
    fold = _fold(described)
    positions: dict[Key, list[int]] = defaultdict(list)
    asked: dict[Key, Any] = {}
    for position, value in enumerate(values):
        key = None if value is None else fold(value)
        if key is not None:
            positions[key].append(position)
            asked.setdefault(key, _asked(described, key, value))
        elif described["type"] in IDS and value:
            yield position, object_name, None
    chunks = _chunks(object_name, described["name"], list(asked.values()))
    for record in org.queries([_query(object_name, described["name"], each) for each in chunks]):
        for position in positions.get(_key(record, described["name"], fold), ()):
            yield position, object_name, record["Id"]


def _described(org: Org, object_name: str, field: str) -> Description:
    try:
        return org.field(object_name, field)
    except KeyError:
        raise ConfigError(f"{object_name}.{field} is {absent(object_name)}", hint="check the name") from None


def _fold(described: Description) -> Fold:
    """What two values that the field takes for the same one have in common; None for a value that finds nothing."""
    if described["type"] in IDS:
        return lambda value: to18(str(value).strip())
    if described["type"] in ("int", "long", "double", "currency", "percent"):
        return lambda value: Decimal(str(value))
    if described["type"] in TYPES and described["type"] not in ("picklist", "multipicklist"):
        return lambda value: value
    if described.get("unique") and not described.get("caseSensitive"):
        return lambda value: str(value).strip().casefold() or None
    return lambda value: str(value).strip() or None


def _asked(described: Description, key: Key, value: Any) -> Any:
    """What to ask Salesforce for: an id in its long form, text as it is written."""
    if described["type"] in IDS:
        return key
    return value.strip() if isinstance(value, str) else value


def _key(record: Mapping[str, Any], field: str, fold: Fold) -> Key | None:
    value = record[field]
    return None if value is None else fold(value)


def _query(object_name: str, field: str, values: Sequence[Any]) -> str:
    columns = ["Id"] if field == "Id" else ["Id", field]
    return soql.select(columns, object_name, soql.is_in(field, values))


def _chunks(object_name: str, field: str, values: Sequence[Any]) -> Iterator[list[Any]]:
    """Values in groups, each of which fits a query."""
    room = _LONGEST_QUERY - len(quote(_query(object_name, field, [])))
    chunk: list[Any] = []
    used = 0
    for value in values:
        size = len(quote(soql.literal(value), safe="")) + len("%2C")
        if chunk and (used + size > room or len(chunk) == _MOST_VALUES):
            yield chunk
            chunk, used = [], 0
        chunk.append(value)
        used += size
    if chunk:
        yield chunk
