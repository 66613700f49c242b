"""The threads that deliver batches: few at first, and more of them while they do nothing but wait for answers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from connector_sdk.crashpoint import crashpoint
from connector_sdk.writing.context import Writing
from connector_sdk.writing.stopping import WHEN_CANCELLED, Stopping

log = logging.getLogger(__name__)

_BUSY = 0.5
"""Seconds of CPU per second at which threads of one interpreter get no more done by being more."""

_LOOK = 0.1
"""Seconds between two looks at the threads."""

_UNWIND = 0.5
"""Seconds that threads get to end by themselves once their waits have ended."""


def work_through(work: Callable[[], bool], waiting: Callable[[], int], first: int, most: int, writing: Writing) -> None:
    """Repeat `work` in `first` to `most` threads until it answers False, or until the run stops.

    Where answers come at once, threads wait for the interpreter only, and each change of hands costs CPU: a thread
    more is worth it while those there are leave it idle, and `waiting` says that there is something to do for it.

    A run that stops waits for what its threads are in, as long as `writing.stop` says. The threads are daemons: one
    that is stuck in a call must not keep the process from ending.
    """
    threads: list[threading.Thread] = []
    spent: list[float] = []

    def loop() -> None:
        with writing.keep():
            going = True
            while going:
                before = time.thread_time()
                going = work()
                spent.append(time.thread_time() - before)

    def start(more: int) -> None:
        for number in range(len(threads), len(threads) + more):
            threads.append(threading.Thread(target=loop, name=f"writer-{number}", daemon=True))
            threads[-1].start()

    def watch() -> None:
        """Follow the threads, and start more of them, until all have ended or the run stops."""
        start(max(1, min(first, waiting())))
        looked = time.monotonic()
        for thread in threads:
            while thread.is_alive() and not writing.stop.halted.is_set():
                thread.join(_LOOK)
                now, busy = time.monotonic(), sum(spent)
                writing.stop.heed()
                if thread.is_alive() and not writing.stop.halted.is_set() and busy < _BUSY * (now - looked):
                    start(min(len(threads), most - len(threads), waiting()))
                spent.clear()
                looked = now

    try:
        watch()
    except KeyboardInterrupt:
        writing.stop.interrupt()
    except BaseException:
        writing.stop.halt()
        raise
    finally:
        _drain(threads, writing.stop)


def _drain(threads: Sequence[threading.Thread], stop: Stopping) -> None:
    """Wait for threads that are still in something: within the bound of a run that stops, and no longer."""
    busy = _join(threads, _LOOK)
    if not busy:
        return
    crashpoint("before what is in flight is awaited")
    if stop.left > WHEN_CANCELLED:
        log.warning("The run stops; what is in flight gets up to %.0f seconds to be answered.", stop.left)
    try:
        for thread in busy:
            while thread.is_alive() and stop.left:
                thread.join(min(_LOOK, stop.left))
                stop.heed()
    finally:
        stop.end()
    _join(busy, _UNWIND)
    crashpoint("after what is in flight was awaited")


def _join(threads: Sequence[threading.Thread], seconds: float) -> list[threading.Thread]:
    """Wait so long for all of some threads together, and answer those that have not ended."""
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [each for each in threads if each.is_alive()]
