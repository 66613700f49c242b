"""The size of a plan compared with what is known, for the guards."""

from __future__ import annotations

from pathlib import Path

import duckdb

from connector_sdk.contract.plan import Effect
from connector_sdk.engines.models import Source
from connector_sdk.engines.sql import file
from connector_sdk.planning.diff.changes import Changes, count_sent
from connector_sdk.planning.diff.full_list import Replacement
from connector_sdk.planning.diff.removals import Removals
from connector_sdk.planning.diff.respelled import find_respelled
from connector_sdk.planning.guards import EXAMPLES, Scale
from connector_sdk.planning.request import PlanRequest


def measure(
    connection: duckdb.DuckDBPyConnection,
    request: PlanRequest,
    source: Source,
    changes: Changes,
    lines: Path,
    removals: Removals,
) -> Scale:
    """Measure a plan against the snapshot; `lines` are the changes after all lookups."""
    sent = count_sent(connection, lines)
    rekeyed = sent.get(Effect.REKEYED, 0)
    changed = sent.get(Effect.CHANGED, 0) + rekeyed
    shown = {
        "changed": (lines, f"effect in ('{Effect.CHANGED}', '{Effect.REKEYED}')"),
        "rekeyed": (lines, f"effect = '{Effect.REKEYED}'"),
    }
    if removals.file is not None:
        shown["removed"] = (removals.file, f"effect = '{Effect.LEFT}'")
    return Scale(
        source.rows,
        changes.known,
        removals.sent,
        changed,
        rekeyed,
        today=request.removed_today,
        respelled=find_respelled(connection, request, changes, lines),
        examples={what: _first_keys(connection, *where) for what, where in shown.items()},
    )


def measure_replacement(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, source: Source, replacement: Replacement
) -> Scale:
    """Measure a plan that replaces its target as a whole, against what the target holds."""
    changed = count_sent(connection, replacement.file).get(Effect.CHANGED, 0)
    replaceable = request.schema.replaceable
    removed, entries = replacement.removed, replaceable.entries if replaceable else "records of the destination"
    examples = {"removed": replacement.gone[:EXAMPLES]}
    return Scale(source.rows, replacement.known, removed, changed, 0, entries, examples=examples)


def _first_keys(connection: duckdb.DuckDBPyConnection, lines: Path, condition: str) -> tuple[str, ...]:
    query = f"select key from {file(lines)} where outcome is null and {condition} limit {EXAMPLES}"
    return tuple(key for (key,) in connection.execute(query).fetchall())
