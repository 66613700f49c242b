"""Settle rows whose fate is unknown: a person looked, and says what became of them."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from pathlib import Path

import pyarrow as pa
from attrs import frozen

from connector_sdk.errors import ConfigError, Problem
from connector_sdk.session import journal_of
from connector_sdk.state.entries import UNNAMED, Held
from connector_sdk.state.journal import Journal
from connector_sdk.state.lock import locked
from connector_sdk.state.snapshot_file import add_rows
from connector_sdk.sync import Outline, Project


class Decision(StrEnum):
    """What became of a held row, or what is to be done about it."""

    SENT = "sent"
    NOT_SENT = "not sent"
    RESEND = "resend"


@frozen
class Settlement:
    """A decision; `record_id` is that of the record which a sent row became, where it is known."""

    decision: Decision
    record_id: str | None = None


def held(project: Project | Outline, run: str, *, state: Path | None = None) -> tuple[Held, ...]:
    """The rows of a run that wait for a decision."""
    with journal_of(project, state) as (_, journal):
        return journal.held(_sync_of(journal, run), run)


def resolve(
    project: Project | Outline,
    run: str,
    settlement: Settlement,
    *,
    keys: Collection[str] | None = None,
    state: Path | None = None,
) -> tuple[str, ...]:
    """Settle held rows of a run, all of them or those with `keys`, and answer the keys that were settled.

    A row that was sent is never sent again. A row that was not sent, or is to be sent again, is new to the next run.
    Raises `ConfigError` when a key is not held, or one record id is given for several rows.
    """
    with journal_of(project, state) as (folder, journal):
        sync = _sync_of(journal, run)
        with locked(folder.lock(sync), sync):
            chosen = _chosen(journal.held(sync, run), keys, settlement)
            after = journal.sync(sync)
            assert after is not None  # rows are held by the end of a run, which leaves it behind
            if settlement.decision is Decision.SENT:
                ids = pa.array([settlement.record_id] * len(chosen), pa.string())
                after = add_rows(folder, sync, run, after, pa.table({"key": chosen, "record_id": ids}))
            journal.release(sync, chosen, after)
    return chosen


def _sync_of(journal: Journal, run: str) -> str:
    found = journal.run(run)
    if found is None:
        raise ConfigError(f"there is no run {run}", hint="connector runs lists them")
    return found.sync


def _chosen(waiting: tuple[Held, ...], keys: Collection[str] | None, settlement: Settlement) -> tuple[str, ...]:
    have = [each.key for each in waiting]
    chosen = tuple(have if keys is None else keys)
    problems = [Problem(f"no row with the key {key} is held by this run") for key in chosen if key not in have]
    if not have:
        problems.append(Problem("this run holds no rows", hint="connector runs shows which ended with exit code 3"))
    if settlement.decision is Decision.SENT and UNNAMED in chosen:
        hint = "run the sync with --first-run baseline to take all of its rows as sent"
        problems.append(Problem("nobody knows which rows these are", hint=hint))
    if settlement.record_id and len(chosen) > 1:
        problems.append(Problem(f"one record id cannot stand for {len(chosen)} rows", hint="name one row with --key"))
    if problems:
        raise ConfigError(problems)
    return chosen
