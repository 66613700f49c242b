"""Suggest the name that a user may have meant by an unknown one."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

_LISTED = 30


def suggestion(name: str, known: Collection[str]) -> str:
    """Return a hint for an unknown name: the closest known name, or else up to `_LISTED` of the known names."""
    near = closest(name, known)
    if near:
        return f"did you mean {near}?"
    listed = [*list(known)[:_LISTED], *([f"... ({len(known)} in all)"] if len(known) > _LISTED else ())]
    return f"use one of: {', '.join(listed)}" if known else "there is none to choose from; remove it"


def closest(name: str, known: Collection[str]) -> str | None:
    """Return the known name with the spelling closest to an unknown one, None if none is close."""
    folded = {each.casefold(): each for each in known}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def suggest_list(name: str) -> str:
    """Return the hint to write a list for a text that names several things; empty for one name."""
    parts = [part for each in name.split(",") if (part := each.strip())]
    return f"write a list: [{', '.join(parts)}]" if len(parts) > 1 else ""
