"""The undo steps of changes."""

from __future__ import annotations

from collections.abc import Callable

Undo = Callable[[], None]
Journal = list[Undo]
Note = Callable[[Undo], None]


def undo(journal: Journal) -> None:
    """Undo the recorded changes, the last one first."""
    for step in reversed(journal):
        step()
