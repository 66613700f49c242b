"""A state folder full of values that is kept as a file: every kind of key, mode and field as one version left it.

    python -m tests.connector_sdk.crashes.frozen_values

makes one with the version at hand, in `frozen/`. Each sync has an account of its own. What is in the models was sent,
so a later version must plan nothing; `doubles-open` was killed in its second run, `moments-held` holds a row, and
`saved` has a plan that was saved.
"""

from __future__ import annotations

import os
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from connector_sdk.state.database import VERSION
from connector_sdk.testing.reference import Fault, FaultKind, Store

from .frozen_state import KEPT, in_a_process, invoke, kill_at_upload, require_exit, without_names

ROWS = 5
PLAN_ID = "plan.txt"
"""The file with the id of the saved plan."""

_MOMENTS = [datetime(2026, 1, day, 10, 0, 0, 500_000 * (day % 2)) for day in range(1, ROWS + 1)]
_NUMBERS = range(1, ROWS + 1)

KEYS: Mapping[str, pa.Array] = {
    "integers": pa.array(_NUMBERS, pa.int64()),
    "doubles": pa.array([float(each) for each in _NUMBERS], pa.float64()),
    "floats": pa.array([float(each) for each in _NUMBERS], pa.float32()),
    "decimals": pa.array([Decimal(f"{each}.50") for each in _NUMBERS], pa.decimal128(18, 2)),
    "texts": pa.array(["007", "7", "1.0", "1.10", " x "], pa.string()),
    "dates": pa.array([each.date() for each in _MOMENTS], pa.date32()),
    "moments": pa.array(_MOMENTS, pa.timestamp("us")),
    "instants": pa.array([each.replace(tzinfo=UTC) for each in _MOMENTS], pa.timestamp("us", "UTC")),
    "booleans": pa.array([True, False], pa.bool_()),
}
"""Columns of keys by their kind; `uuids` are made by DuckDB."""

KINDS = (*KEYS, "uuids")


