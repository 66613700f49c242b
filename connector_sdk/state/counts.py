"""Count the rows of a ledger by outcome, action, code and advice."""

from __future__ import annotations

import pyarrow as pa

from connector_sdk.contract.outcome import Outcome
from connector_sdk.state.records import CountedRows

_BY = ["outcome", "action", "code", "advice", "possible_duplicate"]


def count_rows(lines: pa.Table) -> tuple[CountedRows, ...]:
    """Count ledger lines by outcome, action, code, advice and `possible_duplicate`.

    Rows that succeeded are counted without their code and advice.
    """
    import pyarrow.compute as pc  # imported late: commands that need no ledger start faster

    succeeded = pc.equal(lines.column("outcome"), Outcome.SUCCEEDED.value)
    if pc.all(succeeded).as_py() and not pc.any(lines.column("possible_duplicate")).as_py():
        counts = pc.value_counts(lines.column("action")).to_pylist()
        return tuple(CountedRows("succeeded", each["values"], "", "", False, each["counts"]) for each in counts)
    columns = {name: pc.fill_null(lines.column(name), False if name == _BY[-1] else "") for name in _BY}
    for name in ("code", "advice"):
        columns[name] = pc.if_else(succeeded, "", columns[name])
    found = pa.table(columns).group_by(_BY, use_threads=False).aggregate([([], "count_all")])
    return tuple(CountedRows(*line) for line in zip(*(each.to_pylist() for each in _order_columns(found)), strict=True))


def _order_columns(found: pa.Table) -> list[pa.ChunkedArray]:
    return [found.column(name) for name in (*_BY, "count_all")]
