"""Replay recorded exchanges against the emulator, and say where the answers differ.

Ids, times, hosts and versions differ by nature: ids are learnt as they occur, the rest is compared by form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from attrs import frozen
from salesforce_emulator.versions import Standing, judge_version

from tests.salesforce_emulator.client import VERSION, Client

ID = re.compile(r"\b(?=[0-9A-Za-z]*[0-9])[0-9a-zA-Z]{15}(?:[0-9A-Za-z]{3})?\b")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(\+0000|Z)")
ETAG = re.compile(r'"[0-9a-f]{6,8}"')
BASE = re.compile(r"/services/data/[^/]+")


@frozen
class Exchange:
    method: str
    path: str
    query: dict[str, str]
    body: str
    status: int
    answer: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.query or ''} {self.body}"


class Replay:
    """Sends exchanges in order. `known_fields` limits the comparison of whole records to fields of the emulator."""

    def __init__(self, client: Client, known_fields: frozenset[str]) -> None:
        self._client = client
        self._known = known_fields
        self.ids: dict[str, str] = {}

    def differences(self, exchange: Exchange) -> list[str]:
        answer = self._client.rest(
            exchange.method,
            BASE.sub("", self._ours(exchange.path)),
            params={key: self._ours(value) for key, value in exchange.query.items()},
            data=self._ours(exchange.body).encode() or None,
            headers={"Content-Type": "application/json"},
            version=self._version(exchange.path),
        )
        found = [] if answer.status_code == exchange.status else [f"status {answer.status_code}, not {exchange.status}"]
        actual = answer.json() if answer.content else None
        return [*found, *self._compare("", exchange.answer, actual)]

    def _version(self, path: str) -> str:
        """Return the version in which to send a recorded call: the recorded one if the org serves it.

        Also keep a version that never existed, because its answer was recorded. Replace a retired one by VERSION.
        """
        match = BASE.match(path)
        version = match[0].rpartition("v")[2] if match else ""
        known = judge_version(self._client.emulator.world.org.versions, version)
        served = known is Standing.SERVED or version == "iAmABadVersion"
        return version if served else VERSION

    def _ours(self, text: str) -> str:
        return ID.sub(lambda match: self.ids.get(match[0][:15], match[0])[: len(match[0])], text)

    def _compare(self, place: str, recorded: Any, actual: Any) -> Iterator[str]:
        if isinstance(recorded, dict) and isinstance(actual, dict):
            yield from self._compare_objects(place, recorded, actual)
        elif isinstance(recorded, list) and isinstance(actual, list):
            if len(recorded) != len(actual):
                yield f"{place}: {len(actual)} items, not {len(recorded)}: {json.dumps(actual)[:200]}"
            actual = self._restore_order(recorded, actual)
            for at, (one, other) in enumerate(zip(recorded, actual, strict=False)):
                yield from self._compare(f"{place}[{at}]", one, other)
        elif isinstance(recorded, str) and isinstance(actual, str):
            if self._normalize(recorded, learn=actual) != self._normalize(actual):
                yield f"{place}: {actual!r}, not {recorded!r}"
        elif recorded != actual:
            yield f"{place}: {actual!r}, not {recorded!r}"

    def _restore_order(self, recorded: list[Any], actual: list[Any]) -> list[Any]:
        """Return the records of a query in the recorded order, because a query without ORDER BY has none."""
        if not all(isinstance(item, dict) and "Id" in item for item in [*recorded, *actual]):
            return actual
        order = [self.ids.get(item["Id"][:15]) for item in recorded]
        return sorted(actual, key=lambda item: order.index(item["Id"]) if item["Id"] in order else len(order))

    def _compare_objects(self, place: str, recorded: dict[str, Any], actual: dict[str, Any]) -> Iterator[str]:
        if "attributes" in recorded:
            recorded = {key: value for key, value in recorded.items() if key in self._known or key == "attributes"}
            actual = {key: value for key, value in actual.items() if key in recorded}
        if recorded.keys() != actual.keys():
            yield f"{place}: keys {sorted(actual)}, not {sorted(recorded)}"
        # In the recorded order: an id is learnt where it stands alone, before it occurs within an address.
        for key in (key for key in recorded if key in actual):
            yield from self._compare(f"{place}.{key}", recorded[key], actual[key])

    def _normalize(self, text: str, learn: str | None = None) -> str:
        """Return a text without ETags, times and versions, and with the emulator's ids for the recorded ones."""
        if learn is not None and ID.fullmatch(text) and ID.fullmatch(learn):
            self.ids.setdefault(text[:15], learn)
        plain = self._ours(text) if learn is not None else text
        return ETAG.sub("ETAG", TIME.sub("TIME", BASE.sub("/services/data/vXX.X", plain)))
