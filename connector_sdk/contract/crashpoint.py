"""Named places in the code at which a test may kill the process. They do nothing in production."""

from __future__ import annotations

from collections.abc import Callable

_listener: Callable[[str], None] | None = None


def crashpoint(name: str) -> None:
    """Mark a place before or after a call or a commit. This does nothing unless a test listens."""
    if _listener is not None:
        _listener(name)


def listen(listener: Callable[[str], None] | None) -> None:
    """Call `listener` with the name of every crash point from now on. None removes the listener."""
    global _listener
    _listener = listener
