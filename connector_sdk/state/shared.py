"""A resource that several threads share, released when the last of them ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from connector_sdk.contract.errors import RunStopped


class Shared:
    """A resource that is released once, when the last share of it ends.

    A thread that is stuck in a call outlives an interrupted run. Its resources must stay open until the thread ends.
    """

    def __init__(self, name: str, release: Callable[[], object]) -> None:
        """Start without shares. Messages use `name`; the end of the last share calls `release`."""
        self._name = name
        self._release = release
        self._shares = 0
        self._is_released = False
        self._changing = threading.Lock()

    @contextmanager
    def share(self) -> Iterator[None]:
        """Hold a share. Raises `RunStopped` if the resource was released already."""
        with self._changing:
            if self._is_released:
                raise RunStopped(f"{self._name} is closed", hint="open it again")
            self._shares += 1
        try:
            yield
        finally:
            with self._changing:
                self._shares -= 1
                is_last = self._is_released = not self._shares
            if is_last:
                self._release()
