"""Every call of the events destination with every malformed answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve
from connector_salesforce_events import Options

from connector_sdk import Action, Batch, Column, Connection, Delivery, Mode, PlanSummary
from connector_sdk.hooks.destination import Destination
from connector_sdk.testing.doubles import RecordingRun

from ..salesforce.emulated import Emulated
from ..salesforce.scripted import batch
from ..salesforce.trials import LOGIN, Act, Use, complaints, quick_uses
from .projects import EVENT

DESCRIBED = (*LOGIN, "GET /sobjects", f"GET /sobjects/{EVENT}/describe")
EXECUTING = ("POST /composite/sobjects", "POST /composite", "PATCH /jobs/ingest/{id}")
"""Calls that may publish."""


def make_batch(api: str) -> Batch:
    """Return a batch of three events, of which the last one is refused."""
    rows = {"Order_Number__c": ["o1", "o2", "x" * 500], "Status__c": ["open"] * 3}
    return batch(rows, Action.CREATE, api=api, object_name=EVENT)


def make_publish_act(api: str) -> Act:
    """Return an act that publishes events."""

    def act(destination: Destination, connection: Connection) -> Any:
        made = make_batch(api)
        return destination.write_batch(connection, made, Options(), RecordingRun(longest=0).attempt(made))

    return act


def check_plan(destination: Destination, connection: Connection) -> Any:
    """Check a plan."""
    plan = PlanSummary(
        run="run",
        sync="sync",
        mode=Mode.INSERT,
        object_names=(EVENT,),
        api="rest",
        batch_size=200,
        parallelism=1,
        delivery=Delivery.AT_MOST_ONCE,
        columns=(Column("Status__c"),),
        planned={Action.CREATE: 3},
        batches={Action.CREATE: 1},
    )
    return destination.check_plan(connection, plan, Options())


def use(act: Act, **more: Any) -> Use:
    return Use("salesforce_events", act, **{"executing": EXECUTING, "others": DESCRIBED, **more})


USES: Mapping[str, Use] = {
    "list events": use(lambda destination, connection: destination.list_objects(connection), others=LOGIN),
    "discover": use(lambda destination, connection: destination.discover_schema(connection, EVENT), others=LOGIN),
    "check a plan": use(check_plan),
    "publish by rest": use(make_publish_act("rest"), ordered=True, once=True),
    "publish by composite": use(make_publish_act("composite"), once=True),
    "publish by bulk2": use(make_publish_act("bulk2")),
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
