"""The reference destination, watched: which calls are under way when a connection is closed, and some of them hang."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import define, evolve, field

from connector_sdk import (
    Attempt,
    Batch,
    Connection,
    Destination,
    Finding,
    Options,
    PlanSummary,
    WriteResult,
)
from connector_sdk.testing.reference import plugin

from ..destinations import reference

WAIT = 600


@define
class Calls:
    """Watches the calls of all connections: how many are under way in each, and which of them hang.

    It is for runs that are cancelled at random moments; `Gate` is for runs that stop at one chosen moment.
    """

    hang: int = 0
    stopping: threading.Event = field(factory=threading.Event)
    let_go: threading.Event = field(factory=threading.Event)
    problems: list[str] = field(factory=list)
    _under_way: Counter[int] = field(factory=Counter)
    _closed: dict[int, int] = field(factory=dict)
    _handles: list[Any] = field(factory=list)
    _lock: threading.Lock = field(factory=threading.Lock)

    def destinations(self) -> dict[str, Destination]:
        """Return the destinations of a run: the reference destination, watched."""

        def check_plan(connection: Connection, plan: PlanSummary) -> Sequence[Finding]:
            with self._under(connection):
                return plugin.check_plan(connection, plan)

        def write_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
            with self._under(connection), self._hang_sometimes():
                return plugin.write_batch(connection, batch, options, attempt)

        def recover_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> object:
            with self._under(connection), self._hang_sometimes():
                return plugin.recover_batch(connection, batch, options, attempt)

        return reference(
            connect=lambda config, host: self._connect(config, host),
            check_plan=check_plan, write_batch=write_batch, recover_batch=recover_batch,
        )  # fmt: skip

    def check(self) -> None:
        """Raise unless every connection was closed once, beside no call."""
        problems = [*self.problems, *(f"closed {times} times" for times in self._closed.values() if times != 1)]
        assert not problems, problems

    def _connect(self, config: Any, host: Any) -> Connection:
        live = plugin.connect(config, host)
        self._handles.append(live.handle)  # so that no two have one id
        self._closed[id(live.handle)] = 0
        return evolve(live, close=lambda: self._close(live))

    def _close(self, live: Connection) -> None:
        with self._lock:
            self._closed[id(live.handle)] += 1
            if self._under_way[id(live.handle)]:
                self.problems.append("closed beside a call")
        live.close()

    @contextmanager
    def _under(self, connection: Connection) -> Iterator[None]:
        """Note that a call is under way."""
        handle = id(connection.handle)
        with self._lock:
            self._under_way[handle] += 1
            if self._closed[handle]:
                self.problems.append("called after the end")
        try:
            yield
        finally:
            with self._lock:
                self._under_way[handle] -= 1

    @contextmanager
    def _hang_sometimes(self) -> Iterator[None]:
        """Let some calls hang while the run stops, before or after they are executed."""
        self.stopping.wait(random.choice((0, 0.001, 0.01)))
        with self._lock:
            hangs = bool(self.hang) and self.stopping.is_set()
            self.hang -= hangs
        is_first = random.choice((True, False))
        if hangs and is_first:
            self.let_go.wait(WAIT)
        yield
        if hangs and not is_first:
            self.let_go.wait(WAIT)
