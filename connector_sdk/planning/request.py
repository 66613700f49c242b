"""What is asked of planning, and what it works on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from connector_sdk.contract.batch import Action
from connector_sdk.contract.project import Model, Project, Sync
from connector_sdk.contract.schema import ObjectSchema
from connector_sdk.contract.spec import DestinationSpec, Mode
from connector_sdk.project.delivery import DeliverySettings
from connector_sdk.state.records import RemovedToday

ACTIONS: Mapping[Mode, Action] = {
    Mode.INSERT: Action.CREATE,
    Mode.UPDATE: Action.UPDATE,
    Mode.UPSERT: Action.UPSERT,
    Mode.ARCHIVE: Action.DELETE,
    Mode.ALL: Action.REPLACE,
}
"""What each mode does with a row of the model."""


@frozen
class PlanRequest:
    """A sync, its settings, and what its earlier runs left behind.

    `target` says in words what is written to. `held` has the keys that wait for `connector resolve`. `full` sends
    every row again, `baseline` takes the present rows as sent, `lookup` asks the destination which records are there
    even where it need not be known. `generation` is the number of the run that this plan is for, `former` has the
    schemas that the last one was planned with, `former_target` what it wrote to. `removed_today` counts what runs of
    the last 24 hours removed. The plan goes into `folder`. Of several objects, `schema` is the one that a row goes to
    before the `others`.
    """

    run: str
    project: Project
    sync: Sync
    model: Model
    schema: ObjectSchema
    spec: DestinationSpec
    delivery: DeliverySettings
    folder: Path
    generation: int
    target: Mapping[str, str]
    former: Mapping[str, ObjectSchema] = field(factory=dict)
    former_target: Mapping[str, str] = field(factory=dict)
    removed_today: RemovedToday = field(factory=RemovedToday)
    snapshot: Path | None = None
    fingerprints: Mapping[str, str] = field(factory=dict)
    held: tuple[str, ...] = ()
    full: bool = False
    baseline: bool = False
    lookup: bool = False
    accepted: frozenset[str] = frozenset()
    others: tuple[ObjectSchema, ...] = ()

    @property
    def schemas(self) -> tuple[ObjectSchema, ...]:
        """The objects, in the order in which a row goes to one of them."""
        return (self.schema, *self.others)

    @property
    def compares(self) -> bool:
        """Whether a known row is sent again when its values changed."""
        return self.sync.mode in (Mode.UPSERT, Mode.UPDATE)

    @property
    def matches_by_key(self) -> bool:
        """Whether the match column is the primary key: rows with one key then have one match value."""
        return self.sync.match is not None and self.model.primary_key == (self.sync.match.column,)

    @property
    def forgets(self) -> bool:
        """Whether a key that leaves the model goes from the snapshot."""
        return self.sync.mode is not Mode.INSERT and not self.full

    @property
    def action(self) -> Action:
        """What is done with the rows of the model."""
        return ACTIONS[self.sync.mode]
