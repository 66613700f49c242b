"""End a run within seconds after Ctrl-C or SIGTERM."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define, field

from connector_sdk.cli import terminal
from connector_sdk.contract.errors import ExitCode
from connector_sdk.delivery.stopping import SignalEvent

GRACE = 4.5
"""Seconds that a run has to end by itself. After that, the process ends, because every run can be resumed."""

_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


@define
class Interrupt:
    """The state of an interrupt: `cancel` is set when the command must end; `code` is then its exit code, else None."""

    cancel: threading.Event = field(factory=SignalEvent)
    code: ExitCode | None = None


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Set `cancel` at the first signal. End the process at the second signal, or `GRACE` seconds after the first.

    A separate thread waits for signals, because the main thread handles none while a library computes.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    watched, woken = socket.socketpair()
    woken.setblocking(False)
    former = {each: signal.signal(each, lambda *_: None) for each in _CODES}
    wakeup = signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(watched, interrupt), name="interrupts", daemon=True)
    watcher.start()
    try:
        yield interrupt
    finally:
        signal.set_wakeup_fd(wakeup)
        for each, handler in former.items():
            signal.signal(each, handler)
        woken.close()
        watcher.join()
        watched.close()


def _watch(watched: socket.socket, interrupt: Interrupt) -> None:
    received = _next(watched)
    if received is None:
        return
    interrupt.code = _CODES[received]
    terminal.say("stopping; once more to stop at once")
    interrupt.cancel.set()
    watched.settimeout(GRACE)
    try:
        if _next(watched) is None:
            return
    except TimeoutError:
        pass
    terminal.say("stopped; what was sent is on record, run again to go on from there")
    os._exit(interrupt.code)


def _next(watched: socket.socket) -> signal.Signals | None:
    """Wait for a signal that ends the command. Return None if the command ended by itself."""
    while number := watched.recv(1):
        if number[0] in _CODES:
            return signal.Signals(number[0])
    return None
