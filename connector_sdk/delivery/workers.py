"""The threads that deliver batches: one for each batch that is ready, up to the parallelism of the sync."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from attrs import define, field

from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.contract.errors import RunStopped
from connector_sdk.delivery.context import RunContext
from connector_sdk.delivery.stopping import WHEN_INTERRUPTED

log = logging.getLogger(__name__)

_LOOK = 0.1
"""Seconds between two checks of the threads."""

_UNWIND = 0.5
"""Seconds that threads get to end by themselves after their waits have ended."""


def run_workers(work: Callable[[], bool], waiting: Callable[[], int], most: int, run: RunContext) -> None:
    """Repeat `work` in up to `most` threads until it returns False, or until the run stops.

    `waiting` returns how many batches are ready and have no thread yet; each gets one, as far as `most` allows.

    A run that stops waits for its threads as long as `run.stop` says. Ctrl-C, or another exception raised in this
    thread from outside, stops the run. A second one ends the wait. The threads are daemons: one that is stuck in a call
    must not keep the process alive.
    """
    workers = _Workers(work, waiting, most, run)
    stop = run.stop
    while True:
        try:
            workers.begin()
            workers.watch()
            workers.drain()
            return
        except RunStopped:
            raise
        except BaseException as error:
            if stop.interruption is not None:
                stop.end()
                raise
            stop.interrupt(error)


@define
class _Workers:
    """The threads of one stage. Each holds the lock of the sync until it ends.

    An event says that a thread has ended. `Thread.join` cannot: if Ctrl-C interrupts it, Python up to 3.12 counts the
    thread as ended.
    """

    _work: Callable[[], bool]
    _waiting: Callable[[], int]
    _most: int
    _run: RunContext
    _ends: list[threading.Event] = field(factory=list, init=False)

    def begin(self) -> None:
        """Start the first threads."""
        if not self._ends and not self._run.stop.halted.is_set():
            self._start(max(1, min(self._most, self._waiting())))

    def watch(self) -> None:
        """Watch the threads, and start more of them, until all have ended or the run stops."""
        stop = self._run.stop
        for end in self._ends:
            while not end.is_set() and not stop.halted.is_set():
                end.wait(_LOOK)
                stop.heed()
                if not end.is_set() and not stop.halted.is_set():
                    self._start(min(self._most - len(self._ends), self._waiting()))

    def drain(self) -> None:
        """Wait for threads that are still busy, but no longer than a stopping run may."""
        if self._have_ended(_LOOK):
            return
        stop = self._run.stop
        crashpoint("before what is in flight is awaited")
        if stop.left > WHEN_INTERRUPTED:
            log.warning("The run stops; what is in flight gets up to %.0f seconds to be answered.", stop.left)
        while stop.left and not self._have_ended(min(_LOOK, stop.left)):
            stop.heed()
        stop.end()
        self._have_ended(_UNWIND)
        crashpoint("after what is in flight was awaited")

    def _start(self, more: int) -> None:
        for number in range(len(self._ends), len(self._ends) + more):
            kept, end = ExitStack(), threading.Event()
            kept.enter_context(self._run.keep())  # not in the thread, which may begin after the run has ended
            thread = threading.Thread(target=self._loop, args=(kept, end), name=f"writer-{number}", daemon=True)
            self._ends.append(end)
            try:
                thread.start()
            except (RuntimeError, MemoryError) as error:
                self._ends.pop()
                kept.close()
                self._do_with_fewer(error)
                return

    def _do_with_fewer(self, error: Exception) -> None:
        """Continue with the threads that have started; raises `RunStopped` if none has."""
        if not self._ends:
            hint = "allow this user more threads, or end other processes, and run again; nothing is lost"
            raise RunStopped(f"no thread can be started: {error}", hint=hint) from error
        log.warning("The run continues with %d threads: %s", len(self._ends), error)
        self._most = len(self._ends)

    def _loop(self, kept: ExitStack, end: threading.Event) -> None:
        try:
            with kept:
                while self._work():
                    pass
        finally:
            end.set()

    def _have_ended(self, seconds: float) -> bool:
        """Wait up to `seconds` for all threads together, and return whether they have ended."""
        until = time.monotonic() + seconds
        return all(end.wait(max(0.0, until - time.monotonic())) for end in self._ends)
