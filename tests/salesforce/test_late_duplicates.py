"""Requests whose answer was lost and that Salesforce executes later, when the run has moved on: nothing happens twice.

The emulator executes a request once more after a while. Where the connection was cut before the first time, it is late;
where it was cut after it, it is a duplicate, which comes when the run has settled what it lost.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from attrs import frozen

from connector_sdk import ConnectionConfig, DeliveryOptions, FieldMapping, Match, Mode, Model, Project, RunReport, Sync
from connector_sdk.run import FirstRun, run

from .crashes import PACE
from .emulated import Emulated

SOON, LATER = 0.1, 3.0
LATE = {"cut": "before", "duplicate": SOON}
TWICE = {"cut": "after", "duplicate": LATER}
REPEATED = {"duplicate": SOON}
"""Answered, and executed again. Nothing can be promised unless the second time changes nothing."""


@frozen
class Way:
    """A mode through an api, and the call that is late, with what happens to it."""

    api: str
    mode: Mode
    method: str
    path: str
    happens: Mapping[str, Any]


POST_BATCH = ("POST", "/services/async/*/job/*/batch")
WAYS = {
    "bulk, late": Way("bulk", Mode.INSERT, *POST_BATCH, LATE),
    "bulk, twice": Way("bulk", Mode.INSERT, *POST_BATCH, TWICE),
    "bulk, late upsert": Way("bulk", Mode.UPSERT, *POST_BATCH, LATE),
    "bulk2, late job": Way("bulk2", Mode.UPSERT, "POST", "*/jobs/ingest", LATE),
    "bulk2, late data": Way("bulk2", Mode.UPSERT, "PUT", "*/jobs/ingest/*/batches", LATE),
    "bulk2, late start": Way("bulk2", Mode.UPSERT, "PATCH", "*/jobs/ingest/*", LATE),
    "bulk2, started twice": Way("bulk2", Mode.UPSERT, "PATCH", "*/jobs/ingest/*", TWICE),
    "bulk2, repeated start": Way("bulk2", Mode.UPSERT, "PATCH", "*/jobs/ingest/*", REPEATED),
    "bulk2, repeated data": Way("bulk2", Mode.UPSERT, "PUT", "*/jobs/ingest/*/batches", REPEATED),
    "rest, late": Way("rest", Mode.INSERT, "POST", "*/composite/sobjects", LATE),
}
QUICK = ("bulk, late", "bulk2, late start", "bulk2, repeated data", "rest, late")


@pytest.fixture
def folder(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    return tmp_path


def send_late(emulated: Emulated, folder: Path, way: Way, rows: int) -> RunReport:
    """Send rows, each by itself; the call of each of them is late."""
    emulated.faults(
        {"match": {"method": way.method, "path": way.path}, "do": dict(way.happens), "times": rows}
    )  # fmt: skip
    project = _project(emulated, folder, way, rows)
    report = next(each for each in (_run(project, way.mode) for _ in range(rows)) if each.state == "finished")
    emulated.faults()
    time.sleep(way.happens["duplicate"] + 0.5)
    return report


def _run(project: Project, mode: Mode) -> RunReport:
    """Run, or resume; a batch that is late each time it is sent stops a run in the end."""
    report, *_ = run(project, "sync", first_run=FirstRun.SEND if mode is Mode.INSERT else None, pace=PACE)
    return report


def _project(emulated: Emulated, folder: Path, way: Way, rows: int) -> Project:
    inserts = way.mode is Mode.INSERT
    sync = Sync(
        name="sync",
        model="model",
        connection="crm",
        objects=("Contact",),
        mode=way.mode,
        fields=(FieldMapping(field="LastName", column="key"),),
        match=None if inserts else Match("External_Id__c", "key"),
        delivery=DeliveryOptions(api=way.api, batch_size=1, parallelism=4),
    )
    ready = emulated.ready
    auth = {"flow": "client_credentials", "client_id": ready["client_id"], "client_secret": "${SF_SECRET}"}
    crm = ConnectionConfig("crm", "salesforce", {"login_url": ready["login_url"], "auth": auth})
    model = Model(
        name="model",
        primary_key=("key",),
        data=pa.table({"key": [f"k{number}" for number in range(rows)]}),
        folder=str(folder),
    )
    return Project(connections={"crm": crm}, models={"model": model}, syncs={"sync": sync}, folder=str(folder))


def audit(emulated: Emulated, way: Way, report: RunReport, rows: int) -> None:
    """Check that no record is there twice; if the destination tells, that each is there and known."""
    records = Counter(each["LastName"] for each in emulated.records("Contact"))
    assert set(records.values()) <= {1}, records.most_common(3)
    if way.api == "rest":
        assert (report.rows.unknown, len(records)) == (rows, rows)
        return
    assert (report.rows.succeeded, len(records)) == (rows, rows)
    if way.mode is Mode.UPSERT:
        executed = emulated.stats()["executed"]["Contact"]
        assert set(executed.values()) == {1}, executed


@pytest.mark.parametrize("name", QUICK)
def test_a_request_that_is_late_is_executed_once(emulated: Emulated, folder: Path, name: str) -> None:
    report = send_late(emulated, folder, WAYS[name], 6)
    audit(emulated, WAYS[name], report, 6)


@pytest.mark.long
@pytest.mark.parametrize("name", WAYS)
def test_of_hundreds_of_requests_that_are_late_each_is_executed_once(
    emulated: Emulated, folder: Path, name: str, record_property: Callable[[str, int], None]
) -> None:
    rows = 250
    report = send_late(emulated, folder, WAYS[name], rows)
    print(f"{name}: {rows} requests were executed later, {report.rows.succeeded} rows succeeded")
    audit(emulated, WAYS[name], report, rows)
    record_property("faults", rows)
