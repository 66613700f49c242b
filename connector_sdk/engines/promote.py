"""Write the snapshot: one Parquet file with the rows that the destination has accepted so far.

It has these columns:

- `key` and `record_id`;
- `match`: the value of the match field as the destination compares it;
- `sent_match`: the spelling of that value by which the destination knows the record; null if it is the canonical one;
- `generation`: the number of the run in which the row was accepted;
- in modes that compare, the model's values;
- if rows are merged, `merged`: whether the row's record was merged into the one that is now its `record_id`;
- if the sync has several objects, `object`: that of the record.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb

from connector_sdk.contract.plan import Effect
from connector_sdk.engines.compare import columns_of, freeze_in_turn
from connector_sdk.engines.sql import count, database, file, is_castable, name

MERGED = "merged"
"""The column that snapshots have after the first merge of a row."""

SENT_MATCH = "sent_match"
"""The column with the accepted spelling of a match value. Snapshots and plans of earlier versions lack it."""

PIECE = 500_000
"""The number of plan rows that are joined with their ledger lines at a time."""

_ACCEPTED = "(l.outcome = 'succeeded' or l.code = 'BASELINE')"
"""SQL that is true for ledger lines of rows that are at the destination now, or count as such (baseline)."""

_DONE = "(l.outcome = 'succeeded' or l.code = 'ALREADY_GONE' or (l.outcome = 'skipped' and l.batch is not null))"
"""SQL that is true for ledger lines of archived rows whose records this run, or an earlier event, removed."""


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
    piece: int = PIECE,
) -> None:
    """Write the snapshot after a run: the old rows, updated by the rows that the destination accepted.

    `plan` and `ledger` are files of the run. `dropped` is a file of keys that the snapshot drops. `compares` keeps the
    values of the rows, and `objects` the object of each. `compared` names what the next run compares (None: all).
    `piece` rows of the plan are joined with their ledger lines at a time.

    Rows that left the model and were not removed at the destination stay, so that the next run tries again. So do the
    former records of `rekeyed` rows, under keys of their own. Rows whose record no longer exists are dropped, so that
    the next run creates them. If the run `archives`, they count as done instead.
    """
    done = _DONE if archives else _ACCEPTED
    with database(target.parent) as connection:
        plan_file = file(plan, numbered=True)
        merges = _has_merges(connection, old, ledger)
        planned = columns_of(connection, plan_file)
        values = [each for each in planned if compares and each.startswith("model.")]
        values += [SENT_MATCH] if SENT_MATCH in planned else []
        accepted = f"""
            select p.key, coalesce(l.record_id, p.record_id) as record_id, p.match, {generation}::bigint as generation
                {", l.action = 'merged' as merged" if merges else ""} {", l.object" if objects else ""}
                {_qualify_columns("p", values)}
            from {plan_file} p join {file(ledger)} l on l.row = p.file_row_number
            where p.effect <> '{Effect.LEFT}' and {done}
        """
        starts = range(0, count(connection, plan_file) or 1, piece)
        pieces = [f"{accepted} and {_piece_condition(start, start + piece)}" for start in starts]
        if old is None:
            selects, rows = pieces, count(connection, f"{file(ledger)} l", done)
        else:
            connection.execute(f"create table doubted as {_select_unknown_keys(plan_file, ledger)}")
            gone = _select_dropped_keys(plan_file, ledger, dropped, archives=archives)
            connection.execute(f"create table gone as {gone}")
            connection.execute("create table accepted (key varchar)")
            for select in pieces:
                connection.execute(f"insert into accepted select key from ({select})")
            former = _former(connection, old, plan_file, values, compared=compared, merges=merges, objects=objects)
            touched = "(select key from accepted union all select key from gone)"
            untouched = f"{file(old)} s anti join {touched} t on t.key = s.key"
            selects = [f"select {former} from {untouched}", *pieces]
            rows = count(connection, untouched) + count(connection, "accepted")
            if rekeyed:
                own = _former_records(plan_file, ledger, values, objects=objects)
                selects.append(f"select * from ({pieces[0]}) where false union all by name {own}")
                rows += count(connection, f"({own})")
        fresh = target.with_suffix(".new")
        freeze_in_turn(connection, selects, fresh, rows)
        fresh.replace(target)


def _piece_condition(start: int, stop: int) -> str:
    """Return SQL that selects one piece of the plan and its ledger lines. DuckDB skips the rest of both files.

    A join of a large plan with its whole ledger would spill to disk.
    """
    places = ("p.file_row_number", "l.row")
    return " and ".join(f"{each} >= {start} and {each} < {stop}" for each in places)


def _has_merges(connection: duckdb.DuckDBPyConnection, old: Path | None, ledger: Path) -> bool:
    """Return whether this run or an earlier one merged rows."""
    if old is not None and MERGED in columns_of(connection, file(old)):
        return True
    return count(connection, file(ledger), "action = 'merged'") > 0


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
    """Return SQL for the columns of the old snapshot in the new schema: missing ones are null, changed types are cast.

    If a cast would alter a row, or if its outcome is unknown, its generation becomes 0, so that it counts as changed.
    Values that are not compared may be altered.
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
        where (p.effect = '{Effect.LEFT}' and l.outcome in ('succeeded', 'skipped'))
            {lost}
    """
    return removed if dropped is None else f"{removed} union all select key from {file(dropped)}"


def _former_records(plan_file: str, ledger: Path, values: Sequence[str], *, objects: bool) -> str:
    """Return SQL for the former records of rows with a new match value, if they were not removed.

    The row's key belongs to its new record. So each former record gets a key with a separator that no model key has.
    """
    nothing = "".join(f", null as {name(each)}" for each in values)
    return f"""
        select p.key || chr(31) || ' (former record ' || p.record_id || ')' as key, p.record_id, p.match,
            0::bigint as generation {", p.object" if objects else ""} {nothing}
        from {plan_file} p join {file(ledger)} l on l.row = p.file_row_number
        where p.effect = '{Effect.LEFT}' and l.outcome not in ('succeeded', 'skipped')
            and p.key in (select key from accepted)
    """


def _qualify_columns(table: str, columns: Sequence[str]) -> str:
    return "".join(f", {table}.{name(each)}" for each in columns)
