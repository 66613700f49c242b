from __future__ import annotations

import multiprocessing
import sqlite3
import stat
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from connector_sdk import RunStopped
from connector_sdk.state.database import VERSION, open_database
from connector_sdk.state.journal import Journal
from connector_sdk.state.records import HeldRow

SIXTH = {"batch": ["submitted", "repeated", "counts"], "run": ["session", "since", "planned"], "held": ["rows"]}
"""The columns that the sixth version added."""

LATER = {**SIXTH, "batch": ["lane", "found", *SIXTH["batch"]], "sync": ["checksum"]}
"""All columns that came after the first version."""


def test_the_journal_is_durable_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    database = open_database(path)

    assert database.execute("pragma journal_mode").fetchone() == ("wal",)
    assert database.execute("pragma synchronous").fetchone() == (2,)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    database.close()


def test_a_new_journal_is_made_once_however_many_open_it(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(100)]
    for folder in folders:
        folder.mkdir()
    context = multiprocessing.get_context("fork")
    together = context.Barrier(8)
    processes = [context.Process(target=_open_each, args=(folders, together)) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 8


def _open_each(folders: list[Path], together: Barrier) -> None:
    for folder in folders:
        together.wait(30)
        open_database(folder / "state.db").close()


def test_a_damaged_journal_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"this is not a database" * 100)

    with pytest.raises(RunStopped, match=r"cannot be read.*restore state.db"):
        open_database(path)
    assert path.read_bytes() == b"this is not a database" * 100


@pytest.mark.parametrize("lost", ["emptied", "deleted"])
def test_a_journal_that_is_lost_is_not_made_anew_beside_what_runs_left(tmp_path: Path, lost: str) -> None:
    path = tmp_path / "state.db"
    open_database(path).close()
    (tmp_path / "ledgers").mkdir()
    (tmp_path / "ledgers" / "r1.parquet").touch()
    path.write_bytes(b"") if lost == "emptied" else path.unlink()

    with pytest.raises(RunStopped, match=r"is lost.*backup"):
        open_database(path)
    with pytest.raises(RunStopped, match=r"is lost.*backup"):
        open_database(path)


def test_a_journal_without_a_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    open_database(path).close()
    with sqlite3.connect(path) as database:
        database.execute("delete from schema_version")
    database.close()

    with pytest.raises(RunStopped, match="which version"):
        open_database(path)


def test_a_journal_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    open_database(path).close()
    with sqlite3.connect(path) as database:
        database.execute("update schema_version set version = ?", (VERSION + 1,))
    database.close()

    with pytest.raises(RunStopped, match=r"newer version.*update connector-sdk"):
        open_database(path)


def test_a_journal_of_the_first_version_is_opened_and_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    open_database(path).close()
    with sqlite3.connect(path) as former:
        for table, columns in LATER.items():
            for column in columns:
                former.execute(f"alter table {table} drop column {column}")
        former.execute("drop table removal")
        former.execute("drop table folder")
        former.execute("update schema_version set version = 1")
        former.execute("insert into run values ('r', 's', 'running', 'now', 'a', 'c', null)")
        former.execute(
            "insert into batch (run, number, stage, object, action, shape, rows, state)"
            " values ('r', 1, 0, 'people', 'upsert', 0, '[[0, 3]]', 'planned')"
        )
    former.close()

    open_database(path).close()
    journal = Journal(open_database(path))

    (batch,) = journal.batches("r")
    assert (batch.rows, batch.lane, batch.found) == (3, None, {})
    journal.close()


@pytest.mark.rule("T3", "T4")
def test_a_journal_of_the_fifth_version_says_how_often_its_rows_were_submitted_and_how_many_it_holds(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state.db"
    open_database(path).close()
    with sqlite3.connect(path) as former:
        for table, columns in SIXTH.items():
            for column in columns:
                former.execute(f"alter table {table} drop column {column}")
        former.execute("drop table folder")
        former.execute("update schema_version set version = 5")
        former.execute("insert into run values ('r', 's', 'running', 'now', 'a', 'c', null)")
        former.execute("insert into held values ('s', 'k1', 'r', 'look there')")
        former.execute(
            "insert into batch (run, number, parent, stage, object, action, shape, rows, state, attempts, round)"
            " values ('r', 1, null, 0, 'people', 'upsert', 0, '[[0, 3]]', 'sending', 2, 1)"
        )
    former.close()

    journal = Journal(open_database(path))
    (batch,) = journal.batches("r")
    assert (batch.submitted, batch.repeated) == (3, False)
    (progress,) = journal.progress("r")
    assert (progress.rows, progress.in_flight, progress.first, progress.counts) == (3, True, True, None)
    assert journal.count_held_rows("s") == 1
    assert journal.held_rows("s") == (HeldRow("k1", "look there"),)
    run = journal.run("r")
    assert run is not None
    assert (run.session, run.since, run.planned) == (None, None, None)
    journal.close()


def test_a_journal_that_exists_is_opened_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    first = open_database(path)
    first.execute("insert into run (id, sync, state, created, account, config) values ('r', 's', '-', '-', 'a', 'c')")
    first.close()

    second = open_database(path)

    assert second.execute("select id from run").fetchall() == [("r",)]
    second.close()
