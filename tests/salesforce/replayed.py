"""A wire that keeps what an org answers, and one that says it again, with one of the answers malformed.

    with record_answers(monkeypatch) as wire:
        act()
    with replay_answers(monkeypatch, Replay(wire, "POST /composite/sobjects", malform)):
        act()

Everything above the wire is the plugins' own: decompression, retries, sessions and the words of failures.
"""

from __future__ import annotations

import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import urllib3
from attrs import define, field
from connector_salesforce.transport.sending import Request, Transport

from .malformed import Malform, Said

MOST_CALLS = 150
"""Calls that one use of a hook may make: more is a loop without an end."""

_LOST = Said(404, {}, b'[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]')
_PACKED = ("content-encoding", "content-length", "transfer-encoding")
_PART = re.compile(r"(?<=/)(?=[A-Za-z]*[0-9])[0-9A-Za-z]{15}([0-9A-Za-z]{3})?(?=/|$)")


class EndlessError(BaseException):
    """A plugin asks without an end; nothing may catch this."""


Wire = dict[str, list[Said]]
"""What an org answered to each call, in the order of its answers."""


def call_of(request: Request) -> str:
    """Return the name of a call: its method, its path without version and ids, and what a query asks for."""
    parts = urlsplit(request.url)
    path = _PART.sub("{id}", re.sub(r"^/services/(data|async)/v?[0-9.]+", "", parts.path))
    asked = re.search(r"FROM[ +](\w+)", unquote(parts.query))
    action = request.headers.get("SOAPAction", "").strip('"')
    return f"{request.method} {path}" + (f" of {asked[1]}" if asked else f" of {action}" if action else "")


@define
class Replay:
    """What is said again. The answer to a `call` is malformed each time, or just the `one` of this number.

    `before` are the calls that were made before the first malformed answer came.
    """

    wire: Mapping[str, list[Said]]
    call: str = ""
    malform: Malform = lambda said: said
    one: int | None = None
    made: Counter[str] = field(factory=Counter)
    before: set[str] = field(factory=set)
    _malformed: dict[int, Said] = field(factory=dict)

    def say(self, request: Request) -> Said:
        """Answer a request."""
        call = call_of(request)
        number = self.made[call]
        self.made[call] += 1
        if self.made.total() > MOST_CALLS:
            raise EndlessError(f"more than {MOST_CALLS} calls: {self.made}")
        known = self.wire.get(call, [_LOST])
        place = min(number, len(known) - 1)
        if call != self.call or self.one not in (None, number):
            return known[place]
        if place not in self._malformed:
            self._malformed[place] = self.malform(known[place])
            self.before = self.before or set(self.made)
        return self._malformed[place]


@contextmanager
def record_answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """Record what an org answers to connections that are opened within the block."""
    wire: Wire = defaultdict(list)

    class Recording(Transport):
        def _exchange(self, request: Request) -> urllib3.BaseHTTPResponse:
            raw = super()._exchange(request)
            headers = {name: value for name, value in raw.headers.items() if name.lower() not in _PACKED}
            said = Said(raw.status, headers, raw.read(decode_content=True))
            raw.release_conn()
            call = call_of(request)
            if "/job" not in call or wire[call][-1:] != [said]:  # a job is looked at until it has ended
                wire[call].append(said)
            return _response(said)

    with monkeypatch.context() as patched:
        patched.setattr("connector_salesforce.auth.login.Transport", Recording)
        yield wire


@contextmanager
def replay_answers(monkeypatch: pytest.MonkeyPatch, replay: Replay) -> Iterator[Replay]:
    """Answer connections that are opened within the block with what was recorded."""

    class Replaying(Transport):
        def _exchange(self, request: Request) -> Any:
            return _response(replay.say(request))

    with monkeypatch.context() as patched:
        patched.setattr("connector_salesforce.auth.login.Transport", Replaying)
        yield replay


def _response(said: Said) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(io.BytesIO(said.body), dict(said.headers), said.status, preload_content=False)
