"""Read what an attempt has recorded about its batch."""

from __future__ import annotations

from connector_sdk import Anchor, Attempt


def last(attempt: Attempt) -> Anchor | None:
    """Return the last anchor of this attempt, or None. The anchors of attempts before it are settled."""
    own = [each for each in attempt.anchors if each.attempt == attempt.number]
    return own[-1] if own else None
