"""The errors of a notebook: the kind, cause and advice for each code."""

from __future__ import annotations

from collections.abc import Mapping

from connector_sdk import Classification, Executed, Kind

CODES: Mapping[str, Classification] = {
    "busy": Classification(
        kind=Kind.TRANSIENT,
        executed=Executed.NO,
        cause="Another program is writing to the notebook.",
        advice="Close it if this stays.",
    ),
    "missing": Classification(
        kind=Kind.REJECTED,
        executed=Executed.NO,
        cause="A field that must have a value has none.",
        advice="Map the field, or fill it.",
    ),
    "too_long": Classification(
        kind=Kind.REJECTED,
        executed=Executed.NO,
        cause="The text is longer than the field.",
        advice="Shorten it, or map it with truncate: true.",
    ),
    "duplicate": Classification(
        kind=Kind.REJECTED,
        executed=Executed.NO,
        cause="Another record has this key.",
        advice="Give the record a key of its own.",
    ),
    "gone": Classification(
        kind=Kind.REJECTED,
        executed=Executed.NO,
        cause="The record was deleted.",
        advice="Nothing to do.",
        record_gone=True,
    ),
}
