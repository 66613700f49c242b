"""Runs to be killed that merge four accounts into a fifth, two by a request, audited by what the org executed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connector_sdk import (
    ConnectionConfig,
    DeliveryOptions,
    FieldMapping,
    Match,
    Merge,
    Mode,
    Model,
    Project,
    RunReport,
    Sync,
)
from connector_sdk.run import run
from connector_sdk.testing.crash import Scenario

from .crashes import PACE
from .emulated import Emulated

CHILDREN = ["a", "b", "c", "d"]


def make_scenario(ready: str, *cuts: str) -> Scenario:
    """Return a scenario that merges two children with each request; `cuts` say when connections break as well."""
    emulated = Emulated(json.loads(ready))
    os.environ["SF_SECRET"] = emulated.ready["client_secret"]
    return Scenario(
        prepare=lambda folder: _prepare(emulated, folder, cuts),
        run=lambda folder: max(each.exit for each in _run(emulated, folder)),
        audit=lambda folder: _audit(emulated, folder),
    )


def _prepare(emulated: Emulated, folder: Path, cuts: tuple[str, ...]) -> None:
    emulated.reset()
    keys = [*CHILDREN, "parent"]
    emulated.insert("Account", *({"External_Id__c": key, "Name": "Before"} for key in keys))
    columns = {"key": keys, "group": ["1"] * len(keys), "child": [key != "parent" for key in keys]}
    pq.write_table(pa.table(columns), folder / "model.parquet")
    match = {"method": "POST", "path": "/services/Soap/*"}
    emulated.faults(*({"match": match, "do": {"cut": cut}, "rate": 0.5, "times": 2, "seed": number}
                      for number, cut in enumerate(cuts)))  # fmt: skip


def _run(emulated: Emulated, folder: Path) -> tuple[RunReport, ...]:
    os.environ["XDG_STATE_HOME"] = str(folder / "home")
    ready = emulated.ready
    auth = {"flow": "client_credentials", "client_id": ready["client_id"], "client_secret": "${SF_SECRET}"}
    crm = ConnectionConfig("crm", "salesforce", {"login_url": ready["login_url"], "auth": auth})
    sync = Sync(
        name="sync",
        model="model",
        connection="crm",
        objects=("Account",),
        mode=Mode.UPSERT,
        fields=(FieldMapping(field="Name", value="After"),),
        match=Match("External_Id__c", "key"),
        merge=Merge("group", is_child="child"),
        delivery=DeliveryOptions(api="rest", batch_size=2),
    )
    model = Model(name="model", primary_key=("key",), file="model.parquet", folder=str(folder))
    return run(
        Project(connections={"crm": crm}, models={"model": model}, syncs={"sync": sync}, folder=str(folder)),
        "sync",
        pace=PACE,
    )


def _audit(emulated: Emulated, folder: Path) -> Iterator[str]:
    emulated.faults()
    live = emulated.records("Account")
    if [(each["External_Id__c"], each["Name"]) for each in live] != [("parent", "After")]:
        yield f"these are live: {live}"
        return
    gone = {each["External_Id__c"]: each["MasterRecordId"] for each in emulated.recycle_bin("Account")}
    if gone != dict.fromkeys(CHILDREN, live[0]["Id"]):
        yield f"these were merged: {gone}"
    merges = [(each["master"], len(each["merged"])) for each in emulated.stats()["merges"]]
    if merges != [(live[0]["Id"], 2)] * 2:
        yield f"these were the merges: {merges}"
    lines = [line for ledger in (folder / ".connector" / "ledgers").iterdir()
             for line in pq.read_table(ledger, columns=["key", "outcome"]).to_pylist()]  # fmt: skip
    if sorted(line["key"] for line in lines) != [*CHILDREN, "parent"] or {"succeeded"} != {
        line["outcome"] for line in lines
    }:
        yield f"this was said of them: {lines}"
    (report,) = _run(emulated, folder)
    if report.rows.planned:
        yield f"another run still had something to send: {report.rows}"
