"""How long to wait between two looks at something that takes its time."""

from __future__ import annotations

from collections.abc import Iterator

_GROWTH = 1.6


def pauses(first: float, longest: float) -> Iterator[float]:
    """Seconds to wait, growing from `first` to `longest`, for ever."""
    pause = first
    while True:
        yield pause
        pause = min(pause * _GROWTH, longest)
