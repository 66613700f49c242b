"""Settle held rows by the decision of a person who looked them up at the destination."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from pathlib import Path

import pyarrow as pa
from attrs import frozen

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.project import Outline, Project
from connector_sdk.lifecycle.session import journal_of
from connector_sdk.project.arguments import checks_arguments
from connector_sdk.settings.suggest import closest
from connector_sdk.state.journal import Journal
from connector_sdk.state.lock import hold_lock
from connector_sdk.state.records import UNKNOWN_KEY, HeldRow
from connector_sdk.state.snapshot_file import add_rows


class Decision(StrEnum):
    """What became of a held row, or what to do about it."""

    SENT = "sent"
    NOT_SENT = "not sent"
    RESEND = "resend"


@frozen
class Settlement:
    """A decision about held rows. `record_id` is the record of a row that was sent, if it is known."""

    decision: Decision
    record_id: str | None = None


@frozen
class _Held:
    """The held rows of one run, or of all runs of a sync if `run` is None. `name` is what the caller asked for."""

    name: str
    sync: str
    run: str | None
    rows: tuple[HeldRow, ...]


@checks_arguments()
def held_rows(project: Project | Outline, run: str, *, state: Path | None = None) -> tuple[HeldRow, ...]:
    """Return the rows that wait for a decision. `run` is the id of a run, or the name of a sync for all of its runs."""
    with journal_of(project, state) as (_, journal):
        return _find_held_rows(project, journal, run).rows


@checks_arguments()
def resolve(
    project: Project | Outline,
    run: str,
    settlement: Settlement,
    *,
    keys: Collection[str] | None = None,
    state: Path | None = None,
) -> tuple[str, ...]:
    """Settle held rows of a run or of a sync, all of them or those with `keys`, and return the keys that were settled.

    `run` is the id of the run or the name of the sync. A row settled as `SENT` is never sent again. A row settled as
    `NOT_SENT` or `RESEND` is new to the next run. Raises `ConfigError` if a key is not held, or if one record id is
    given for several rows.
    """
    with journal_of(project, state) as (folder, journal):
        sync = _find_held_rows(project, journal, run).sync
        with hold_lock(folder.lock(sync), sync):
            held = _find_held_rows(project, journal, run)  # again: they may have changed until the lock was free
            settled_keys = _choose_keys(held, keys, settlement)
            sync_state = journal.sync(sync)
            assert sync_state is not None  # the run that held the rows also saved the state of its sync
            if settlement.decision is Decision.SENT:
                ids = pa.array([settlement.record_id] * len(settled_keys), pa.string())
                sent_rows = pa.table({"key": settled_keys, "record_id": ids})
                sync_state = add_rows(folder, sync, held.run or sync_state.run, sync_state, sent_rows)
            journal.release(sync, settled_keys, sync_state)
    return settled_keys


def _find_held_rows(project: Project | Outline, journal: Journal, name: str) -> _Held:
    """Return the rows held under the id of a run or the name of a sync. The project may no longer have that sync."""
    run = journal.run(name)
    if run is not None:
        return _Held(name, run.sync, name, journal.held_rows(run.sync, name))
    if journal.sync(name) is None and not journal.runs(name, 1):
        near = closest(name, list(project.syncs))
        hint = f"did you mean {near}?" if near and near != name else "connector runs lists the runs of each sync"
        raise ConfigError(f"there is no run or sync {name}", hint=hint)
    return _Held(name, name, None, journal.held_rows(name))


def _choose_keys(found: _Held, keys: Collection[str] | None, settlement: Settlement) -> tuple[str, ...]:
    have = [each.key for each in found.rows]
    chosen = tuple(have if keys is None else keys)
    problems = [Problem(f"{found.name} holds no row with the key {key}") for key in chosen if key not in have]
    if not have:
        problems.append(Problem(f"{found.name} holds no rows", hint="connector runs shows which syncs hold rows"))
    if settlement.decision is Decision.SENT and UNKNOWN_KEY in chosen:
        hint = "run the sync with --first-run baseline to mark all of its rows as already sent"
        message = f"some rows that {found.name} holds have unknown keys, and cannot be settled as sent"
        problems.append(Problem(message, hint=hint))
    if settlement.record_id and len(chosen) > 1:
        problems.append(Problem(f"one record id cannot stand for {len(chosen)} rows", hint="name one row with --key"))
    if problems:
        raise ConfigError(problems)
    return chosen
