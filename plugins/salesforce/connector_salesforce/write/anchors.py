"""What an attempt has noted about its batch."""

from __future__ import annotations

from connector_sdk import Anchor, Attempt


def last(attempt: Attempt) -> Anchor | None:
    """The last anchor of this very attempt; those before it are settled."""
    own = [each for each in attempt.anchors if each.attempt == attempt.number]
    return own[-1] if own else None
