"""Faults on demand: what goes wrong, at which call or row, and how often."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from enum import StrEnum

from attrs import frozen


class FaultKind(StrEnum):
    """The kinds of faults.

    - `row`: The service refuses the row with `key`, with `code`.
    - `refused`: The service refuses the whole call with `code` and executes nothing. The code `too_large` asks for a
      smaller batch.
    - `cut_before`, `cut_after`: The answer is lost before or after the call is executed.
    - `late`: The answer is lost, and the call arrives `wait` calls later.
    - `twice`: The call is answered, and arrives again `wait` calls later.
    - `partial`: The service executes only the first half of the rows.
    - `moved`: Another user changes the object just before the call.
    - `slow`: The next polls of a job say that it is not done.
    - `converted`: The guest with `key` becomes one of the people just before its row is executed.
    """

    ROW = "row"
    REFUSED = "refused"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    LATE = "late"
    TWICE = "twice"
    PARTIAL = "partial"
    MOVED = "moved"
    SLOW = "slow"
    CONVERTED = "converted"


_OF_ROWS = (FaultKind.ROW, FaultKind.CONVERTED)

_ONLY_AT = {
    FaultKind.PARTIAL: ("write", "commit", "post"),
    FaultKind.MOVED: ("replace",),
    FaultKind.SLOW: ("look",),
}


@frozen
class Fault:
    """A fault that happens `times` times, after it was skipped `skip` times.

    `call`, `object_name` and `key` limit where it happens. Empty means anywhere that the kind makes sense. The calls
    are `write`, `create_upload`, `upload`, `commit`, `abort`, `open_job`, `post`, `close_job`, `list_batches`, `look`
    and `replace`.
    """

    kind: FaultKind
    call: str = ""
    object_name: str = ""
    key: str = ""
    code: str = ""
    times: int = 1
    skip: int = 0
    wait: int = 1


def add(database: sqlite3.Connection, fault: Fault) -> None:
    """Store a fault, so that it also happens in other processes until its `times` are used up."""
    database.execute(
        "insert into fault (kind, call, object, key, code, times, skip, wait) values (?, ?, ?, ?, ?, ?, ?, ?)",
        (fault.kind, fault.call, fault.object_name, fault.key, fault.code, fault.times, fault.skip, fault.wait),
    )


def clear(database: sqlite3.Connection) -> None:
    """Remove all faults."""
    database.execute("delete from fault")


def take(database: sqlite3.Connection, call: str, object_name: str) -> Fault | None:
    """Return the fault of this call, if any, and count it as happened."""
    kinds = tuple(kind for kind in FaultKind if kind not in _OF_ROWS)
    found = _take_faults(database, kinds, call, object_name, [""])
    return next(iter(found.values()), None)


def take_rows(database: sqlite3.Connection, object_name: str, keys: Iterable[str]) -> dict[str, Fault]:
    """Return the faults of one call's rows by their keys, and count them as happened."""
    return _take_faults(database, _OF_ROWS, "", object_name, keys)


def _take_faults(
    database: sqlite3.Connection, kinds: tuple[FaultKind, ...], call: str, object_name: str, keys: Iterable[str]
) -> dict[str, Fault]:
    marks = ", ".join("?" * len(kinds))
    candidates = database.execute(
        "select id, kind, call, object, key, code, times, skip, wait from fault where times > 0 "
        f"and kind in ({marks}) and call in ('', ?) and object in ('', ?) order by id",
        (*kinds, call, object_name),
    ).fetchall()
    left = list(keys)
    found: dict[str, Fault] = {}
    for number, kind, at, object_, key, code, times, skip, wait in candidates:
        if call not in _ONLY_AT.get(FaultKind(kind), (call,)):
            continue
        hit = [each for each in left if key in ("", each) and each not in found]
        met, missed = hit[skip : skip + times], min(skip, len(hit))
        database.execute("update fault set times = times - ?, skip = skip - ? where id = ?", (len(met), missed, number))
        found |= dict.fromkeys(met, Fault(FaultKind(kind), at, object_, key, code, times, skip, wait))
    return found
