"""Named places at which a test may kill the process; nothing at all in production."""

from __future__ import annotations

from collections.abc import Callable

_listener: Callable[[str], None] | None = None


def crashpoint(name: str) -> None:
    """Mark a place before or after a call or a commit. Does nothing unless a test listens."""
    if _listener is not None:
        _listener(name)


def listen(listener: Callable[[str], None] | None) -> None:
    """Call `listener` with the name of every crash point from now on; None ends it."""
    global _listener
    _listener = listener
