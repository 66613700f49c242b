"""Runs to be killed that merge: parents are written, then their children go into them, a few at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connector_sdk import (
    ConnectionConfig,
    DeliveryOptions,
    FieldMapping,
    Guards,
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
from connector_sdk.testing.reference import Fault, FaultKind, Store

from .scenarios import DESTINATIONS, PACE

GROUPS = {"p0": ["a0", "b0", "c0", "d0"], "p1": ["a1"], "alone": []}
"""Parents, with their children."""


def make_scenario(api: str, *faults: str) -> Scenario:
    """Return the scenario of an api. Calls also meet a fault of each kind in `faults` now and then."""
    return Scenario(
        prepare=lambda folder: prepare(folder, faults),
        run=lambda folder: max(each.exit for each in _run(api, folder)),
        audit=lambda folder: audit(api, folder, faulty=bool(faults)),
    )


def prepare(folder: Path, faults: tuple[str, ...]) -> None:
    """Create records of all children and of one parent. The run makes the other parents."""
    store = Store.at(folder / "store.db")
    for key in ["p0", *(child for children in GROUPS.values() for child in children)]:
        store.put("people", external_id=key, name="Before")
    for number, kind in enumerate(faults):
        store.add_fault(Fault(FaultKind(kind), skip=1 + 2 * number, times=2, wait=2))
    lines = [(child, parent, True) for parent, children in GROUPS.items() for child in children]
    lines += [(parent, parent, False) for parent in GROUPS]
    columns = dict(zip(("key", "group", "child"), zip(*lines, strict=True), strict=True))
    pq.write_table(pa.table({name: list(values) for name, values in columns.items()}), folder / "model.parquet")


def audit(api: str, folder: Path, *, faulty: bool) -> Iterator[str]:
    """Yield what is wrong with the records, and with the reported outcomes."""
    store = Store.at(folder / "store.db")
    store.deliver_late()
    store.clear_faults()
    if faulty:
        _run(api, folder)
    found = {each["external_id"]: each["name"] for each in store.records("people")}
    if found != dict.fromkeys(GROUPS, "After"):
        yield f"these are live: {found}"
    if store.merged_keys("people") != {child: parent for parent, children in GROUPS.items() for child in children}:
        yield f"these were merged: {store.merged_keys('people')}"
    if api != "call":
        yield from (f"{key} was executed {n} times" for key, n in store.execution_counts("people").items() if n > 1)
    (report,) = _run(api, folder)
    if report.rows.planned:
        yield f"another run still had something to send: {report.rows}"


def _run(api: str, folder: Path) -> tuple[RunReport, ...]:
    os.environ["XDG_STATE_HOME"] = str(folder / "home")
    return run(project(api, folder), "sync", destinations=DESTINATIONS, pace=PACE)


def project(api: str, folder: Path) -> Project:
    """Return the project of a trial, with batches of two."""
    sync = Sync(
        name="sync",
        model="model",
        connection="crm",
        objects=("people",),
        mode=Mode.UPSERT,
        fields=(FieldMapping(field="name", value="After"),),
        match=Match("external_id", "key"),
        merge=Merge("group", is_child="child"),
        guards=Guards(max_removed=None, max_removed_per_day=None),
        delivery=DeliveryOptions(api=api, batch_size=2),
    )
    model = Model(name="model", primary_key=("key",), file="model.parquet", folder=str(folder))
    crm = ConnectionConfig("crm", "reference", {"path": str(folder / "store.db")})
    return Project(connections={"crm": crm}, models={"model": model}, syncs={"sync": sync}, folder=str(folder))
