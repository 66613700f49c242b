"""Runs to be killed: real syncs against an emulated org, audited by what it executed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from connector_salesforce.write import bulk, bulk2

from connector_sdk import ConnectionConfig, DeliveryOptions, FieldMapping, Match, Mode, Model, Project, RunReport, Sync
from connector_sdk.delivery.retry import Pace
from connector_sdk.run import FirstRun, run
from connector_sdk.testing.crash import Scenario

from .emulated import Emulated

KEYS = [f"k{number}" for number in range(9)]
WRITING = {
    "bulk": [("*", "/services/async/*")],
    "bulk2": [(method, "/services/data/*/jobs/ingest*") for method in ("POST", "PUT", "PATCH", "GET")],
    "rest": [("*", "/services/data/*/composite/sobjects*")],
}
"""The calls of each api that may be cut."""

RATE = 0.15
"""The share of those calls that are cut; each of the ways to cut has a part of it."""
MANY = 10_000

PACE = Pace(base=0.001, cap=0.01, attempts=50, tokens=10_000)


def make_scenario(ready: str, api: str, mode: str, seed: str = "0", *cuts: str) -> Scenario:
    """Return a scenario that writes nine contacts in batches of three.

    `cuts` say when connections break as well, and `seed` decides which connections.
    """
    emulated = Emulated(json.loads(ready))
    os.environ["SF_SECRET"] = emulated.ready["client_secret"]
    project = _project(emulated, api, Mode(mode))
    return Scenario(
        prepare=lambda folder: _prepare(emulated, folder, Mode(mode), _fault_rules(api, int(seed), cuts)),
        run=lambda folder: max(each.exit for each in _run(project(folder), folder)),
        audit=lambda folder: _audit(emulated, project(folder), folder, (api, mode)),
    )


def _fault_rules(api: str, seed: int, cuts: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return fault rules that cut a share of the calls of an api, each in one of these ways."""
    return [
        {"match": {"method": method, "path": path}, "do": {"cut": cut},
         "rate": RATE / len(cuts), "times": MANY, "seed": 10 * seed + number}
        for number, cut in enumerate(cuts) for method, path in WRITING[api]
    ]  # fmt: skip


def _prepare(emulated: Emulated, folder: Path, mode: Mode, faults: list[dict[str, Any]]) -> None:
    emulated.reset()
    pq.write_table(pa.table({"key": KEYS, "last": KEYS}), folder / "model.parquet")
    if mode in (Mode.UPDATE, Mode.ARCHIVE):
        emulated.insert("Contact", *({"External_Id__c": key, "LastName": "Before"} for key in KEYS))
    emulated.faults(*faults)


def _project(emulated: Emulated, api: str, mode: Mode) -> Callable[[Path], Project]:
    def build_project(folder: Path) -> Project:
        fields = [] if mode is Mode.ARCHIVE else [FieldMapping(field="LastName", column="last")]
        fields += [FieldMapping(field="External_Id__c", column="key")] if mode is Mode.INSERT else []
        sync = Sync(
            name="sync", model="model", connection="crm", objects=("Contact",), mode=mode, fields=tuple(fields),
            match=None if mode is Mode.INSERT else Match("External_Id__c", "key"),
            delivery=DeliveryOptions(api=api, batch_size=3, parallelism=2),
        )  # fmt: skip
        ready = emulated.ready
        auth = {"flow": "client_credentials", "client_id": ready["client_id"], "client_secret": "${SF_SECRET}"}
        crm = ConnectionConfig("crm", "salesforce", {"login_url": ready["login_url"], "auth": auth})
        model = Model(name="model", primary_key=("key",), file="model.parquet", folder=str(folder))
        return Project(connections={"crm": crm}, models={"model": model}, syncs={"sync": sync}, folder=str(folder))

    return build_project


def _run(project: Project, folder: Path) -> tuple[RunReport, ...]:
    bulk.FIRST_PAUSE = bulk2.FIRST_PAUSE = 0.02
    os.environ["XDG_STATE_HOME"] = str(folder / "home")
    first = FirstRun.SEND if project.syncs["sync"].mode is Mode.INSERT else None
    return run(project, "sync", first_run=first, pace=PACE)


def _audit(emulated: Emulated, project: Project, folder: Path, way: tuple[str, str]) -> Iterator[str]:
    outcomes = _outcomes(folder)
    emulated.faults()
    records = {each["External_Id__c"]: each for each in emulated.records("Contact")}
    found = [each["External_Id__c"] for each in emulated.records("Contact")]
    if len(found) > len(set(found)):
        yield f"there are twins: {sorted(found)}"
    for key in KEYS:
        outcome = outcomes.get(key)
        if outcome == "unknown" and way == ("rest", "insert"):
            continue
        if outcome == "skipped" and way == ("rest", "archive"):
            outcome = "succeeded"  # deleted by a request whose answer was lost
        if outcome != "succeeded" or not _is_done(records.get(key), key, way[1]):
            yield f"{key} is {outcome}, and its record is {records.get(key)}"
    if way[0] != "rest" or way[1] == "insert":
        executed = emulated.stats()["executed"].get("Contact", {})
        yield from (f"{key} was executed {times} times" for key, times in executed.items() if times > 1)
    (report,) = _run(project, folder)
    if report.rows.planned > report.rows.skipped:
        yield f"another run still had something to send: {report.rows}"


def _is_done(record: dict[str, Any] | None, key: str, mode: str) -> bool:
    return record is None if mode == "archive" else record is not None and record["LastName"] == key


def _outcomes(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for ledger in sorted((folder / ".connector" / "ledgers").iterdir()):
        lines = pq.read_table(ledger, columns=["key", "outcome"]).to_pylist()
        said = {line["key"]: line["outcome"] for line in lines}
        found |= {key: outcome for key, outcome in said.items() if outcome != "skipped" or key not in found}
    return found
