"""What a run is going to do, summed up: for a person to read and for a destination to check."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from connector_sdk.contract.batch import Action, Column
from connector_sdk.contract.report import ActionCounts, CodeCount, RowCounts
from connector_sdk.contract.spec import Delivery, Mode


class Level(StrEnum):
    """How much a finding weighs: `stop` keeps the run from starting."""

    INFO = "info"
    WARNING = "warning"
    STOP = "stop"


@frozen
class Finding:
    """Something worth knowing before a run: what it is, and what to do about it.

    `guard` is the name with which a stop can be accepted, empty where it cannot.
    """

    level: Level
    message: str
    advice: str = ""
    guard: str = ""


@frozen
class Cost:
    """What a run is expected to use. `calls` leaves out polls; None where the destination does not say.

    `lookups` are the API calls that the look-ups of this plan took; a run makes them again.
    """

    batches: int
    calls: int | None = None
    lookups: int = 0


@frozen
class PlanSummary:
    """A frozen plan, without its rows. `planned` counts rows per action, `batches` how they are cut per action.

    `key_fields` are the fields that are filled with a column of the model's primary key. Of several objects,
    `create_in` gets the new records.
    """

    run: str
    sync: str
    mode: Mode
    object_names: tuple[str, ...]
    api: str
    batch_size: int
    parallelism: int
    delivery: Delivery
    columns: tuple[Column, ...]
    planned: Mapping[Action, int]
    batches: Mapping[Action, int]
    match_field: str | None = None
    create_in: str | None = None
    key_fields: tuple[str, ...] = ()


@frozen
class PlanReport:
    """What `plan` shows: counts, samples, findings and cost.

    In `actions`, rows that a destination will create or update without having been asked which are counted as
    `created_or_updated`. `samples` maps each kind of planned row to a few of them, each with the values that will be
    sent, as text by field: None empties a field, and one that is left alone is missing. `held` counts the rows of the
    sync that wait for `connector resolve`, `skipped_as_held` those of this plan among them; `codes` are the most
    frequent reasons why rows are not sent.
    """

    run: str
    sync: str
    rows: RowCounts
    actions: ActionCounts
    created_or_updated: int
    samples: Mapping[str, tuple[Mapping[str, Any], ...]]
    findings: tuple[Finding, ...]
    cost: Cost
    delivery: Delivery
    saved: bool = False
    accepted: tuple[str, ...] = field(default=())
    held: int = 0
    skipped_as_held: int = 0
    codes: tuple[CodeCount, ...] = ()
