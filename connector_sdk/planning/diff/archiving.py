"""Rows to archive that have no record yet: they wait, and nothing is planned for them, because it may still appear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
from attrs import frozen

from connector_sdk.contract.codes import Code
from connector_sdk.contract.plan import Finding, Level
from connector_sdk.contract.spec import Mode
from connector_sdk.engines.compare import freeze
from connector_sdk.engines.sql import count, file, text
from connector_sdk.planning.request import PlanRequest


@frozen
class Waiting:
    """The lines without the rows that wait, and the number of these rows."""

    file: Path
    rows: int = 0


def leave_out_waiting(connection: duckdb.DuckDBPyConnection, request: PlanRequest, lines: Path) -> Waiting:
    """Take the rows that wait for a record out of the lines of an archive: they count as unchanged."""
    if request.sync.mode is not Mode.ARCHIVE:
        return Waiting(lines)
    waits = f"coalesce(code = {text(Code.NO_RECORD)}, false)"
    rows = count(connection, file(lines), waits)
    if not rows:
        return Waiting(lines)
    target = request.folder / "archived.parquet"
    freeze(connection, f"select * from {file(lines)} where not {waits}", target)
    return Waiting(target, rows)


def report_waiting(waiting: Waiting) -> Iterator[Finding]:
    """Yield a finding on rows that wait: looking them up costs calls in each run."""
    if waiting.rows:
        message = f"rows without a record: {waiting.rows:,}; they count as unchanged, and each run looks them up again"
        yield Finding(Level.INFO, message)
