"""What somebody who mistyped a name may have meant."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

_LISTED = 30


def suggestion(name: str, known: Collection[str]) -> str:
    """A hint for an unknown name: the closest known one, otherwise all of them, or as many as one reads."""
    near = closest(name, known)
    if near:
        return f"did you mean {near}?"
    listed = [*list(known)[:_LISTED], *([f"... ({len(known)} in all)"] if len(known) > _LISTED else ())]
    return f"use one of: {', '.join(listed)}" if known else "there is none to choose from; remove it"


def closest(name: str, known: Collection[str]) -> str | None:
    """The known name that is spelt most like an unknown one, None when none is near."""
    folded = {each.casefold(): each for each in known}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None
