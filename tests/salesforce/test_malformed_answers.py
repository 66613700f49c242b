"""Every call of the Salesforce destination with every malformed answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve
from connector_salesforce.config import Options

from connector_sdk import Action, Anchor, Batch, Column, Connection, Delivery, Mode, PlanSummary
from connector_sdk.hooks.destination import Destination
from connector_sdk.hooks.plugins import load
from connector_sdk.testing.doubles import RecordingHost, RecordingRun

from .emulated import Emulated
from .scripted import batch
from .trials import LOGIN, Act, Use, complaints, quick_uses

EXECUTING = (
    *("POST /composite/sobjects", "PATCH /composite/sobjects", "DELETE /composite/sobjects"),
    *("PATCH /composite/sobjects/Contact/External_Id__c", "POST /job/{id}/batch", "PATCH /jobs/ingest/{id}"),
    "POST /services/Soap/u/66.0",
)
"""Calls that may write."""

DESCRIBED = (*LOGIN, "GET /sobjects", "GET /sobjects/Contact/describe", "GET /sobjects/Lead/describe")

SELDOM = {
    *(("bulk", action) for action in (Action.UPDATE, Action.UPSERT, Action.DELETE)),
    *(("bulk2", action) for action in (Action.UPDATE, Action.DELETE)),
}
"""Ways to write that are tried in the long suite: they make the same calls as others."""

KEYS = ["k1", "k2", "k3"]
MANY = [*KEYS, *(f"{number:090}" for number in range(200))]
"""More keys than an address has room for."""
ids: dict[str, str] = {}
"""The ids of the records that are there, by key."""
anchors: list[Anchor] = []
"""The anchors of a batch that was written."""


def contacts(emulated: Emulated) -> None:
    """Make a contact for each key, and one that is merged away."""
    emulated.insert("Contact", *({"LastName": each, "External_Id__c": each} for each in [*KEYS, "gone"]))
    ids.update({each["External_Id__c"]: each["Id"] for each in emulated.records("Contact")})
    emulated.delete("Contact", ids["gone"])


def leads(emulated: Emulated) -> None:
    """Make leads, one of which was converted."""
    emulated.insert("Lead", *({"LastName": each, "Company": "Acme", "External_Id__c": each} for each in KEYS))
    emulated.convert("k2")


def build_batch(action: Action, api: str) -> Batch:
    """Return a batch of three rows; the org refuses the last unless it is deleted."""
    rows: dict[str, Any] = {"LastName": ["one", "two", "x" * 100]}
    if action is Action.DELETE:
        return batch({}, action, ids=[ids[each] for each in KEYS], api=api)
    if action is Action.UPDATE:
        return batch(rows, action, ids=[ids[each] for each in KEYS], api=api)
    return batch({"External_Id__c": [f"n{each}" for each in KEYS], **rows}, action, api=api)


def write_rows(action: Action, api: str) -> Act:
    """Write a batch."""

    def act(destination: Destination, connection: Connection) -> Any:
        made = build_batch(action, api)
        return destination.write_batch(connection, made, Options(), RecordingRun(longest=0).attempt(made))

    return act


def send_rows(action: Action, api: str) -> Callable[[Emulated], None]:
    """Write a batch, and keep its anchors."""

    def prepare(emulated: Emulated) -> None:
        contacts(emulated)
        made, run = build_batch(action, api), RecordingRun()
        destination = load("salesforce")
        connection = destination.connect(emulated.config(), RecordingHost())
        destination.write_batch(connection, made, Options(), run.attempt(made))
        anchors[:] = run.anchors

    return prepare


def recover_rows(action: Action, api: str, *steps: str) -> Use:
    """Recover a batch of which only some anchors are known."""

    def act(destination: Destination, connection: Connection) -> Any:
        made = build_batch(action, api)
        run = RecordingRun([each for each in anchors if each.step in steps], longest=0)
        return destination.recover_batch(connection, made, Options(), run.attempt(made))

    return use(act, prepare=send_rows(action, api), executing=LOGIN)


def merge_records(recover: bool = False) -> Act:
    """Merge two records into another one, one of which is gone."""

    def act(destination: Destination, connection: Connection) -> Any:
        empty = batch({}, Action.DELETE, ids=[ids["k2"], ids["gone"]], api="rest")
        made = evolve(empty, action=Action.MERGE, mode=Mode.UPSERT, merge_into=pa.array([ids["k1"]] * 2))
        hook = destination.recover_batch if recover else destination.write_batch
        run = RecordingRun(longest=0)
        if recover:
            run.attempt(made).anchor("merging")
        return hook(connection, made, Options(), run.attempt(made))

    return act


def match_records(objects: list[str], field: str, values: list[str]) -> Act:
    """Look records up."""
    return lambda destination, connection: destination.match(connection, objects, field, pa.array(values))


def check_plan(destination: Destination, connection: Connection) -> Any:
    """Look at a plan."""
    plan = PlanSummary(
        run="run",
        sync="sync",
        mode=Mode.UPSERT,
        object_names=("Contact", "Subscription__c"),
        api="bulk",
        batch_size=1_000,
        parallelism=10,
        delivery=Delivery.EXACTLY_ONCE,
        columns=(Column("LastName"),),
        planned={Action.UPSERT: 100},
        batches={Action.UPSERT: 1},
    )
    return destination.check_plan(connection, plan, Options())


def use(act: Act, **more: Any) -> Use:
    return Use("salesforce", act, **{"prepare": contacts, "executing": EXECUTING, "others": DESCRIBED, **more})


USES: Mapping[str, Use] = {
    "connect": use(lambda destination, connection: connection.account, others=()),
    "list objects": use(lambda destination, connection: destination.list_objects(connection), others=LOGIN),
    "discover": use(lambda destination, connection: destination.discover_schema(connection, "Contact"), others=LOGIN),
    "look keys up": use(match_records(["Contact"], "External_Id__c", ["k1", "K2", "none"])),
    "look ids up": use(match_records(["Contact"], "Id", ["003000000000001AAA", "none"])),
    "look many keys up": use(match_records(["Contact"], "External_Id__c", MANY)),
    "look leads up": use(match_records(["Contact", "Lead"], "External_Id__c", KEYS), prepare=leads),
    "check a plan": use(check_plan),
    **{
        f"{action.value} by {api}": use(
            write_rows(action, api), ordered=api != "bulk2" and action in (Action.CREATE, Action.UPSERT),
            once=api == "rest", seldom=(api, action) in SELDOM,
        )
        for api in ("rest", "bulk", "bulk2")
        for action in (Action.CREATE, Action.UPDATE, Action.UPSERT, Action.DELETE)
        if (api, action) != ("bulk2", Action.CREATE)
    },
    "recover a posted batch": recover_rows(Action.UPDATE, "bulk", "posting", "posted"),
    "recover a batch that may have been posted": recover_rows(Action.UPDATE, "bulk", "posting"),
    "recover a job": recover_rows(Action.UPDATE, "bulk2", "opened", "handing over"),
    "recover a job that was not handed over": recover_rows(Action.UPDATE, "bulk2", "opened"),
    "merge": use(merge_records()),
    "recover a merge": use(merge_records(recover=True)),
}  # fmt: skip


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
