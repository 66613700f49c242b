"""Runs to be killed: the list of a picklist, with a label that moves, against an emulated org."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path

from connector_salesforce_picklist import codes

from connector_sdk import ConnectionConfig, FieldMapping, Guards, Match, Mode, Model, Project, RunReport, Sync
from connector_sdk.delivery.retry import Pace
from connector_sdk.run import run
from connector_sdk.testing.crash import Scenario

from ..salesforce.emulated import Emulated

FIELD = "Account.Tier__c"
PATCH = {"method": "PATCH", "path": "/services/data/*/tooling/sobjects/*"}
PACE = Pace(base=0.001, cap=0.01, attempts=50, tokens=10_000)

OLD = {"Gold": "Gold", "Silver": "Silver", "Bronze": "Bronze"}
NEW = {
    "plain": {"Silver": "Silver", "Bronze": "Third", "Platinum": "Platinum"},
    "moving": {"Silver": "Silver", "Bronze": "Bronze", "Platinum": "Gold"},
}
BETWEEN = {"plain": [], "moving": [{"Silver": "Silver", "Bronze": "Bronze"}]}
"""What the list may be beside the old and the new one: a label that moves is free for a moment."""


def make_scenario(ready: str, way: str, *cuts: str) -> Scenario:
    """Return a scenario that replaces a list with another one; `cuts` say when connections also break."""
    emulated = Emulated(json.loads(ready))
    os.environ["SF_SECRET"] = emulated.ready["client_secret"]
    return Scenario(
        prepare=lambda folder: _prepare(emulated, folder, way, cuts),
        run=lambda folder: _resume(emulated, folder, way),
        audit=lambda folder: _audit(emulated, folder, way),
    )


def _prepare(emulated: Emulated, folder: Path, way: str, cuts: tuple[str, ...]) -> None:
    emulated.reset()
    with (folder / "values.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("name", "label"), *NEW[way].items()])
    lost = enumerate(cuts)
    emulated.faults(*({"match": PATCH, "do": {"cut": cut}, "rate": 0.5, "times": 2, "seed": n} for n, cut in lost))


def _project(emulated: Emulated, folder: Path) -> Project:
    ready = emulated.ready
    auth = {"flow": "client_credentials", "client_id": ready["client_id"], "client_secret": "${SF_SECRET}"}
    crm = ConnectionConfig("crm", "salesforce_picklist", {"login_url": ready["login_url"], "auth": auth})
    model = Model(name="values", primary_key=("name",), file="values.csv", folder=str(folder))
    sync = Sync(
        name="values",
        model="values",
        connection="crm",
        objects=("Account",),
        mode=Mode.ALL,
        match=Match("Tier__c", "name"),
        fields=(FieldMapping(field="label", column="label"),),
        guards=Guards(max_removed=None, max_removed_per_day=None),
    )
    return Project(connections={"crm": crm}, models={"values": model}, syncs={"values": sync}, folder=str(folder))


def _resume(emulated: Emulated, folder: Path, way: str) -> int:
    """Start or resume a run. Assert first that the killed process left the list in one of its valid states."""
    found = _active(emulated)
    assert found in [OLD, NEW[way], *BETWEEN[way]], f"the active values are {found}"
    return max(each.exit for each in _run(emulated, folder))


def _active(emulated: Emulated) -> dict[str, str]:
    return {each["value"]: each["label"] for each in emulated.picklist(FIELD) if each["active"]}


def _run(emulated: Emulated, folder: Path) -> tuple[RunReport, ...]:
    codes.PAUSES = (0.02,)
    os.environ["XDG_STATE_HOME"] = str(folder / "home")
    return run(_project(emulated, folder), "values", pace=PACE)


def _audit(emulated: Emulated, folder: Path, way: str) -> Iterator[str]:
    if _active(emulated) != NEW[way]:
        yield f"the active values are {_active(emulated)}"
    emulated.faults()
    (report,) = _run(emulated, folder)
    if report.rows.planned:
        yield f"another run still had something to write: {report.rows}"
