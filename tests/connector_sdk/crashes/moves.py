"""Runs to be killed whose rows go to two objects, while records of the one become records of the other."""

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

PEOPLE = ("p0",)
GUESTS = ("g0", "g1", "g2", "g3")
CONVERTED = ("g1", "g3")
"""Guests who become people just before their rows are executed."""


def make_scenario(api: str, *faults: str) -> Scenario:
    """Return the scenario of an api. Calls also meet a fault of each kind in `faults` now and then."""
    return Scenario(
        prepare=lambda folder: prepare(folder, faults),
        run=lambda folder: max(each.exit for each in _run(api, folder)),
        audit=lambda folder: audit(api, folder, faulty=bool(faults)),
    )


def prepare(folder: Path, faults: tuple[str, ...]) -> None:
    """Create a person and some guests, and a model with one row more, which has no record yet."""
    store = Store.at(folder / "store.db")
    for object_name, keys in (("people", PEOPLE), ("guests", GUESTS)):
        for key in keys:
            store.put(object_name, external_id=key, name="Before")
    for key in CONVERTED:
        store.add_fault(Fault(FaultKind.CONVERTED, object_name="guests", key=key))
    for number, kind in enumerate(faults):
        store.add_fault(Fault(FaultKind(kind), skip=1 + 2 * number, times=2, wait=2))
    pq.write_table(pa.table({"key": [*PEOPLE, *GUESTS, "new"]}), folder / "model.parquet")


def audit(api: str, folder: Path, *, faulty: bool) -> Iterator[str]:
    """Yield what is wrong with the records, and with the reported outcomes."""
    store = Store.at(folder / "store.db")
    store.deliver_late()
    store.clear_faults()
    if faulty:
        _run(api, folder)
    found = {name: {each["external_id"]: each["name"] for each in store.records(name)} for name in ("people", "guests")}
    people = dict.fromkeys((*PEOPLE, *CONVERTED), "After")
    guests = dict.fromkeys((*GUESTS, "new"), "After") | dict.fromkeys(CONVERTED, "Before")
    if found != {"people": people, "guests": guests}:
        yield f"these are there: {found}"
    if api != "call":
        for name in found:
            yield from (
                f"{key} of {name} was executed {n} times" for key, n in store.execution_counts(name).items() if n > 1
            )
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
        objects=("people", "guests"),
        mode=Mode.UPSERT,
        fields=(FieldMapping(field="name", value="After"),),
        match=Match("external_id", "key"),
        create_in="guests",
        guards=Guards(max_removed=None, max_removed_per_day=None),
        delivery=DeliveryOptions(api=api, batch_size=2),
    )
    model = Model(name="model", primary_key=("key",), file="model.parquet", folder=str(folder))
    crm = ConnectionConfig("crm", "reference", {"path": str(folder / "store.db")})
    return Project(connections={"crm": crm}, models={"model": model}, syncs={"sync": sync}, folder=str(folder))
