"""What goes wrong only with events, and what every API has.

Platform Events Developer Guide, "Platform Event Allocations", "Considerations for Publishing".
"""

from __future__ import annotations

from collections.abc import Mapping

from connector_salesforce import classify as of_salesforce

from connector_sdk import Classification, Executed, Kind, RowError

USED_UP, TOO_LARGE, NUL = "EVENTS_OF_THE_HOUR_USED_UP", "EVENT_TOO_LARGE", "NUL_CHARACTER"

_OWN: Mapping[str, Classification] = {
    USED_UP: Classification(
        Kind.FATAL, Executed.NO,
        "The org has published as many events as it may in an hour.",
        "Run again in an hour: the run goes on where it stopped. on_limit: wait lets it wait by itself.",
    ),
    TOO_LARGE: Classification(
        Kind.REJECTED, Executed.NO,
        "An event has at most 1 MB.",
        "Map less into it: send a key by which subscribers fetch the rest.",
    ),
}  # fmt: skip


def classify(error: RowError | BaseException) -> Classification | None:
    """What an error asks for; None for what nobody here knows."""
    if isinstance(error, RowError) and error.code in _OWN:
        return _OWN[error.code]
    return of_salesforce(error)
