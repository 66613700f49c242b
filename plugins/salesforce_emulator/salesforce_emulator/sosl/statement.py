"""Parse a SOSL statement.

Example: `FIND {acme} IN ALL FIELDS RETURNING Account(Name WHERE ... LIMIT 5), Contact LIMIT 20`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

_FIND = re.compile(
    r"\s*FIND\s*\{(?P<text>(?:[^{}\\]|\\.)*)\}"
    r"(?:\s+IN\s+(?P<scope>ALL|NAME|EMAIL|PHONE|SIDEBAR)\s+FIELDS)?"
    r"(?:\s+RETURNING\s+(?P<returning>.*?))?"
    r"(?:\s+LIMIT\s+(?P<limit>[0-9]+))?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_OBJECT = re.compile(r"\s*(?P<name>\w+)\s*(?:\((?P<inside>.*)\))?\s*\Z", re.DOTALL)
_CLAUSE = re.compile(r"\b(?:WHERE|ORDER\s+BY|LIMIT|OFFSET)\b", re.IGNORECASE)
_LIMIT = re.compile(r"\bLIMIT\s+([0-9]+)\s*\Z", re.IGNORECASE)
MOST = 2000


class SoslError(Exception):
    """A statement that cannot be understood."""


@frozen
class Returning:
    """An object to search: the query for its records, and the maximum number of results."""

    object_name: str
    query: str
    limit: int


@frozen
class Search:
    """A whole statement. `scope` is ALL, NAME, EMAIL or PHONE. If `returning` is empty, every object is searched."""

    text: str
    scope: str
    returning: tuple[Returning, ...]
    limit: int


def parse(statement: str) -> Search:
    """Parse a statement. Raises SoslError."""
    match = _FIND.match(statement)
    if match is None:
        raise SoslError("A search reads FIND {words} IN ALL FIELDS RETURNING Object(fields)")
    text = re.sub(r"\\(.)", r"\1", match["text"]).strip()
    if len(text.strip('*?" ')) < 2:
        raise SoslError("search term must be longer than one character")
    returning = tuple(_parse_returning(part) for part in _parts(match["returning"] or ""))
    return Search(text, (match["scope"] or "ALL").upper(), returning, int(match["limit"] or MOST))


def of_object(name: str, fields: str = "Id", limit: int = MOST) -> Returning:
    """Return the search of an object, with the fields to return."""
    return Returning(name, f"SELECT {fields} FROM {name}", limit)


def _parts(text: str) -> Iterator[str]:
    """Yield the parts of a text that commas outside parentheses separate."""
    depth, begun = 0, 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            yield text[begun:at]
            begun = at + 1
    if text[begun:].strip():
        yield text[begun:]


def _parse_returning(part: str) -> Returning:
    match = _OBJECT.match(part)
    if match is None:
        raise SoslError(f"unexpected token: {part.strip()}")
    inside = (match["inside"] or "Id").strip()
    limit = _LIMIT.search(inside)
    inside = _LIMIT.sub("", inside)
    clause = _CLAUSE.search(inside)
    fields, rest = (inside, "") if clause is None else (inside[: clause.start()], inside[clause.start() :])
    query = f"SELECT {fields.strip() or 'Id'} FROM {match['name']} {rest}".strip()
    return Returning(match["name"], query, int(limit[1]) if limit is not None else MOST)
