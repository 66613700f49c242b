"""The rows of a plan, stage by stage: references to rows of earlier stages are filled in, and the result is frozen.

What is filled in follows from the plan and the journaled outcomes alone. A resumed run therefore gets the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import frozen

from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.engines.compare import freeze
from connector_sdk.engines.sql import database, file, name, text
from connector_sdk.files.corruption import PLAN
from connector_sdk.files.private import make_file
from connector_sdk.state.plan_file import FILE, MISSING, BatchRows, Layout, PlanReader, RowReference
from connector_sdk.state.records import JournalledBatch

Outcomes = Callable[[], Iterator[pa.Table]]
"""A function that yields the outcomes recorded so far in the run, as tables with `LEDGER_SCHEMA`."""

_MADE = pa.schema([("key", pa.string()), ("record_id", pa.string())])


class PlanRows:
    """The rows of a frozen plan."""

    def __init__(self, folder: Path, layout: Layout, outcomes: Outcomes) -> None:
        self._folder = folder
        self._layout = layout
        self._outcomes = outcomes
        self._plan = PlanReader(folder / FILE, layout)

    def open_stage(self, batches: Sequence[JournalledBatch]) -> StageRows:
        """Prepare the rows of a stage; `batches` are its open batches."""
        if not self._layout.references:
            return StageRows(self._plan, self._plan)
        first = min(start for batch in batches for start, _ in batch.ranges)
        stop = max(stop for batch in batches for _, stop in batch.ranges)
        with PLAN.reading(self._folder / FILE):
            filled = fill(self._folder, self._layout.references, self._outcomes(), first, stop)
        if filled is None:
            return StageRows(self._plan, self._plan)
        stage = StageRows(self._plan, PlanReader(filled, self._layout, first))
        crashpoint("after a stage is frozen")
        return stage


@frozen
class StageRows:
    """A reader of the rows of one stage, safe to use from any thread."""

    _plan: PlanReader
    _filled: PlanReader

    def read(self, batch: JournalledBatch) -> BatchRows:
        """Return the rows of a batch."""
        return self._filled.read(batch)

    def columns(self, batch: JournalledBatch, names: Sequence[str]) -> pa.Table:
        """Return some columns of the rows of a batch, as they were planned."""
        return self._plan.columns(batch, names)


def fill(
    folder: Path, references: Sequence[RowReference], outcomes: Iterable[pa.Table], first: int, stop: int
) -> Path | None:
    """Freeze the rows from `first` to `stop` with the ids of the records that they refer to.

    The column `MISSING` says why a row has no id. Returns None if there is nothing to fill in.
    """
    waiting = " or ".join(f"{name(each.row)} is not null" for each in references)
    rows = f"from {file(folder / FILE, numbered=True)} where file_row_number >= {first} and file_row_number < {stop}"
    with database(folder) as connection:
        ((found,),) = connection.execute(f"select count(*) {rows} and ({waiting})").fetchall()
        if not found:
            return None
        made, target = folder / "made.parquet", folder / "stage.parquet"
        make_file(made)
        with pq.ParquetWriter(made, _MADE) as writer:
            for table in outcomes:
                accepted = pc.equal(table.column("outcome"), "succeeded")
                writer.write_table(table.select(_MADE.names).filter(accepted))
        freeze(connection, _fill_references(references, f"select * {rows}", made), target)
    return target


def _fill_references(references: Sequence[RowReference], rows: str, made: Path) -> str:
    replaced, missing, joins = [], [], []
    for number, each in enumerate(references):
        stored, row, found = f"p.{name(each.stored)}", f"p.{name(each.row)}", f"made_{number}.record_id"
        replaced.append(f"if({row} is null, {stored}, {found}) as {name(each.stored)}")
        missing.append(f"when {row} is not null and {found} is null then {text(each.missing)} || {stored}")
        joins.append(f"left join {file(made)} made_{number} on made_{number}.key = {row}")
    filled = f"p.* exclude (file_row_number) replace ({', '.join(replaced)})"
    joined = f"({rows}) p {' '.join(joins)}"
    return f"select {filled}, case {' '.join(missing)} end as {MISSING} from {joined} order by p.file_row_number"
