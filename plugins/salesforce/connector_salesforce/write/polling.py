"""Set the pauses between two polls."""

from __future__ import annotations

from collections.abc import Iterator

_GROWTH = 1.6


def pauses(first: float, longest: float) -> Iterator[float]:
    """Yield seconds to wait, which grow from `first` to `longest`, without end."""
    pause = first
    while True:
        yield pause
        pause = min(pause * _GROWTH, longest)
