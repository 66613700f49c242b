"""Runs to be killed whose rows refer to each other: each stage needs the ids of the records that the last one made.

The model is a tree of people, children first, each with the parent's key as its mentor. The destination refuses one of
them, so that no row below that one can be written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from connector_sdk import (
    ConnectionConfig,
    DeliveryOptions,
    FieldMapping,
    Find,
    Guards,
    Match,
    Mode,
    Model,
    Project,
    RunReport,
    Sync,
)
from connector_sdk.run import FirstRun, run
from connector_sdk.testing.crash import Scenario
from connector_sdk.testing.reference import Fault, FaultKind, Store

from .scenarios import DESTINATIONS, PACE

REFUSED = "k2"
"""The destination refuses this row, whenever it is sent."""


@frozen
class Family:
    """A mode through an api, and how often a key may be executed."""

    mode: Mode
    api: str
    most: int = 1


FAMILIES: Mapping[str, Family] = {
    "insert-two_phase": Family(Mode.INSERT, "two_phase"),
    "insert-leased_job": Family(Mode.INSERT, "leased_job"),
    "upsert-two_phase": Family(Mode.UPSERT, "two_phase"),
    "upsert-call": Family(Mode.UPSERT, "call", most=99),
}


def make_scenario(name: str, rows: str, *faults: str) -> Scenario:
    """Return the scenario of a family, by its name. Calls also meet a fault of each kind in `faults` now and then."""
    family = FAMILIES[name]

    def prepare(folder: Path) -> None:
        store = Store.at(folder / "store.db")
        store.add_fault(Fault(FaultKind.ROW, key=REFUSED, code="bad_value", times=99))
        for number, kind in enumerate(faults):
            store.add_fault(Fault(FaultKind(kind), skip=2 + 3 * number, times=2, wait=2))
        pq.write_table(model(int(rows)), folder / "model.parquet")

    return Scenario(
        prepare=prepare,
        run=lambda folder: run_once(family, folder),
        audit=lambda folder: audit(family, int(rows), folder, faulty=bool(faults)),
    )


def parents(rows: int) -> dict[str, str | None]:
    """Return the parent of each key, children first: two below each, and one who is alone."""
    tree = {f"k{number}": f"k{(number - 1) // 2}" if number else None for number in reversed(range(rows))}
    return {**tree, "alone": None}


def model(rows: int) -> pa.Table:
    """Return the model of a trial."""
    tree = parents(rows)
    return pa.table({"key": list(tree), "parent": pa.array(list(tree.values()), pa.string())})


def run_once(family: Family, folder: Path) -> int:
    """Run the sync as a command would, and return the worst exit code of the runs that this took."""
    os.environ["XDG_STATE_HOME"] = str(folder / "home")
    return max(report.exit for report in _run(family, folder))


def audit(family: Family, rows: int, folder: Path, *, faulty: bool) -> Iterator[str]:
    """Yield what is wrong with the records, with their parents, and with the reported outcomes."""
    store = Store.at(folder / "store.db")
    store.deliver_late()
    store.clear_faults()
    store.add_fault(Fault(FaultKind.ROW, key=REFUSED, code="bad_value", times=99))
    if faulty:
        _run(family, folder)
    records = store.records("people")
    yield from _wrong_records(rows, records)
    yield from (
        f"{key} was executed {n} times" for key, n in store.execution_counts("people").items() if n > family.most
    )
    (report,) = _run(family, folder)
    sent = len(records)
    if (report.rows.unchanged, report.rows.rejected) != (sent, rows + 1 - sent):
        yield f"another run still had something to send: {report.rows}"
    yield from _wrong_outcomes(folder, report, rows)


def _wrong_records(rows: int, records: tuple[dict[str, Any], ...]) -> Iterator[str]:
    tree = parents(rows)
    ids = {record["external_id"]: record["id"] for record in records}
    if len(ids) < len(records):
        yield f"there are {len(records) - len(ids)} twins"
    for key in tree:
        if (key in ids) is _below_refused(tree, key):
            yield f"{key} is {'there' if key in ids else 'not there'}"
    for record in records:
        parent = tree[record["external_id"]]
        if record.get("mentor") != (ids.get(parent) if parent else None):
            yield f"{record['external_id']} has the wrong parent"


def _wrong_outcomes(folder: Path, last: RunReport, rows: int) -> Iterator[str]:
    """Yield rows that are wrong in the ledger of the last run, which lists only rows that cannot be written."""
    tree = parents(rows)
    for line in pq.read_table(folder / ".connector" / "ledgers" / f"{last.run}.parquet").to_pylist():
        expected = "bad_value" if line["key"] == REFUSED else "REFERENCE_NOT_FOUND"
        if not _below_refused(tree, line["key"]) or line["code"] != expected:
            yield f"{line['key']} is {line['outcome']} {line['code']}"


def _below_refused(tree: Mapping[str, str | None], key: str) -> bool:
    at: str | None = key
    while at is not None and at != REFUSED:
        at = tree[at]
    return at is not None


def _run(family: Family, folder: Path) -> tuple[RunReport, ...]:
    first = FirstRun.SEND if family.mode is Mode.INSERT else None
    return run(project(family, folder), "sync", first_run=first, destinations=DESTINATIONS, pace=PACE)


def project(family: Family, folder: Path) -> Project:
    """Return the project of a trial."""
    mentor = FieldMapping(field="mentor", find=Find("people", "parent", "external_id"))
    fields = (FieldMapping(field="name", value="A name"), mentor)
    keyed = family.mode is not Mode.INSERT
    sync = Sync(
        name="sync", model="model", connection="crm", objects=("people",), mode=family.mode,
        fields=fields if keyed else (FieldMapping(field="external_id", column="key"), *fields),
        match=Match("external_id", "key") if keyed else None,
        guards=Guards(max_removed=None, max_removed_per_day=None),
        delivery=DeliveryOptions(api=family.api, batch_size=3, parallelism=1),
    )  # fmt: skip
    model_ = Model(name="model", primary_key=("key",), file="model.parquet", folder=str(folder))
    crm = ConnectionConfig("crm", "reference", {"path": str(folder / "store.db")})
    return Project(connections={"crm": crm}, models={"model": model_}, syncs={"sync": sync}, folder=str(folder))
