"""Say how many there are of something."""

from __future__ import annotations


def say_count(count: int, one: str, several: str) -> str:
    """Return a count with its noun, such as "1 batch" and "2,000 batches"."""
    return f"{count:,} {one if count == 1 else several}"
