"""Take down how changes are undone, and undo them."""

from __future__ import annotations

from collections.abc import Callable

Undo = Callable[[], None]
Journal = list[Undo]
Note = Callable[[Undo], None]


def undo(journal: Journal) -> None:
    """Undo what was taken down, the last change first."""
    for step in reversed(journal):
        step()
