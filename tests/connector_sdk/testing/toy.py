"""A toy that sends rows one by one, with and without an intent: what the crash harness is tried on."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb

from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.testing.crash import Scenario

ROWS = 3

if imports := os.environ.get("TOY_IMPORTS"):
    with Path(imports).open("a") as file:
        file.write(f"{__name__}\n")


def careful() -> Scenario:
    return Scenario(_prepare, _send_carefully, _audit)


def careless() -> Scenario:
    """Return a scenario that notes a row after it was sent: a kill in between sends the row twice."""
    return Scenario(_prepare, _send_carelessly, _audit)


def exit_with(code: str) -> Scenario:
    return Scenario(_prepare, lambda folder: int(code), _audit)


def raise_error() -> Scenario:
    return Scenario(_prepare, lambda folder: 1 // 0, _audit)


def fail_to(step: str) -> Scenario:
    """Return a scenario whose preparation or audit raises an error."""

    def fail(folder: Path) -> Iterator[str]:
        raise OSError(f"the toy cannot {step}")

    return Scenario(fail if step == "prepare" else _prepare, _send_carefully, fail if step == "audit" else _audit)


def make_nothing() -> str:
    return "no scenario"


def count_in_duckdb() -> Scenario:
    """Return a scenario that opens DuckDB in each forked child."""

    def run(folder: Path) -> int:
        crashpoint("before the query")
        con = duckdb.connect(str(folder / "rows.duckdb"))
        con.execute("set threads = 2")
        con.execute("create table if not exists numbers as select * from range(500000) t(n)")
        total = con.sql("select sum(n) from numbers").fetchall()
        crashpoint("after the query")
        con.close()
        return 0 if total == [(124999750000,)] else 7

    return Scenario(lambda folder: None, run, lambda folder: [])


def _tables(folder: Path) -> sqlite3.Connection:
    con = sqlite3.connect(folder / "toy.db", isolation_level=None)
    con.execute("create table if not exists sent (row integer)")
    con.execute("create table if not exists noted (row integer)")
    return con


def _prepare(folder: Path) -> None:
    _tables(folder).close()


def _find_unnoted(con: sqlite3.Connection) -> list[int]:
    noted = {row for (row,) in con.execute("select row from noted")}
    return [row for row in range(ROWS) if row not in noted]


def _send_carelessly(folder: Path) -> int:
    con = _tables(folder)
    for row in _find_unnoted(con):
        crashpoint("before sending")
        con.execute("insert into sent values (?)", (row,))
        crashpoint("after sending")
        con.execute("insert into noted values (?)", (row,))
    return 0


def _send_carefully(folder: Path) -> int:
    con = _tables(folder)
    for row in _find_unnoted(con):
        crashpoint("before sending")
        if con.execute("select count(*) from sent where row = ?", (row,)).fetchone() == (0,):
            con.execute("insert into sent values (?)", (row,))
        crashpoint("after sending")
        con.execute("insert into noted values (?)", (row,))
    return 0


def _audit(folder: Path) -> Iterator[str]:
    con = _tables(folder)
    for row in range(ROWS):
        (times,) = con.execute("select count(*) from sent where row = ?", (row,)).fetchone()
        if times != 1:
            yield f"row {row} was sent {times} times"
