"""The errors of the reference destination: the classification, cause and advice for each code."""

from __future__ import annotations

from collections.abc import Mapping

from connector_sdk import Action, Classification, Executed, Kind, RowError


def _classify_transient(kind: Kind, cause: str, advice: str, **more: float | int) -> Classification:
    return Classification(kind=kind, executed=Executed.NO, cause=cause, advice=advice, **more)  # type: ignore[arg-type]


def _classify_rejected(cause: str, advice: str, *, record_gone: bool = False) -> Classification:
    return Classification(kind=Kind.REJECTED, executed=Executed.NO, cause=cause, advice=advice, record_gone=record_gone)


LOST = Classification(
    kind=Kind.TRANSIENT,
    executed=Executed.MAYBE,
    cause="The connection broke before the answer came.",
    advice="Run again.",
)

CODES: Mapping[str, Classification] = {
    "locked": _classify_transient(
        Kind.TRANSIENT, "Somebody else is writing the record.", "Lower parallelism if this stays."
    ),
    "throttled": _classify_transient(
        Kind.THROTTLED, "Too many calls at once.", "Lower parallelism.", retry_after=0.01, overloaded=True
    ),
    "job_closed": _classify_transient(
        Kind.TRANSIENT, "The job takes no more batches.", "Nothing to do: another job is opened."
    ),
    "too_large": _classify_rejected("The request is larger than the service takes.", "Lower batch_size."),
    "suspended": Classification(
        kind=Kind.FATAL, executed=Executed.NO, cause="The account is suspended.", advice="Ask for it to be reopened."
    ),
    "bad": _classify_rejected("The service refuses the row.", "Mend the row in the model."),
    "gone": _classify_rejected("The record was deleted.", "Nothing to do: the row is matched anew.", record_gone=True),
    "converted": Classification(
        kind=Kind.REJECTED,
        executed=Executed.NO,
        cause="The guest became one of the people.",
        advice="Send the row to the people.",
        rematch=True,
    ),
    "duplicate": _classify_rejected("Another record has this value already.", "Give the field a value of its own."),
    "bad_value": _classify_rejected("The field cannot hold this value.", "Mend the value in the model."),
    "too_long": _classify_rejected(
        "The text is longer than the field.", "Shorten it, or say truncate: true in the mapping."
    ),
    "required_missing": _classify_rejected("A field that must have a value has none.", "Map the field, or fill it."),
    "unknown_field": _classify_rejected("The object has no such field.", "Refresh the schema."),
    "not_writable": _classify_rejected("The field cannot be written on this record.", "Leave it out of the mapping."),
    "reference_not_found": _classify_rejected(
        "The record that a reference means does not exist.", "Send that record first."
    ),
}


def classify(error: RowError | BaseException) -> Classification | None:
    """Classify an error, or return None to leave it to the core."""
    if isinstance(error, ConnectionError):
        return LOST
    if not isinstance(error, RowError):
        return None
    if error.code == "duplicate" and error.action is Action.UPSERT:
        return _classify_transient(
            Kind.TRANSIENT, "Another batch created the record first.", "Nothing to do.", attempts=2
        )
    return CODES.get(error.code)
