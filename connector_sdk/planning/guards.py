"""Limits that stop a plan that looks like a mistake, each released once by `--accept NAME`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from attrs import frozen

from connector_sdk.plan import Finding, Level
from connector_sdk.sync import Guards

GUARDS = ("min_rows", "max_removed", "max_changed", "rekeyed", "schema", "rejected", "old-state")
"""The names that `--accept` takes.

`schema` is about what changed at the destination, `rejected` about mode `all`, `old-state` about the state folder.
"""


@frozen
class Scale:
    """How large a plan is: rows of the model, rows known before, and of those, removed, changed and rekeyed ones.

    `entries` is what a list that is replaced as a whole consists of: they are the ones known then. Empty elsewhere.
    """

    read: int
    known: int
    removed: int
    changed: int
    rekeyed: int
    entries: str = ""


def guard(guards: Guards, scale: Scale, accepted: Collection[str]) -> tuple[Finding, ...]:
    """A finding that stops the run for every limit that is exceeded and was not accepted."""
    return tuple(
        Finding(Level.STOP, message, f"if that is meant: --accept {name}", name)
        for name, message in _exceeded(guards, scale)
        if name not in accepted
    )


def _exceeded(guards: Guards, scale: Scale) -> Iterator[tuple[str, str]]:
    if guards.min_rows is not None and scale.read < guards.min_rows:
        yield "min_rows", f"the model has {scale.read:,} rows, and {guards.min_rows:,} are expected at least"
    known = f"{scale.known:,} {scale.entries or 'rows'}"
    left, changed = ("would be deactivated", "would be changed") if scale.entries else ("left the model", "changed")
    for name, limit, rows, what in (
        ("max_removed", guards.max_removed, scale.removed, left),
        ("max_changed", guards.max_changed, scale.changed, changed),
    ):
        if limit is not None and rows > _rows(limit, scale.known):
            yield name, f"{rows:,} of {known} {what}, and {limit} are allowed at once"
    if scale.rekeyed:
        message = (
            f"{scale.rekeyed:,} known rows have a new match value: they would write other records than before,"
            " and their former records count as removed"
        )
        yield "rekeyed", message


def _rows(limit: int | str, known: int) -> float:
    """A limit as a number of rows."""
    return known * float(limit.rstrip("%")) / 100 if isinstance(limit, str) else limit
