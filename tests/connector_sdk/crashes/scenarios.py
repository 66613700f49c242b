"""Runs to be killed: every mode through every api of the reference destination, audited by what it executed.

A project lies in the trial's folder, with a model that is cut into batches of five rows. Keyed modes run once before
any run is killed, so that the run under test has rows that are new, changed, unchanged and gone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import evolve, frozen

from connector_sdk import (
    ConnectionConfig,
    DeliveryOptions,
    Destination,
    FieldMapping,
    Guards,
    Match,
    Mode,
    Model,
    Project,
    Removal,
    RunReport,
    Sync,
)
from connector_sdk.delivery.retry import Pace
from connector_sdk.run import FirstRun, run
from connector_sdk.testing.crash import Scenario
from connector_sdk.testing.reference import Fault, FaultKind, Store, plugin

BATCH = 5
DESTINATIONS = {"reference": Destination("reference", plugin)}
PACE = Pace(base=0.001, cap=0.01, attempts=50, tokens=10_000)
REJECTED = "k3"
"""The destination refuses this row, whenever it is sent."""


@frozen
class Case:
    """A mode through an api, and how often a key may be executed in the run under test."""

    mode: Mode
    api: str
    most: int = 1
    object_name: str = "people"
    key_field: str = "external_id"
    on_removed: Removal = Removal.NOTHING
    rows: int = 30
    parallelism: int = 1


CASES: Mapping[str, Case] = {
    "insert-call": Case(Mode.INSERT, "call", object_name="notes", key_field="key"),
    "insert-two_phase": Case(Mode.INSERT, "two_phase", object_name="notes", key_field="key"),
    "insert-leased_job": Case(Mode.INSERT, "leased_job", object_name="notes", key_field="key"),
    "update-call": Case(Mode.UPDATE, "call", most=99, on_removed=Removal.CLEAR),
    "update-two_phase": Case(Mode.UPDATE, "two_phase", on_removed=Removal.CLEAR),
    "update-leased_job": Case(Mode.UPDATE, "leased_job", on_removed=Removal.CLEAR),
    "upsert-call": Case(Mode.UPSERT, "call", most=99, on_removed=Removal.DELETE),
    "upsert-two_phase": Case(Mode.UPSERT, "two_phase", on_removed=Removal.DELETE),
    "upsert-leased_job": Case(Mode.UPSERT, "leased_job", on_removed=Removal.DELETE),
    "archive-call": Case(Mode.ARCHIVE, "call", most=99),
    "archive-two_phase": Case(Mode.ARCHIVE, "two_phase"),
    "archive-leased_job": Case(Mode.ARCHIVE, "leased_job"),
    "all-replace": Case(Mode.ALL, "replace", most=99, object_name="tags", key_field="name"),
}


def make_scenario(case: str, rows: str, *faults: str) -> Scenario:
    """Return the scenario of a case, by its name. Calls also meet a fault of each kind in `faults` now and then."""
    chosen = evolve(CASES[case], rows=int(rows))
    return Scenario(
        prepare=lambda folder: prepare(chosen, folder, faults),
        run=lambda folder: run_once(chosen, folder),
        audit=lambda folder: audit(chosen, folder, faulty=bool(faults)),
    )


def make_stopping_scenario(case: str, rows: str) -> Scenario:
    """Return a scenario whose run is stopped by the destination while other batches are in flight."""
    chosen = evolve(CASES[case], rows=int(rows), parallelism=3)

    def prepare_stop(folder: Path) -> None:
        prepare(chosen, folder)
        store = Store.at(folder / "store.db")
        store.add_fault(Fault(FaultKind.REFUSED, code="suspended", skip=2))
        store.add_fault(Fault(FaultKind.SLOW, times=6))
        store.close()

    return Scenario(prepare_stop, lambda folder: run_once(chosen, folder), lambda folder: audit(chosen, folder))


def prepare(case: Case, folder: Path, faults: Iterable[str] = ()) -> None:
    """Let a first run pass, then change the model and let things go wrong."""
    store = Store.at(folder / "store.db")
    first = model_rows(case, changed=False)
    if case.mode in (Mode.UPDATE, Mode.ARCHIVE):
        for key in sorted({*first, *model_rows(case, changed=True)}):
            store.put(case.object_name, external_id=key, name="by hand")
    if case.mode in (Mode.UPSERT, Mode.UPDATE):
        _write_model(folder, first)
        run_once(case, folder)
    _write_model(folder, model_rows(case, changed=True))
    store.add_fault(Fault(FaultKind.ROW, key=REJECTED, code="bad_value", times=99))
    for number, kind in enumerate(faults):
        store.add_fault(Fault(FaultKind(kind), skip=2 + 3 * number, times=2, wait=2))
    (folder / "before.json").write_text(json.dumps(store.execution_counts(case.object_name)))


def run_once(case: Case, folder: Path) -> int:
    """Run the sync as a command would, and return the worst exit code of the runs that this took."""
    os.environ["XDG_STATE_HOME"] = str(folder / "home")
    return max(report.exit for report in _run(case, folder))


def audit(case: Case, folder: Path, *, faulty: bool = False) -> Iterator[str]:
    """Yield what is wrong with what the destination executed, and with the reported outcomes.

    If calls met other faults, rows may have been left to the next run. That one then runs first.
    """
    store = Store.at(folder / "store.db")
    store.deliver_late()
    store.clear_faults()
    store.add_fault(Fault(FaultKind.ROW, key=REJECTED, code="bad_value", times=99))
    if faulty:
        _run(case, folder)
    before: dict[str, int] = json.loads((folder / "before.json").read_text())
    executed = {key: times - before.get(key, 0) for key, times in store.execution_counts(case.object_name).items()}
    outcomes = _outcomes(folder)
    yield from _wrong_records(case, store, outcomes)
    yield from _find_repeats(case, executed)
    yield from _find_unsettled_rows(case, folder, store)


def _wrong_records(case: Case, store: Store, outcomes: Mapping[str, str]) -> Iterator[str]:
    """Yield records that are not what the model says, and rows with a wrong outcome."""
    records = [(record[case.key_field], record.get(_text_field(case))) for record in store.records(case.object_name)]
    found = dict(records)
    if len(found) < len(records):
        yield f"there are {len(records) - len(found)} twins"
    for key, text in model_rows(case, changed=True).items():
        outcome = outcomes.get(key, "unchanged")
        done = key not in found if case.mode is Mode.ARCHIVE else found.get(key) == text
        claimed = outcome in ("succeeded", "unchanged")
        if key == REJECTED:
            yield from [] if outcome in ("rejected", "unknown") else [f"{key} was refused and is {outcome}"]
        elif outcome not in ("succeeded", "unchanged", "unknown"):
            yield f"{key} is {outcome}"
        elif claimed is not done and outcome != "unknown":
            yield f"{key} is {outcome}, and its record is {found.get(key)!r}"
        if outcome == "unknown" and not (case.mode is Mode.INSERT and case.api == "call"):
            yield f"{key} is unknown, and {case.api} can always tell"
    yield from _wrong_removals(case, found)


def _wrong_removals(case: Case, found: Mapping[str, str | None]) -> Iterator[str]:
    for key in ("k0", "k1"):
        if case.on_removed is Removal.DELETE and key in found:
            yield f"{key} left the model and was not deleted"
        if case.on_removed is Removal.CLEAR and found[key] is not None:
            yield f"{key} left the model and was not cleared"
        if case.mode is Mode.ALL and key in found:
            yield f"{key} left the model and is still there"


def _find_repeats(case: Case, executed: Mapping[str, int]) -> Iterator[str]:
    yield from (f"{key} was executed {times} times" for key, times in executed.items() if times > case.most)


def _find_unsettled_rows(case: Case, folder: Path, store: Store) -> Iterator[str]:
    """Run the sync again, and yield what it did beside sending refused rows."""
    before = store.execution_counts(case.object_name)
    (report,) = _run(case, folder)
    if case.mode is Mode.ALL:
        return
    if report.rows.planned != report.rows.rejected + report.rows.skipped:
        yield f"another run still had something to send: {report.rows}"
    if store.execution_counts(case.object_name) != before:
        yield "another run executed something again"


def _text_field(case: Case) -> str:
    return {"notes": "text", "people": "about", "tags": "label"}[case.object_name]


def model_rows(case: Case, *, changed: bool) -> dict[str, str]:
    """Return the rows of the model, a text by key. If it changed, two are gone, three new, every third one edited."""
    if not changed:
        return {f"k{number}": f"text {number}" for number in range(case.rows)}
    kept = {f"k{number}": f"text {number}" for number in range(2, case.rows)}
    edited = {key: text + " edited" for position, (key, text) in enumerate(kept.items()) if position % 3 == 0}
    return kept | edited | {f"k{number}": "new" for number in range(case.rows, case.rows + 3)} | {REJECTED: "refused"}


def project(case: Case, folder: Path) -> Project:
    """Return the project of a trial."""
    keyed = case.mode is not Mode.INSERT
    fields = [FieldMapping(field=_text_field(case), column="text")]
    if case.mode is Mode.INSERT:
        fields.append(FieldMapping(field="key", column="key"))
    if case.mode is Mode.UPSERT:
        fields.append(FieldMapping(field="name", value="A name"))
    sync = Sync(
        name="sync",
        model="model",
        connection="crm",
        objects=(case.object_name,),
        mode=case.mode,
        fields=() if case.mode is Mode.ARCHIVE else tuple(fields),
        match=Match(case.key_field, "key") if keyed else None,
        on_removed=case.on_removed,
        guards=Guards(max_removed=None, max_removed_per_day=None),
        delivery=DeliveryOptions(
            api=case.api, batch_size=None if case.mode is Mode.ALL else BATCH, parallelism=case.parallelism
        ),
    )
    model = Model(name="model", primary_key=("key",), file="model.parquet", folder=str(folder))
    crm = ConnectionConfig("crm", "reference", {"path": str(folder / "store.db")})
    return Project(connections={"crm": crm}, models={"model": model}, syncs={"sync": sync}, folder=str(folder))


def _run(case: Case, folder: Path) -> tuple[RunReport, ...]:
    first = FirstRun.SEND if case.mode is Mode.INSERT else None
    accept = ("rejected",) if case.mode is Mode.ALL else ()
    return run(project(case, folder), "sync", first_run=first, accept=accept, destinations=DESTINATIONS, pace=PACE)


def _write_model(folder: Path, rows: Mapping[str, str]) -> None:
    table = pa.table({"key": list(rows), "text": list(rows.values())})
    pq.write_table(table, folder / "model.parquet")


def _outcomes(folder: Path) -> dict[str, str]:
    """Return the last outcome of every key, over all runs of the trial."""
    found: dict[str, str] = {}
    for ledger in sorted((folder / ".connector" / "ledgers").iterdir()):
        lines = pq.read_table(ledger, columns=["key", "outcome", "action"]).to_pylist()
        found |= {line["key"]: line["outcome"] for line in lines if line["outcome"] != "skipped"}
    return found
