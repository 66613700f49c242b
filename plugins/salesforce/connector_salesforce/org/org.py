"""The org behind an open connection, with what its batches, lookups and checks share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import quote

from attrs import define, field

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.descriptions import Description, read_object, read_objects
from connector_salesforce.transport.answer_shape import (
    COUNT,
    FLAG,
    LIST,
    TEXT,
    Shape,
    optional,
    require_list,
    require_object,
    unreadable,
)
from connector_salesforce.transport.client import Client, segment
from connector_sdk import Executed

PAGES_MAX = 50_000
"""The most pages of a query. Without a limit, pages that do not end would use up the day's calls."""

_QUERIES_OF_A_CALL = 5
_ANYTHING: Shape = {}
_PAGE: Shape = {"records": LIST, "done": FLAG, "totalSize": optional(COUNT), "nextRecordsUrl": optional(TEXT)}


class Shared(Protocol):
    """An object that all batches of one connection share."""

    def __init__(self, client: Client) -> None: ...

    def close(self) -> None:
        """Close it, when the connection is closed."""


S = TypeVar("S", bound=Shared)


@define(eq=False)
class Org:
    """An org with an open session, which caches descriptions and owns the objects that batches share.

    `kind` says in words whether it is production or which kind of sandbox, if that is known.
    """

    client: Client = field(repr=False)
    kind: str = ""
    takes_long_queries: bool = field(default=True, init=False)
    _described: dict[str, Description] = field(factory=dict, init=False, repr=False)
    _fields: dict[str, dict[str, Description]] = field(factory=dict, init=False, repr=False)
    _listed: list[Description] | None = field(default=None, init=False, repr=False)
    _shared: dict[type, Shared] = field(factory=dict, init=False, repr=False)
    _sharing: Lock = field(factory=Lock, init=False, repr=False)

    def share(self, kind: type[S]) -> S:
        """Return the one object of a kind that all batches of this connection share; the first call makes it."""
        with self._sharing:
            if kind not in self._shared:
                self._shared[kind] = kind(self.client)
            return cast(S, self._shared[kind])

    def objects(self, refresh: bool = False) -> list[Description]:
        """Return all objects that the user can see (REST API Developer Guide, "Describe Global")."""
        if self._listed is None or refresh:
            self._listed = read_objects(self.client.get("/sobjects"))
        return self._listed

    def describe(self, object_name: str, refresh: bool = False) -> Description:
        """Return one object with its fields. Raises `CallFailed` (NOT_FOUND) if there is none of this name."""
        if refresh or object_name not in self._described:
            described = read_object(self.client.get(f"/sobjects/{segment(object_name)}/describe"), object_name)
            self._fields[object_name] = {each["name"].lower(): each for each in described["fields"]}
            self._described[object_name] = described
        return self._described[object_name]

    def prefix(self, object_name: str) -> str | None:
        """Return the first three characters of an object's ids, or None if it has none or the user cannot see it."""
        found = (each.get("keyPrefix") for each in self.objects() if each["name"] == object_name)
        return next(found, None)

    def field(self, object_name: str, name: str) -> Description:
        """Return the description of one field. Raises `KeyError` if the user can see none of this name."""
        self.describe(object_name)
        return self._fields[object_name][name.lower()]

    def limits(self) -> Mapping[str, Any]:
        """Return the org's limits by their names (REST API Developer Guide, "Limits")."""
        return require_object(self.client.get("/limits"), {}, "the list of limits")

    def query(self, soql: str, shape: Shape = _ANYTHING) -> Iterator[Description]:
        """Yield all records of a query, page by page (REST API Developer Guide, "Query"). Each has the `shape`."""
        yield from self._pages(self.client.get("/query", q=soql), shape)

    def query_all(self, soql: str, shape: Shape = _ANYTHING) -> Iterator[Description]:
        """Yield all records of a query, including deleted and merged ones ("QueryAll")."""
        yield from self._pages(self.client.get("/queryAll", q=soql), shape)

    def queries_each(
        self, asked: Mapping[str, str], shapes: Mapping[str, Shape]
    ) -> Mapping[str, list[Description] | CallFailed]:
        """Return the records of up to 5 queries by name, in one call. A refused query has its error instead."""
        first = self.client.composite_each({name: f"/query?q={quote(soql)}" for name, soql in asked.items()})
        return {
            name: each if isinstance(each, CallFailed) else list(self._pages(each, shapes[name]))
            for name, each in first.items()
        }

    def tooling(self, soql: str, shape: Shape = _ANYTHING) -> Iterator[Description]:
        """Yield all records of a query about the org's own setup (Tooling API Guide, "Query")."""
        yield from self._pages(self.client.get("/tooling/query", q=soql), shape)

    def queries(self, asked: Sequence[str], shape: Shape) -> Iterator[Description]:
        """Yield all records of several queries, with 5 queries in a call ("Composite")."""
        for start in range(0, len(asked), _QUERIES_OF_A_CALL):
            some = asked[start : start + _QUERIES_OF_A_CALL]
            paths = {f"q{number}": f"/query?q={quote(each)}" for number, each in enumerate(some)}
            for first in self.client.composite(paths).values():
                yield from self._pages(first, shape)

    def _pages(self, said: Any, shape: Shape) -> Iterator[Description]:
        """Yield the records of a page and of the pages after it. Raises `CallFailed` if the pages do not end."""
        page = _read_page(said, shape)
        if page["done"] and page.get("totalSize") not in (None, len(page["records"])):
            found, total = len(page["records"]), page["totalSize"]
            raise unreadable(f"Salesforce counted {total:,} records for a query, but returned {found:,}", Executed.NO)
        yield from page["records"]
        read: set[str] = set()
        while not page["done"]:
            following = page["nextRecordsUrl"]
            if following in read or len(read) == PAGES_MAX:
                raise CallFailed("ANSWER_TOO_LARGE", f"a query has no end after {len(read):,} pages", Executed.NO)
            read.add(following)
            page = _read_page(self.client.get_page(following), shape)
            yield from page["records"]

    def close(self) -> None:
        """Close what batches share, such as open jobs, and all connections."""
        for shared in self._shared.values():
            shared.close()
        self.client.close()


def _read_page(said: Any, shape: Shape) -> Description:
    """Return a page of a query. Raises `CallFailed` for any other answer, and if the next page is missing."""
    page = require_object(said, _PAGE, "a page of a query")
    require_list(page["records"], shape, "a page of a query")
    return page if page["done"] else require_object(page, {"nextRecordsUrl": TEXT}, "a page of a query")
