"""What several threads hold together, and what is released with the last of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Shared:
    """Something that is released once there is no share of it left.

    A thread that is stuck in a call outlives the run that was interrupted: what it uses must not go before it ends.
    """

    def __init__(self, release: Callable[[], object]) -> None:
        self._release = release
        self._shares = 0
        self._changing = threading.Lock()

    @contextmanager
    def share(self) -> Iterator[None]:
        """Hold a share."""
        with self._changing:
            self._shares += 1
        try:
            yield
        finally:
            with self._changing:
                self._shares -= 1
                is_last = not self._shares
            if is_last:
                self._release()
