"""The errors of a notebook: the kind, cause and advice for each code."""

from __future__ import annotations

from collections.abc import Mapping

from connector_sdk import Classification, Executed, Kind

CODES: Mapping[str, Classification] = {
    "busy": Classification(
        Kind.TRANSIENT, Executed.NO, "Another program is writing to the notebook.", "Close it if this stays."
    ),
    "missing": Classification(
        Kind.REJECTED, Executed.NO, "A field that must have a value has none.", "Map the field, or fill it."
    ),
    "too_long": Classification(
        Kind.REJECTED, Executed.NO, "The text is longer than the field.", "Shorten it, or map it with truncate: true."
    ),
    "duplicate": Classification(
        Kind.REJECTED, Executed.NO, "Another record has this key.", "Give the record a key of its own."
    ),
    "gone": Classification(
        Kind.REJECTED, Executed.NO, "The record was deleted.", "Nothing to do.", forget_record=True
    ),
}  # fmt: skip
