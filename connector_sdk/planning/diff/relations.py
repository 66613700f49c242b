"""The relations that one step of planning makes and later steps read, by their names in the plan's connection."""

from __future__ import annotations

from attrs import frozen

from connector_sdk.engines.promote import MERGED


@frozen
class Relations:
    """The relations of one plan.

    - `model`: the rows of the model as they are compared.
    - `known`: the rows that the destination has accepted so far; None without a snapshot.
    - `parted`: the merged rows that left their groups; None if no earlier run merged rows.
    - `groups`: the groups of rows that are one record; None if the sync merges no rows.
    """

    model: str
    known: str | None = None
    parted: str | None = None
    groups: str | None = None

    @property
    def was_merged(self) -> str | None:
        """SQL that is true if an earlier run merged the known row `s`; None if none was merged."""
        return f"coalesce(s.{MERGED}, false)" if self.parted else None
