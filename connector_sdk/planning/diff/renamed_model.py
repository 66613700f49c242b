"""A snapshot whose rows came from a model with another name: a renamed model, or really another one."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from connector_sdk.contract.plan import Finding, Level
from connector_sdk.planning.diff.changes import Changes
from connector_sdk.planning.guards import EXAMPLES
from connector_sdk.planning.request import PlanRequest

GUARD = "model"
"""The name by which `--accept` takes another name of the model."""


def report_renamed_model(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, changes: Changes
) -> Iterator[Finding]:
    """Yield a finding that stops a sync whose model has another name than before: its known rows may mean nothing now.

    State that names no model adopts the present one.
    """
    former, now = request.former_target.get("model"), request.model.name
    if request.snapshot is None or former in (None, now) or GUARD in request.accepted:
        return
    known = _keys(connection, f"select key from {changes.relations.known}")
    given = _keys(connection, f"select key from {changes.relations.model} where key is not null")
    message = (
        f"{request.sync.name} sent rows of the model {former} before, and {request.model.name} has"
        f" {changes.met:,} of the {changes.known:,} keys that are known (known: {known}; in the model: {given})"
    )
    advice = "if the model was only renamed: --accept model; if it is another one: --start-over, or a sync of its own"
    yield Finding(Level.STOP, message, advice, guard=GUARD)


def _keys(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    found = connection.execute(f"{query} order by key limit {EXAMPLES}").fetchall()
    return ", ".join(key for (key,) in found) or "none"
