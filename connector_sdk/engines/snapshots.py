"""The snapshot: the rows that the destination has accepted so far, as one Parquet file.

Columns: `key`; `record_id`; `match`, the value of the match field as the destination compares it; `sent_match`, the
spelling of that value under which the destination knows the record, null where it is the canonical one; `generation`,
the number of the run that had the row accepted; in modes that compare, the model's values; and, where rows are merged,
`merged`: the row's record went into another one, whose id is the row's `record_id` since then. Where the sync has
several objects, `object` is that of the record.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb

from connector_sdk.engines.compare import columns_of, freeze_in_turn
from connector_sdk.engines.sql import database, file, is_castable, name

IDENTITY = ("key", "record_id", "match", "generation")
"""The columns that every snapshot has."""

MERGED = "merged"
"""The column that snapshots have once a row of the sync was merged."""

SENT_MATCH = "sent_match"
"""The column with the accepted spelling of a match value; snapshots of earlier versions lack it, and so do plans."""

_PIECE = 500_000
"""Rows of a plan that are joined with their ledger lines at a time."""

_ACCEPTED = "(l.outcome = 'succeeded' or l.code = 'BASELINE')"
"""SQL that is true for ledger lines of rows that are at the destination now, or count as if they were."""

_DONE = "(l.outcome = 'succeeded' or l.code = 'ALREADY_GONE' or (l.outcome = 'skipped' and l.batch is not null))"
"""SQL that is true for ledger lines of archived rows whose records are gone, by this run or before it."""


def promote(
    old: Path | None,
    plan: Path,
    ledger: Path,
    dropped: Path | None,
    target: Path,
    generation: int,
    *,
    compares: bool = True,
    rekeyed: bool = False,
    objects: bool = False,
    archives: bool = False,
    compared: Collection[str] | None = None,
) -> None:
    """Write the snapshot that follows a run: the old rows, with just those changed that were accepted.

    `plan` and `ledger` are the files of the run, `dropped` one of keys that left the model; `compares` keeps the
    values of the rows, `objects` which object each went to; `compared` are the values that the next run compares, all
    if None. Rows that left and were not removed at the destination stay, so that the next run tries again; so do,
    under a key of their own, the former records of `rekeyed` rows. Rows whose record turned out to be gone go: to the
    next run they are new. Where a run `archives`, they are done.
    """
    done = _DONE if archives else _ACCEPTED
    with database(target.parent) as connection:
        plan_file = file(plan, numbered=True)
        merges = _merges(connection, old, ledger)
        planned = columns_of(connection, plan_file)
        values = [each for each in planned if compares and each.startswith("model.")]
        values += [SENT_MATCH] if SENT_MATCH in planned else []
        accepted = f"""
            select p.key, coalesce(l.record_id, p.record_id) as record_id, p.match,
                {generation}::bigint as generation {", l.action = 'merged' as merged" if merges else ""}
                {", l.object" if objects else ""}
                {_qualify_columns("p", values)}
            from {plan_file} p join {file(ledger)} l on l.row = p.file_row_number
            where p.effect <> 'left' and {done}
        """
        pieces = [
            f"{accepted} and {_piece_condition(start)}"
            for start in range(0, _count(connection, plan_file) or 1, _PIECE)
        ]
        if old is None:
            selects, rows = pieces, _count(connection, f"{file(ledger)} l where {done}")
        else:
            connection.execute(f"create table doubted as {_select_unknown_keys(plan_file, ledger)}")
            connection.execute(
                f"create table gone as {_select_dropped_keys(plan_file, ledger, dropped, archives=archives)}"
            )
            connection.execute("create table accepted (key varchar)")
            for piece in pieces:
                connection.execute(f"insert into accepted select key from ({piece})")
            former = _former(connection, old, plan_file, values, compared=compared, merges=merges, objects=objects)
            touched = "(select key from accepted union all select key from gone)"
            untouched = f"{file(old)} s anti join {touched} t on t.key = s.key"
            selects = [f"select {former} from {untouched}", *pieces]
            rows = _count(connection, untouched) + _count(connection, "accepted")
            if rekeyed:
                own = _former_records(plan_file, ledger, values, objects=objects)
                selects.append(f"select * from ({pieces[0]}) where false union all by name {own}")
                rows += _count(connection, f"({own})")
        fresh = target.with_suffix(".new")
        freeze_in_turn(connection, selects, fresh, rows)
        fresh.replace(target)


def _piece_condition(start: int) -> str:
    """SQL for the rows of one piece of the plan, and their lines of the ledger: both files skip what is not among them.

    Joined as a whole, a large plan and its ledger would be written to disk to be sorted apart, and read again.
    """
    places = ("p.file_row_number", "l.row")
    return " and ".join(f"{each} >= {start} and {each} < {start + _PIECE}" for each in places)


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    ((rows,),) = connection.execute(f"select count(*) from {relation}").fetchall()
    return int(rows)


def _merges(connection: duckdb.DuckDBPyConnection, old: Path | None, ledger: Path) -> bool:
    """Whether rows were merged, now or before."""
    if old is not None and MERGED in columns_of(connection, file(old)):
        return True
    return _count(connection, f"{file(ledger)} where action = 'merged'") > 0


def _former(
    connection: duckdb.DuckDBPyConnection,
    old: Path,
    plan_file: str,
    values: Sequence[str],
    *,
    compared: Collection[str] | None,
    merges: bool,
    objects: bool,
) -> str:
    """The columns of the old snapshot as the new one has them: missing ones null, changed types cast.

    What a cast would alter, and what may have been written or not, counts as changed: its generation is before all.
    Values that are not compared can be altered; those of keys and match values have a text of their own.
    """
    have = columns_of(connection, f"{file(old)}")
    types = columns_of(connection, plan_file)
    wanted = {"key": "VARCHAR", "record_id": "VARCHAR", "match": "VARCHAR", "generation": "BIGINT"}
    wanted |= {MERGED: "BOOLEAN"} if merges else {}
    wanted |= {"object": "VARCHAR"} if objects else {}
    wanted |= {each: types[each] for each in values}
    columns, doubts = {}, ["s.key in (select key from doubted)"]
    for each, type_ in wanted.items():
        fits = each in have and is_castable(connection, have[each], type_)
        value = f"s.{name(each)}" if fits else "null"
        columns[each] = value if have.get(each) == type_ else f"try_cast({value} as {type_})"
        if compared is not None and each in values and each not in compared:
            continue
        if each in have and not fits:
            doubts.append(f"s.{name(each)} is not null")
        elif columns[each] != value and fits:
            doubts.append(f"try_cast({columns[each]} as {have[each]}) is distinct from {value}")
    columns["generation"] = f"case when {' or '.join(doubts)} then 0 else {columns['generation']} end"
    return ", ".join(f"{value} as {name(each)}" for each, value in columns.items())


def _select_unknown_keys(plan_file: str, ledger: Path) -> str:
    return f"""
        select p.key from {plan_file} p join {file(ledger)} l on l.row = p.file_row_number where l.outcome = 'unknown'
    """


def _select_dropped_keys(plan_file: str, ledger: Path, dropped: Path | None, *, archives: bool) -> str:
    lost = "" if archives else "or (l.outcome = 'skipped' and l.batch is not null)"
    removed = f"""
        select p.key from {plan_file} p join {file(ledger)} l on l.row = p.file_row_number
        where (p.effect = 'left' and l.outcome in ('succeeded', 'skipped'))
            {lost}
    """
    return removed if dropped is None else f"{removed} union all select key from {file(dropped)}"


def _former_records(plan_file: str, ledger: Path, values: Sequence[str], *, objects: bool) -> str:
    """SQL for the records that rows with a new match value had before, and that are still there.

    Such a row has its key already for its new record. No key of a model has the separator in it.
    """
    nothing = "".join(f", null as {name(each)}" for each in values)
    return f"""
        select p.key || chr(31) || ' (former record ' || p.record_id || ')' as key, p.record_id, p.match,
            0::bigint as generation {", p.object" if objects else ""} {nothing}
        from {plan_file} p join {file(ledger)} l on l.row = p.file_row_number
        where p.effect = 'left' and l.outcome not in ('succeeded', 'skipped')
            and p.key in (select key from accepted)
    """


def _qualify_columns(table: str, columns: Sequence[str]) -> str:
    return "".join(f", {table}.{name(each)}" for each in columns)
