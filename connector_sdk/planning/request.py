"""The request for a plan: the sync, its settings and its history."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from connector_sdk.contract.batch import ACTIONS, Action
from connector_sdk.contract.project import Model, Project, Sync
from connector_sdk.contract.schema import ObjectSchema
from connector_sdk.contract.spec import DestinationSpec, Mode
from connector_sdk.project.delivery import DeliverySettings
from connector_sdk.state.records import RemovedToday


@frozen
class PlanRequest:
    """A sync, its settings, and what its earlier runs left behind.

    - `schema`: the only object, or the first in the order in which rows are routed; `others` are the rest.
    - `folder`: where the plan goes.
    - `generation`: the number of the run that this plan is for.
    - `target`: what is written to, in words; `former_target`: what the last run wrote to.
    - `former`: the schemas that the last run was planned with.
    - `removed_today`: how many rows the runs of the last 24 hours removed.
    - `held`: the keys that wait for `connector resolve`.
    - `full`: send every row again.
    - `baseline`: count the present rows as already sent.
    - `lookup`: ask the destination which records exist, even if the plan does not need it.
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
        """The objects, in the order in which rows are routed to them."""
        return (self.schema, *self.others)

    @property
    def compares(self) -> bool:
        """Whether a known row is sent again after its values changed."""
        return self.sync.mode in (Mode.UPSERT, Mode.UPDATE)

    @property
    def matches_by_key(self) -> bool:
        """Whether the match column is the primary key: rows with the same key then have the same match value."""
        return self.sync.match is not None and self.model.primary_key == (self.sync.match.column,)

    @property
    def forgets(self) -> bool:
        """Whether a key that leaves the model also leaves the snapshot."""
        return self.sync.mode is not Mode.INSERT and not self.full

    @property
    def convertible_objects(self) -> tuple[str, ...]:
        """The objects of the sync to which records of its other objects may be converted."""
        targets = {other for each in self.schemas for other in each.converts_to if other != each.name}
        return tuple(each.name for each in self.schemas if each.name in targets)

    @property
    def successors(self) -> tuple[str, ...]:
        """The objects outside of the sync to which its records may be converted."""
        own = {each.name for each in self.schemas}
        return tuple(dict.fromkeys(other for each in self.schemas for other in each.converts_to if other not in own))

    @property
    def action(self) -> Action:
        """The action that is taken for rows of the model."""
        return ACTIONS[self.sync.mode]
