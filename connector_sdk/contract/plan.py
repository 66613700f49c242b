"""The summary of what a run is going to do, for users to read and for destinations to check."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from connector_sdk.contract.batch import Action, Column
from connector_sdk.contract.report import ActionCounts, CodeCount, RowCounts
from connector_sdk.contract.spec import Delivery, Mode


class Level(StrEnum):
    """The severity of a finding: `stop` keeps the run from starting."""

    INFO = "info"
    WARNING = "warning"
    STOP = "stop"


class Effect(StrEnum):
    """Why a row is in a plan.

    `new`: its key is not known yet. `absent` and `present`: new, and a lookup found no record or one. `changed`: the
    row differs from what was accepted. `rekeyed`: it has a new match value. `same`: it stays as it is in a list that is
    replaced as a whole. `left`: it left the model.
    """

    NEW = "new"
    ABSENT = "absent"
    PRESENT = "present"
    CHANGED = "changed"
    REKEYED = "rekeyed"
    SAME = "same"
    LEFT = "left"


@frozen
class Finding:
    """A fact worth knowing before a run, and what to do about it.

    `guard` is the name by which users can accept a stop; it is empty if they cannot.
    """

    level: Level
    message: str
    advice: str = ""
    guard: str = field(default="", kw_only=True)


@frozen
class Cost:
    """The expected use of a run. `lookups` counts the API calls for lookups; a run makes them again."""

    batches: int
    lookups: int = 0


@frozen(kw_only=True)
class PlanSummary:
    """A frozen plan without its rows. `planned` counts rows per action, and `batches` counts batches per action.

    `key_fields` are the fields that take a column of the model's primary key. If there are several objects, new
    records go to `create_in`.
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


@frozen(kw_only=True)
class PlanReport:
    """What `plan` shows: counts, samples, findings and cost.

    `created_or_updated` counts rows that the destination will either create or update: the plan did not look up which.
    The counts in `actions` leave these rows out. `samples` maps each kind of planned row to a few examples, each with
    the values to send as text by field. A value of None empties its field; a field that keeps its value is left out.
    `held` counts the rows of the sync that wait for `connector resolve`, and `skipped_as_held` those of them that are
    in this plan. `codes` are the most frequent reasons why rows are not sent.
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
    held: int = 0
    skipped_as_held: int = 0
    codes: tuple[CodeCount, ...] = ()
