"""A sync to the reference destination that is run again and again with other rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import evolve, frozen

from connector_sdk import (
    ConnectionConfig,
    Destination,
    FieldMapping,
    Guards,
    Match,
    Mode,
    Model,
    Outcome,
    PlanReport,
    Project,
    RunReport,
    Sync,
)
from connector_sdk.run import FirstRun, plan, run
from connector_sdk.testing.reference import Store

from ..destinations import reference

Rows = pa.Table | Sequence[Mapping[str, str | None]] | Model

UNGUARDED = Guards(max_removed=None, min_rows=None, max_changed=None, max_removed_per_day=None)


def map_fields(**columns: str) -> tuple[FieldMapping, ...]:
    """Return fields, each filled with a column."""
    return tuple(FieldMapping(field=field, column=column) for field, column in columns.items())


def people(mode: Mode = Mode.UPSERT, **settings: Any) -> Sync:
    """Return a sync of people without guards: `k` is their key, `e` their match value, and `n` their name."""
    keyed = {} if mode is Mode.INSERT else {"match": Match("external_id", "e")}
    fields = {} if mode is Mode.ARCHIVE else {"fields": map_fields(name="n")}
    objects = settings.pop("objects", ("people",))
    return Sync(
        name="people",
        model="rows",
        connection="crm",
        objects=objects,
        mode=mode,
        **{"guards": UNGUARDED, **keyed, **fields, **settings},
    )


@frozen
class Ran:
    """A run: its report, and its ledger, one line per planned row."""

    report: RunReport
    lines: tuple[Mapping[str, Any], ...]

    @property
    def ledger(self) -> dict[str | None, str | list[str]]:
        """What became of each key: `outcome` or `outcome CODE`, a list where a key has several lines."""
        found: dict[str | None, list[str]] = {}
        for line in self.lines:
            found.setdefault(line["key"], []).append(_format_outcome(line))
        return {key: sorted(told) if len(told) > 1 else told[0] for key, told in found.items()}

    def line(self, key: str | None) -> Mapping[str, Any]:
        """Return the one line of a key."""
        (found,) = (line for line in self.lines if line["key"] == key)
        return found


def _format_outcome(line: Mapping[str, Any]) -> str:
    return " ".join(part for part in (line["outcome"], line["code"]) if part)


class Bench:
    """A project of one sync over a store; `sync` and `primary_key` may be changed between runs.

    `hooks` stand in for those of the reference destination.
    """

    def __init__(self, folder: Path, sync: Sync) -> None:
        self.folder = folder
        self.sync = sync
        self.primary_key: tuple[str, ...] = ("k",)
        self.others: dict[str, Sync] = {}
        self.store = Store.at(folder / "store.db")
        self.settings: dict[str, Any] = {"path": str(folder / "store.db")}
        self.hooks: dict[str, Callable[..., Any]] = {}

    def project(self, rows: Rows) -> Project:
        """Return the project with these rows as its model. Rows given as dictionaries are text.

        A model is taken as it is, with the name, the folder and the primary key of the bench.
        """
        data = rows if isinstance(rows, pa.Table | Model) else self._text(rows)
        named = {"name": "rows", "primary_key": self.primary_key, "folder": str(self.folder)}
        model = evolve(data, **named) if isinstance(data, Model) else Model(**named, data=data)
        connection = ConnectionConfig("crm", "reference", self.settings)
        syncs = {self.sync.name: self.sync, **self.others}
        return Project(connections={"crm": connection}, models={"rows": model}, syncs=syncs, folder=str(self.folder))

    def run(self, rows: Rows, **asked: Any) -> Ran:
        """Run the sync, and check that every row is accounted for."""
        *_, report = self.reports(rows, **asked)
        lines = self._lines(report.run)
        _check_sums(report, lines)
        return Ran(report, lines)

    def reports(self, rows: Rows, **asked: Any) -> tuple[RunReport, ...]:
        """Run the sync, and return the reports of all runs that this took."""
        return run(self.project(rows), self.sync.name, destinations=self.destinations, **asked)

    def run_open(self, rows: Rows, **asked: Any) -> RunReport:
        """Run the sync, which stops midway, and return the report of the open run."""
        first = {"first_run": FirstRun.SEND} if self.sync.mode is Mode.INSERT else {}
        *_, report = self.reports(rows, **first, **asked)
        return report

    def plan(self, rows: Rows, **asked: Any) -> PlanReport:
        """Plan the sync, and check that every row is accounted for."""
        report = plan(self.project(rows), self.sync.name, destinations=self.destinations, **asked)
        assert report.rows.read + report.rows.removed == report.rows.unchanged + report.rows.planned
        return report

    def change(self, **settings: Any) -> None:
        """Change the sync's settings."""
        self.sync = evolve(self.sync, **settings)

    def records(self, object_name: str = "people", key: str = "external_id") -> dict[str, dict[str, Any]]:
        """Return the records of the store by one of their fields."""
        return {record[key]: record for record in self.store.records(object_name)}

    def names(self) -> dict[str, str | None]:
        """Return the names of the people in the store, by external id."""
        return {key: record.get("name") for key, record in self.records().items()}

    @property
    def destinations(self) -> dict[str, Destination]:
        """The reference destination, with the hooks that stand in for its own."""
        return reference(**self.hooks)

    def _text(self, rows: Sequence[Mapping[str, str | None]]) -> pa.Table:
        columns = dict.fromkeys([*self.primary_key, "e", "n", "x", *(column for row in rows for column in row)])
        return pa.table({column: pa.array([row.get(column) for row in rows], pa.string()) for column in columns})

    def _lines(self, run_id: str) -> tuple[Mapping[str, Any], ...]:
        path = self.folder / ".connector" / "ledgers" / f"{run_id}.parquet"
        return tuple(pq.read_table(path, partitioning=None).sort_by("row").to_pylist())


def _check_sums(report: RunReport, lines: Sequence[Mapping[str, Any]]) -> None:
    rows = report.rows
    outcomes = {each: sum(line["outcome"] == each for line in lines) for each in Outcome}
    assert rows.read + rows.removed == rows.unchanged + rows.planned
    assert rows.planned == len(lines) == sum(outcomes.values())
    assert {each: getattr(rows, each.value) for each in Outcome} == outcomes
