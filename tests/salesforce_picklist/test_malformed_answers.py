"""Every call of the picklist destination with every malformed answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve
from connector_salesforce_picklist import Options

from connector_sdk import (
    Action,
    Batch,
    Column,
    Connection,
    Delivery,
    FieldMapping,
    Match,
    Mode,
    OnNull,
    PlanSummary,
    Sync,
)
from connector_sdk.hooks.destination import Destination
from connector_sdk.testing.doubles import RecordingRun

from ..salesforce.emulated import Emulated
from ..salesforce.scripted import batch
from ..salesforce.trials import LOGIN, Act, Use, complaints, quick_uses

DESCRIBED = (*LOGIN, "GET /sobjects", "GET /sobjects/Account/describe")
EXECUTING = (
    *("PATCH /tooling/sobjects/CustomField/{id}", "PATCH /tooling/sobjects/GlobalValueSet/{id}"),
    "POST /services/Soap/m/66.0 of updateMetadata",
)
"""Calls that may write."""

OPTIONS = Options(shared_values=True, allow_empty=True, break_dependencies=True)
FIELDS = {"a field": "Tier__c", "a global set": "Territory__c", "a standard set": "Rating"}


def make_batch(field: str, version: str) -> Batch:
    """Return a batch with a list of two values, one of which is new."""
    rows = {field: ["Hot", "Brand new"], "label": [None, "Of today"]}
    made = batch(rows, Action.UPDATE, columns=(Column(field), Column("label", OnNull.KEEP)), object_name="Account")
    return evolve(
        made, action=Action.REPLACE, mode=Mode.ALL, api="metadata", match_field=field, version=version, record_ids=None
    )


def reading(field: str) -> Act:
    """Read the values that there are."""

    def act(destination: Destination, connection: Connection) -> Any:
        rows, version = destination.read_records(connection, "Account", [field, "label"])
        return rows.read_all().to_pylist(), version

    return act


def make_write_act(field: str) -> Act:
    """Return an act that reads the values and writes others."""

    def act(destination: Destination, connection: Connection) -> Any:
        _, version = destination.read_records(connection, "Account", [field, "label"])
        made = make_batch(field, version)
        return destination.write_batch(connection, made, OPTIONS, RecordingRun(longest=0).attempt(made))

    return act


def make_check_act(field: str) -> Act:
    """Return an act that checks a sync and its plan."""

    def act(destination: Destination, connection: Connection) -> Any:
        sync = Sync(
            name="values",
            model="values",
            connection="crm",
            objects=("Account",),
            mode=Mode.ALL,
            fields=(FieldMapping(field="label", column="label"),),
            match=Match(field, "name"),
        )
        destination.check_sync(connection, sync, OPTIONS)
        _, version = destination.read_records(connection, "Account", [field, "label"])
        plan = PlanSummary(
            run="run",
            sync="values",
            mode=Mode.ALL,
            object_names=("Account",),
            api="metadata",
            batch_size=1_000,
            parallelism=1,
            delivery=Delivery.AT_LEAST_ONCE,
            columns=(Column(field), Column("label")),
            planned={Action.REPLACE: 2},
            batches={Action.REPLACE: 1},
            match_field=field,
        )
        return destination.check_plan(connection, plan, OPTIONS, make_batch(field, version))

    return act


def use(act: Act, **more: Any) -> Use:
    return Use("salesforce_picklist", act, **{"executing": EXECUTING, "others": DESCRIBED, **more})


USES: Mapping[str, Use] = {
    "list objects": use(lambda destination, connection: destination.list_objects(connection), others=LOGIN),
    "discover": use(lambda destination, connection: destination.discover_schema(connection, "Account"), others=LOGIN),
    **{f"read {name}": use(reading(field)) for name, field in FIELDS.items()},
    **{
        f"check {name}": use(make_check_act(field), others=LOGIN, seldom=field != "Tier__c")
        for name, field in FIELDS.items()
    },
    **{f"write {name}": use(make_write_act(field), once=True) for name, field in FIELDS.items()},
}


@pytest.mark.rule("C3", "C4")
@pytest.mark.parametrize("name", quick_uses(USES))
def test_no_malformed_answer_is_believed_or_breaks_a_hook(
    name: str, emulated: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert complaints(USES[name], emulated, monkeypatch) == []


@pytest.mark.long
@pytest.mark.parametrize("name", USES)
def test_no_malformed_answer_among_good_ones_is_believed_or_breaks_a_hook(
    name: str, emulated: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert complaints(evolve(USES[name], once=True), emulated, monkeypatch) == []
