"""The threads that deliver batches: few at first, and more of them while they do nothing but wait for answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from connector_sdk.writing.context import Writing

_BUSY = 0.5
"""Seconds of CPU per second at which threads of one interpreter get no more done by being more."""

_LOOK = 0.1
"""Seconds between two looks at the threads."""

_GRACE = 3.0
"""Seconds that batches in flight get to stop by themselves when a run is interrupted."""


def work_through(work: Callable[[], bool], waiting: Callable[[], int], first: int, most: int, writing: Writing) -> None:
    """Repeat `work` in `first` to `most` threads until it answers False, or until the run is halted.

    Where answers come at once, threads wait for the interpreter only, and each change of hands costs CPU: a thread
    more is worth it while those there are leave it idle, and `waiting` says that there is something to do for it.

    The threads are daemons: one that is stuck in a call must not keep the process from ending.
    """
    threads: list[threading.Thread] = []
    spent: list[float] = []

    def loop() -> None:
        with writing.keep_lock():
            going = True
            while going:
                before = time.thread_time()
                going = work()
                spent.append(time.thread_time() - before)

    def start(more: int) -> None:
        for number in range(len(threads), len(threads) + more):
            threads.append(threading.Thread(target=loop, name=f"writer-{number}", daemon=True))
            threads[-1].start()

    start(max(1, min(first, waiting())))
    looked = time.monotonic()
    for thread in threads:
        while thread.is_alive() and not writing.halt.is_set():
            thread.join(_LOOK)
            now, busy = time.monotonic(), sum(spent)
            if writing.cancel.is_set():
                writing.halt.set()
            elif thread.is_alive() and busy < _BUSY * (now - looked):
                start(min(len(threads), most - len(threads), waiting()))
            spent, looked = [], now
    for thread in threads:
        thread.join(_GRACE / max(1, most))