def main() -> None:
    """Make a project, let things happen to it, and keep it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "frozen"
        folder.mkdir()
        os.chdir(folder)
        os.environ["XDG_STATE_HOME"] = str(Path(name) / "home")
        _live(folder)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        if named := [str(path) for path in paths if name.encode() in path.read_bytes()]:
            sys.exit(f"these files name the place where they were made: {', '.join(named)}")
        target = KEPT / f"values-{VERSION}.tar.gz"
        with tarfile.open(target, "w:gz") as archive:
            archive.add(folder, "frozen", filter=without_names)
        print(target.relative_to(Path(__file__).parents[3]))


def _live(folder: Path) -> None:
    project = _project()
    (folder / "connector.yml").write_text(yaml.safe_dump(project, sort_keys=False))
    for kind in KINDS:
        _write_keys(folder / f"{kind}.parquet", kind, "first")
    _write_others(folder)
    _put_by_hand(folder)
    for sync, entry in project["syncs"].items():
        first = ["--first-run", "send"] if entry["mode"] == "insert" else []
        code = {"moments-held": 3, "update-decimals": 0}.get(sync, 0)
        in_a_process(lambda sync=sync, first=first, code=code: require_exit(invoke(folder, "run", sync, *first), code))
    _write_keys(folder / "open.parquet", "doubles", "second")
    in_a_process(lambda: kill_at_upload(folder, "doubles-open"))
    in_a_process(lambda: _save_plan(folder))
    for each in (folder / "state" / "calls").iterdir():
        each.unlink()


def _project() -> dict[str, Any]:
    """Return the project as data: for each kind of key a sync in each mode, and one for each way of writing."""
    models = {kind: {"file": f"{kind}.parquet", "primary_key": "k"} for kind in KINDS}
    models |= {
        "open": {"file": "open.parquet", "primary_key": "k"},
        "pairs": {"file": "moments.parquet", "primary_key": ["k", "n"]},
        "values": {"file": "values.parquet", "primary_key": "k"},
        "csv": {"file": "values.csv", "primary_key": "k", "types": {"age": "INTEGER", "balance": "DECIMAL(18,2)"}},
        "json": {"file": "values.json", "primary_key": "k"},
        "groups": {"file": "groups.parquet", "primary_key": "k"},
        "guests": {"file": "guests.parquet", "primary_key": "k"},
        "links": {"file": "links.parquet", "primary_key": "k"},
    }
    syncs: dict[str, Any] = {}
    for kind in KINDS:
        keyed = {"object": "people", "match": {"field": "external_id", "column": "k"}}
        syncs[f"upsert-{kind}"] = {"model": kind, "mode": "upsert", **keyed, "fields": {"name": "n"}}
        syncs[f"upsert-{kind}"]["on_removed"] = "delete"
        syncs[f"update-{kind}"] = {"model": kind, "mode": "update", **keyed, "fields": {"name": "n"}}
        syncs[f"archive-{kind}"] = {"model": kind, "mode": "archive", **keyed}
        syncs[f"insert-{kind}"] = {"model": kind, "mode": "insert", "object": "notes", "fields": {"text": "n"}}
    fields = ("name", "age", "balance", "active", "joined", "seen", "wakes", "tier", "interests", "about", "source")
    typed = {"object": "people", "mode": "upsert", "match": {"field": "external_id", "column": "k"}}
    syncs["insert-pairs"] = {"model": "pairs", "mode": "insert", "object": "notes", "fields": {"text": "n"}}
    syncs["values"] = {"model": "values", **typed, "fields": {each: each for each in fields}}
    syncs["badges"] = {"model": "values", **typed, "match": {"field": "badge", "column": "badge"}, "mode": "update"}
    syncs["badges"]["fields"] = {"name": "name", "about": {"column": "about", "null": "keep"}}
    syncs["csv"] = {"model": "csv", **typed, "fields": {"name": "name", "age": "age", "balance": "balance"}}
    syncs["json"] = {"model": "json", **typed, "fields": {"name": "name", "age": "age", "balance": "balance"}}
    syncs["groups"] = {"model": "groups", **typed, "fields": {"name": "n"}, "on_removed": "delete"}
    syncs["groups"]["merge"] = {"shared_id": "person", "is_child": "child"}
    syncs["guests"] = {"model": "guests", **typed, "object": ["people", "guests"], "create_in": "guests"}
    syncs["guests"] |= {"fields": {"name": "n"}, "on_removed": "clear"}
    find = {"find": "people", "where": "badge", "equals": "badge"}
    native = {"find": "accounts", "where": "number", "equals": "account"}
    syncs["links"] = {"model": "links", **typed, "fields": {"name": "n", "mentor": find, "account": native}}
    syncs["moments-held"] = {"model": "moments", "mode": "insert", "object": "notes", "fields": {"text": "n"}}
    syncs["moments-held"]["options"] = {"api": "call", "batch_size": 1, "parallelism": 1}
    syncs["doubles-open"] = {"model": "open", **typed, "fields": {"name": "n"}, "on_removed": "delete"}
    syncs["doubles-open"]["options"] = {"api": "two_phase", "batch_size": 2, "parallelism": 1}
    syncs["saved"] = {"model": "doubles", **typed, "fields": {"name": "n"}}
    for name, sync in syncs.items():
        sync["connection"] = name
    return {
        "version": 1,
        "connections": {name: {"type": "reference", "path": f"{name}.db"} for name in syncs},
        "models": models,
        "syncs": syncs,
    }


def _write_keys(path: Path, kind: str, text: str) -> None:
    """Write a model of a kind of key, with a text that says which version of the row it is."""
    target = f"copy ({{}}) to '{path.name}' (format parquet)"
    if kind == "uuids":
        keys = " union all ".join(f"select uuid '0000000A-0000-4000-8000-00000000000{each}' as k" for each in _NUMBERS)
        duckdb.connect().execute(target.format(f"select k, right(k::varchar, 1) || ' {text}' as n from ({keys})"))
        return
    column = KEYS[kind]
    names = [f"{number} {text}" for number in range(1, len(column) + 1)]
    pq.write_table(pa.table({"k": column, "n": names}), path.name)


def _write_others(folder: Path) -> None:
    """Write the models of the other syncs."""
    _write_keys(folder / "open.parquet", "doubles", "first")
    keys = [f"v{number}" for number in _NUMBERS]
    values = pa.table({
        "k": keys, "name": pa.array(_NUMBERS, pa.int64()), "badge": pa.array([float(each) for each in _NUMBERS]),
        "age": pa.array(_NUMBERS, pa.int32()), "balance": pa.array([each + 0.25 for each in _NUMBERS], pa.float64()),
        "active": [True, False, True, False, True], "joined": [date(2026, 1, each) for each in _NUMBERS],
        "seen": pa.array([each.replace(tzinfo=UTC) for each in _MOMENTS], pa.timestamp("us", "UTC")),
        "wakes": pa.array([time(each) for each in _NUMBERS], pa.time64("us")),
        "tier": ["Gold", "Silver", None, "Bronze", "Gold"], "interests": ["Chess;Hiking", "Chess", None, "", "Sailing"],
        "about": pa.array([each + 0.5 for each in _NUMBERS], pa.float64()),
        "source": pa.array([Decimal(each) for each in _NUMBERS], pa.decimal128(10, 2)),
    })  # fmt: skip
    pq.write_table(values, "values.parquet")
    lines = [f"0{each},name {each},{each}0,{each}.5" for each in _NUMBERS]
    (folder / "values.csv").write_text("\n".join(["k,name,age,balance", *lines]) + "\n")
    lines = [f'{{"k": {each}, "name": "name {each}", "age": {each}, "balance": {each}.5}}' for each in _NUMBERS]
    (folder / "values.json").write_text("\n".join(lines) + "\n")
    groups = {"k": keys, "n": keys, "person": pa.array([1, 1, 1, 2, None]), "child": [False, True, True, False, False]}
    pq.write_table(pa.table(groups), "groups.parquet")
    pq.write_table(pa.table({"k": pa.array([1.0, 2.0, 3.0]), "n": ["a", "b", "c"]}), "guests.parquet")
    links = {"k": pa.array([1.0, 2.0]), "n": ["a", "b"], "badge": [7.0, 7.0], "account": pa.array([5.0, 5.0])}
    pq.write_table(pa.table(links), "links.parquet")


def _put_by_hand(folder: Path) -> None:
    """Create the records that rows find: by the text that this version sends for each key."""
    for kind in KINDS:
        for mode in ("update", "archive"):
            store = Store.at(folder / f"{mode}-{kind}.db")
            for key in _sent_texts(folder, kind)[:-1]:
                store.put("people", external_id=key, name="by hand")
            store.close()
    for sync, object_name, records in (
        ("badges", "people", [{"external_id": f"b{each}", "name": "by hand", "badge": each} for each in _NUMBERS]),
        ("groups", "people", [{"external_id": f"v{each}", "name": "by hand"} for each in _NUMBERS]),
        ("guests", "people", [{"external_id": "1.0", "name": "by hand"}]),
        ("links", "people", [{"external_id": "mentor", "name": "by hand", "badge": 7}]),
        ("links", "accounts", [{"number": "5.0", "name": "by hand"}]),
    ):
        store = Store.at(folder / f"{sync}.db")
        for each in records:
            store.put(object_name, **each)
        store.close()
    store = Store.at(folder / "moments-held.db")
    store.add_fault(Fault(FaultKind.CUT_AFTER, object_name="notes", skip=1))
    store.close()


def _sent_texts(folder: Path, kind: str) -> list[str]:
    """Return the external ids that this version gives to rows of a kind of key."""
    store = Store.at(folder / f"probe-{kind}.db")
    store.close()
    probe = _project()
    probe["connections"] = {"probe": {"type": "reference", "path": f"probe-{kind}.db"}}
    sync = probe["syncs"][f"upsert-{kind}"] | {"connection": "probe"}
    probe["syncs"] = {"probe": sync}
    beside = folder / "probe"
    beside.mkdir()
    (beside / "connector.yml").write_text(yaml.safe_dump(probe).replace(f"{kind}.parquet", f"../{kind}.parquet"))
    in_a_process(lambda: require_exit(invoke(beside, "run", "probe"), 0))
    store = Store.at(folder / f"probe-{kind}.db")
    keys = [each["external_id"] for each in store.records("people")]
    store.close()
    for path in sorted(beside.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    beside.rmdir()
    for path in folder.glob(f"probe-{kind}.db*"):
        path.unlink()
    return keys


def _save_plan(folder: Path) -> None:
    """Change a model, and keep the plan of it."""
    _write_keys(folder / "doubles.parquet", "doubles", "second")
    planned = invoke(folder, "plan", "saved", "--save", "--output", "json")
    require_exit(planned, 0)
    (folder / PLAN_ID).write_text(planned.stdout)
    _write_keys(folder / "doubles.parquet", "doubles", "first")


if __name__ == "__main__":
    main()
