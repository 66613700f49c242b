"""What several threads hold together, and what is released with the last of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from connector_sdk.contract.errors import RunStopped


class Shared:
    """Something that is released, once, when there is no share of it left.

    A thread that is stuck in a call outlives the run that was interrupted: what it uses must not go before it ends.
    """

    def __init__(self, name: str, release: Callable[[], object]) -> None:
        """`name` is what a person calls it, `release` ends it."""
        self._name = name
        self._release = release
        self._shares = 0
        self._is_released = False
        self._changing = threading.Lock()

    @contextmanager
    def share(self) -> Iterator[None]:
        """Hold a share; raises `RunStopped` once it was released."""
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
