"""The errors of publishing events: those that only events have, and those that every API has.

Platform Events Developer Guide, "Platform Event Allocations", "Considerations for Publishing".
"""

from __future__ import annotations

from collections.abc import Mapping

from connector_salesforce import classify as of_salesforce

from connector_sdk import Classification, Executed, Kind, RowError

USED_UP, AWAITED = "EVENTS_OF_THE_HOUR_USED_UP", "EVENTS_OF_THE_HOUR_AWAITED"
"""Our codes for an event that Salesforce refuses in this hour: the run stops, or waits."""

TOO_LARGE, NUL = "EVENT_TOO_LARGE", "NUL_CHARACTER"

LIMIT = "LIMIT_EXCEEDED"
"""Salesforce's code for two errors: the hour's events are used up, or an event is too large."""

LARGE = r"(?i)too large|larger than|maximum size"
"""The pattern of messages about an event that is too large, for which a wait would not help."""

_OWN: Mapping[str, Classification] = {
    USED_UP: Classification(
        kind=Kind.FATAL, executed=Executed.NO,
        cause="The org has published as many events as it may in an hour.",
        advice="Run again in an hour: the run resumes where it stopped. on_limit: wait lets it wait by itself.",
    ),
    AWAITED: Classification(
        kind=Kind.THROTTLED, executed=Executed.NO,
        cause="The org has published as many events as it may in an hour.",
        advice="Nothing to do: the run continues once Salesforce takes events again. on_limit: stop ends it instead.",
        waits=True,
    ),
    TOO_LARGE: Classification(
        kind=Kind.REJECTED, executed=Executed.NO,
        cause="An event has at most 1 MB.",
        advice="Map less into it: send a key by which subscribers fetch the rest.",
    ),
}  # fmt: skip


def classify(error: RowError | BaseException) -> Classification | None:
    """Classify an error, or return None if it is unknown."""
    if isinstance(error, RowError) and error.code in _OWN:
        return _OWN[error.code]
    return of_salesforce(error)
