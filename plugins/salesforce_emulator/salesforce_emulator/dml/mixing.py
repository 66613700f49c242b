"""Rows of several objects in one call. Consecutive rows of one object form one write."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from attrs import frozen

from salesforce_emulator.dml.engine import Engine
from salesforce_emulator.dml.model import RowInput, RowResult, Write
from salesforce_emulator.portable import Portable
from salesforce_emulator.schema import Schema

MOST_TYPES = 10


@frozen
class Read:
    """A record of a call: its object if it exists, and its row."""

    schema: Schema | None
    row: RowInput


class TooManyTypes(Portable, Exception):
    """A call with more than 10 runs of consecutive records of one object."""

    def __init__(self) -> None:
        super().__init__(f"Exceeded max number of types: {MOST_TYPES}")


def execute_mixed(
    engine: Engine,
    user: str,
    reads: list[Read],
    write: Callable[[Schema, list[RowInput]], Write],
    all_or_none: bool,
) -> list[RowResult]:
    """Execute the records of a call. Return one result per record, in order.

    Raises TooManyTypes. SOAP API Developer Guide, "Basic DML Calls".
    """
    runs = [(schema, [read.row for read in run]) for schema, run in groupby(reads, key=lambda read: read.schema)]
    if len(runs) > MOST_TYPES:
        raise TooManyTypes
    writes = [write(schema, rows) for schema, rows in runs if schema is not None]
    if all_or_none:
        done = iter(engine.execute_together(writes, user, doomed=len(writes) < len(runs)))
    else:
        done = iter([engine.execute(one, user) for one in writes])
    return [result for schema, rows in runs for result in (_collect_refusals(rows) if schema is None else next(done))]


def _collect_refusals(rows: list[RowInput]) -> list[RowResult]:
    return [RowResult(faults=(row.fault,)) for row in rows if row.fault is not None]
