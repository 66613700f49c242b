"""Limits that stop a plan which looks like a mistake; `--accept NAME` releases one for one run."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping

from attrs import field, frozen

from connector_sdk.contract.plan import Finding, Level
from connector_sdk.contract.project import Guards
from connector_sdk.settings.counts import say_count
from connector_sdk.state.records import RemovedToday

OLD_STATE = "old-state"
COPIED = "copied"
LOST_STATE = "lost-state"

GUARDS = (
    "min_rows", "max_removed", "max_removed_per_day", "max_changed", "rekeyed", "respelled", "schema", "model",
    "account", "rejected", OLD_STATE, COPIED, LOST_STATE,
)  # fmt: skip
"""The names that `--accept` takes.

`schema` is about changes at the destination, `model` and `account` about what the sync is based on, `rejected` about
mode `all`, and the last three about the state folder.
"""

EXAMPLES = 3
"""The number of keys that a guard shows."""

_RESTORE = "restore the missing rows of the model"


@frozen
class Respelled:
    """The number of new keys that resemble a known key which the model lacks, and a few pairs of known and new key."""

    rows: int = 0
    pairs: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        more = ", ..." if self.rows > len(self.pairs) else ""
        return ", ".join(f"{known!r} is {new!r} now" for known, new in self.pairs) + more


@frozen
class Scale:
    """The size of a plan: rows of the model, rows known before, and the removed, changed and rekeyed ones among these.

    `examples` has a few keys of the removed, changed and rekeyed rows, by these words. `entries` names what a list that
    is replaced as a whole consists of, and these count as the known rows; elsewhere it is empty.
    """

    read: int
    known: int
    removed: int
    changed: int
    rekeyed: int
    entries: str = ""
    today: RemovedToday = field(factory=RemovedToday)
    respelled: Respelled = field(factory=Respelled)
    examples: Mapping[str, tuple[str, ...]] = field(factory=dict)

    def show_keys(self, what: str, rows: int) -> str:
        """Return a few keys in brackets; empty text if there are none."""
        keys = self.examples.get(what, ())
        more = ", ..." if rows > len(keys) else ""
        return f" ({', '.join(keys)}{more})" if keys else ""


def guard(guards: Guards, scale: Scale, accepted: Collection[str]) -> tuple[Finding, ...]:
    """Return a finding that stops the run for each limit that is exceeded and was not accepted."""
    return tuple(each for each in _find_exceeded(guards, scale, accepted) if each.guard not in accepted)


def find_released(guards: Guards, scale: Scale, accepted: Collection[str]) -> tuple[str, ...]:
    """Return the names of the limits that are exceeded and were accepted."""
    return tuple(each.guard for each in _find_exceeded(guards, scale, accepted) if each.guard in accepted)


def _find_exceeded(guards: Guards, scale: Scale, accepted: Collection[str]) -> Iterator[Finding]:
    if guards.min_rows is not None and scale.read < guards.min_rows:
        has, least = say_count(scale.read, "row", "rows"), say_count(guards.min_rows, "is", "are")
        message = f"the model has {has}, and at least {least} expected"
        yield _stop("min_rows", message, _RESTORE)
    known = f"{scale.known:,} {scale.entries or 'rows'}"
    left, changed = ("would be deactivated", "would be changed") if scale.entries else ("left the model", "changed")
    for name, limit, rows, what, otherwise in (
        ("max_removed", guards.max_removed, scale.removed, left, _RESTORE),
        ("max_changed", guards.max_changed, scale.changed, changed, "correct the model"),
    ):
        if rows > _rows(limit, scale.known):
            shown = scale.show_keys(name.removeprefix("max_"), rows)
            yield _stop(name, f"{rows:,} of {known} {what}, and {limit} are allowed at once{shown}", otherwise)
    answered_for = "max_removed" in accepted and scale.removed > _rows(guards.max_removed, scale.known)
    if not (answered_for or scale.entries):
        yield from _check_removed_per_day(guards, scale)
    yield from _check_spellings(scale)


def _check_removed_per_day(guards: Guards, scale: Scale) -> Iterator[Finding]:
    """Yield a finding if a day's limit is exceeded. Its default allows at least what one run may remove."""
    today, limits = scale.today, [guards.max_removed_per_day]
    known, rows = today.known or scale.known, today.rows + scale.removed
    if guards.max_removed_per_day == Guards().max_removed_per_day:
        limits.append(guards.max_removed)
    limit = max(limits, key=lambda each: _rows(each, known))
    if not scale.removed or rows <= _rows(limit, known):
        return
    before = f", {today.rows:,} of them by earlier runs" if today.rows else ""
    message = (
        f"{rows:,} of {known:,} rows would be removed within 24 hours{before}, and {limit} are allowed"
        f"{scale.show_keys('removed', scale.removed)}"
    )
    yield _stop("max_removed_per_day", message, f"{_RESTORE}, or run again later")


def _check_spellings(scale: Scale) -> Iterator[Finding]:
    if scale.rekeyed:
        message = (
            f"{scale.rekeyed:,} known rows have a new match value: they would write other records than before,"
            f" and their former records count as removed{scale.show_keys('rekeyed', scale.rekeyed)}"
        )
        yield _stop("rekeyed", message, "correct the match column")
    if scale.respelled.rows:
        message = (
            f"{scale.respelled.rows:,} new keys are known keys in another spelling, which would be sent as other rows:"
            f" {scale.respelled}"
        )
        yield _stop("respelled", message, "spell them in the model as before")


def _stop(name: str, message: str, otherwise: str) -> Finding:
    return Finding(Level.STOP, message, f"{otherwise}, or if that is meant: --accept {name}", guard=name)


def _rows(limit: int | str | None, known: int) -> float:
    """Return a limit as a number of rows; None means no limit."""
    if limit is None:
        return math.inf
    return known * float(limit.rstrip("%")) / 100 if isinstance(limit, str) else limit
