"""State folders that were put back, copied, moved or lost: nothing is inserted a second time without being told to."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner, Result
from platformdirs import user_state_path

from connector_sdk import ExitCode, Finding, Mode, RunReport, RunStopped, hookimpl
from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings
from connector_sdk.contract.crashpoint import listen
from connector_sdk.run import FirstRun
from connector_sdk.state.rollback_guard import RollbackGuard
from connector_sdk.testing.reference import Fault, FaultKind, Store

from ..planning.bench import Bench, map_fields, people

ROWS = [{"k": str(number), "e": f"e{number}", "n": f"n{number}"} for number in range(20)]
SEND = {"first_run": FirstRun.SEND}
"""What a careless schedule says in every run."""


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Bench]:
    """An insert of notes, into a project of its own."""
    (tmp_path / "project").mkdir()
    made = Bench(tmp_path / "project", make_insert())
    yield made
    made.store.close()


def make_insert() -> Any:
    return people(Mode.INSERT, objects=("notes",), fields=map_fields(key="k", text="n"))


def count_executions(bench: Bench) -> dict[str, int]:
    return bench.store.execution_counts("notes")


def expect_once(rows: int) -> dict[str, int]:
    return {str(number): 1 for number in range(rows)}


def require_stop(bench: Bench, rows: int = 20, **asked: Any) -> str:
    """Check that a run exits with 6 and sends nothing, and return its message."""
    before = count_executions(bench)
    with pytest.raises(RunStopped) as raised:
        bench.reports(ROWS[:rows], **{**SEND, **asked})
    assert raised.value.exit_code is ExitCode.GUARD
    assert count_executions(bench) == before
    return str(raised.value)


def run_sync(bench: Bench, rows: int = 20, **asked: Any) -> RunReport:
    """Run the sync, and check that nothing stops it."""
    *_, report = bench.reports(ROWS[:rows], **{**SEND, **asked})
    assert report.exit == ExitCode.OK
    return report


class Listening:
    """Collects what is found before a run writes."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    @hookimpl
    def run_planned(self, findings: tuple[Finding, ...]) -> None:
        """Note them."""
        self.found += findings


def read_warnings(bench: Bench, **asked: Any) -> list[str]:
    """Run the sync, and return its warnings."""
    listening = Listening()
    run_sync(bench, observers=(listening,), **asked)
    return [each.message for each in listening.found if each.level == "warning"]


# -- put back


@pytest.mark.rule("S2")
def test_the_state_of_yesterday_put_back_after_an_insert_sends_nothing(notes: Bench, tmp_path: Path) -> None:
    state = notes.folder / ".connector"
    run_sync(notes, 10)
    shutil.copytree(state, tmp_path / "yesterday")
    run_sync(notes)
    shutil.rmtree(state)
    shutil.copytree(tmp_path / "yesterday", state)

    message = require_stop(notes)
    assert "the state of people lacks its last 1 run — put the latest state folder back" in message
    assert "--accept old-state" in message
    assert count_executions(notes) == expect_once(20)
    run_sync(notes, accept={"old-state"})
    assert count_executions(notes) == {**expect_once(20), **{str(number): 2 for number in range(10, 20)}}
    run_sync(notes)


@pytest.mark.rule("S2")
def test_a_state_from_before_the_first_run_of_a_sync_is_old_whatever_first_run_says(
    notes: Bench, tmp_path: Path
) -> None:
    notes.plan(ROWS)  # makes the folder
    shutil.copytree(notes.folder / ".connector", tmp_path / "yesterday")
    run_sync(notes)
    shutil.rmtree(notes.folder / ".connector")
    shutil.copytree(tmp_path / "yesterday", notes.folder / ".connector")
    assert "lacks its last 1 run" in require_stop(notes)


@pytest.mark.rule("S2")
def test_a_state_from_before_a_run_that_is_open_is_old(notes: Bench, tmp_path: Path) -> None:
    notes.change(delivery=evolve(notes.sync.delivery, api="two_phase", batch_size=5, parallelism=1))
    run_sync(notes, 5)
    shutil.copytree(notes.folder / ".connector", tmp_path / "yesterday")
    notes.store.add_fault(Fault(FaultKind.REFUSED, call="upload", code="suspended", skip=1))
    assert notes.run_open(ROWS).state == "stopped"
    assert count_executions(notes) == expect_once(10)
    shutil.rmtree(notes.folder / ".connector")
    shutil.copytree(tmp_path / "yesterday", notes.folder / ".connector")
    assert "lacks its last 1 run" in require_stop(notes)


@pytest.mark.rule("S2")
def test_an_open_run_of_an_old_state_is_not_gone_on_with(notes: Bench, tmp_path: Path) -> None:
    notes.change(delivery=evolve(notes.sync.delivery, api="call", batch_size=5, parallelism=1))
    notes.store.add_fault(Fault(FaultKind.REFUSED, call="write", code="suspended", skip=1))
    assert notes.run_open(ROWS).state == "stopped"
    shutil.copytree(notes.folder / ".connector", tmp_path / "yesterday")
    run_sync(notes)
    assert count_executions(notes) == expect_once(20)
    shutil.rmtree(notes.folder / ".connector")
    shutil.copytree(tmp_path / "yesterday", notes.folder / ".connector")
    for asked in ({}, {"abandon": True}, {"start_over": True}):
        assert "lacks its last 2 runs" in require_stop(notes, **asked)


def test_a_saved_plan_of_an_old_state_is_not_run(notes: Bench, tmp_path: Path) -> None:
    run_sync(notes, 10)
    saved = notes.plan(ROWS, save=True)
    shutil.copytree(notes.folder / ".connector", tmp_path / "yesterday")
    notes.reports(ROWS, plan_id=saved.run)
    shutil.rmtree(notes.folder / ".connector")
    shutil.copytree(tmp_path / "yesterday", notes.folder / ".connector")
    assert "lacks its last 1 run" in require_stop(notes, plan_id=saved.run, first_run=None)
    assert count_executions(notes) == expect_once(20)


def test_a_state_that_was_replaced_for_a_while_lacks_what_was_sent_meanwhile(notes: Bench) -> None:
    state = notes.folder / ".connector"
    run_sync(notes, 10)
    state.rename(notes.folder / "put aside")
    run_sync(notes, 10, first_run=FirstRun.BASELINE)
    run_sync(notes)
    shutil.rmtree(state)
    (notes.folder / "put aside").rename(state)
    assert "runs that used another state folder at this path" in require_stop(notes)


# -- lost


@pytest.mark.rule("S2")
def test_first_run_does_not_count_where_the_state_was_lost(notes: Bench) -> None:
    run_sync(notes)
    shutil.rmtree(notes.folder / ".connector")

    message = require_stop(notes)
    assert "people was run before, and its state of then is not in" in message
    assert "--first-run send --accept lost-state" in message
    (finding,) = (each for each in notes.plan(ROWS, **SEND).findings if each.level == "stop")
    assert finding.guard == "lost-state"
    assert "--first-run baseline" in require_stop(notes, first_run=None)
    assert count_executions(notes) == expect_once(20)


def test_a_lost_state_is_begun_anew_as_a_person_says(notes: Bench) -> None:
    run_sync(notes)
    shutil.rmtree(notes.folder / ".connector")
    run_sync(notes, first_run=FirstRun.BASELINE)
    run_sync(notes)
    assert count_executions(notes) == expect_once(20)
    shutil.rmtree(notes.folder / ".connector")
    with pytest.raises(RunStopped, match="has no record of what it sent"):
        notes.reports(ROWS, accept={"lost-state"})
    run_sync(notes, accept={"lost-state"})
    run_sync(notes)
    assert set(count_executions(notes).values()) == {2}


def test_a_plan_that_was_saved_without_its_state_is_run_once_that_is_accepted(notes: Bench) -> None:
    run_sync(notes)
    shutil.rmtree(notes.folder / ".connector")
    saved = notes.plan(ROWS, save=True, **SEND)
    assert "lost-state" in require_stop(notes, plan_id=saved.run, first_run=None)
    run_sync(notes, plan_id=saved.run, first_run=None, accept={"lost-state"})


def test_another_state_folder_of_the_same_project_is_a_lost_one(notes: Bench, tmp_path: Path) -> None:
    run_sync(notes)
    assert "--accept lost-state" in require_stop(notes, state=tmp_path / "elsewhere")
    run_sync(notes, state=tmp_path / "elsewhere", accept={"lost-state"})
    run_sync(notes, state=tmp_path / "elsewhere")
    run_sync(notes)


@pytest.mark.parametrize("other", ["account", "project", "object", "sync"])
def test_what_was_sent_elsewhere_stops_nothing(notes: Bench, tmp_path: Path, other: str) -> None:
    run_sync(notes)
    shutil.rmtree(notes.folder / ".connector")
    if other == "account":
        notes.settings = {"path": str(tmp_path / "other.db")}
        Store.at(tmp_path / "other.db").become(account="another")
    elif other == "object":
        notes.sync = people(Mode.INSERT, fields=map_fields(external_id="e", name="n"))
    elif other == "sync":
        notes.change(name="others")
    else:
        notes.folder = tmp_path
    run_sync(notes)


def test_a_sync_that_may_send_again_needs_no_word(notes: Bench) -> None:
    notes.sync = people()
    for _ in range(2):
        run_sync(notes, first_run=None)
        shutil.rmtree(notes.folder / ".connector")
    run_sync(notes, first_run=None)
    run_sync(notes, first_run=None)


def test_nothing_is_noticed_where_the_guard_is_lost_too(notes: Bench) -> None:
    run_sync(notes)
    shutil.rmtree(notes.folder / ".connector")
    shutil.rmtree(user_state_path("connector-sdk"))
    run_sync(notes)
    assert set(count_executions(notes).values()) == {2}


# -- copied and moved


@pytest.mark.rule("S2")
def test_a_copy_stops_until_it_is_said_to_be_one_and_is_a_folder_of_its_own_then(notes: Bench, tmp_path: Path) -> None:
    state, copy = notes.folder / ".connector", tmp_path / "copy"
    run_sync(notes, 10)
    shutil.copytree(state, copy)
    assert f"the state folder {copy} is a copy of {state}" in require_stop(notes, state=copy)
    with pytest.raises(RunStopped, match="--accept copied"):
        notes.plan(ROWS, state=copy)
    run_sync(notes, 12, state=copy, accept={"copied"})
    run_sync(notes, 12, state=copy)
    run_sync(notes, 10)
    copy.rename(tmp_path / "moved")
    assert read_warnings(notes, rows=12, state=tmp_path / "moved") != []


@pytest.mark.rule("S2")
def test_a_copy_of_an_old_state_is_both(notes: Bench, tmp_path: Path) -> None:
    run_sync(notes, 10)
    shutil.copytree(notes.folder / ".connector", tmp_path / "copy")
    run_sync(notes)
    message = require_stop(notes, state=tmp_path / "copy")
    assert "is a copy of" in message
    assert "lacks its last 1 run" in message
    assert "is a copy of" not in require_stop(notes, state=tmp_path / "copy", accept={"copied"})
    shutil.rmtree(notes.folder / ".connector")
    assert "lacks its last 1 run" in require_stop(notes, state=tmp_path / "copy")


def test_a_copy_that_was_accepted_for_one_sync_is_old_for_the_others(notes: Bench, tmp_path: Path) -> None:
    other = Bench(notes.folder, evolve(make_insert(), name="others"))
    run_sync(notes, 10)
    run_sync(other, 10)
    shutil.copytree(notes.folder / ".connector", tmp_path / "copy")
    run_sync(other, 20)
    run_sync(notes, 10, state=tmp_path / "copy", accept={"copied"})
    assert "the state of others lacks its last 1 run" in require_stop(other, state=tmp_path / "copy")
    other.store.close()


def test_a_folder_that_was_moved_goes_on_and_says_so_once(notes: Bench, tmp_path: Path) -> None:
    run_sync(notes, 10)
    state = notes.folder / ".connector"
    state.rename(tmp_path / "moved")
    (message,) = read_warnings(notes, state=tmp_path / "moved")
    assert message == f"the state folder was moved from {state} to {tmp_path / 'moved'}, and is used from there"
    assert read_warnings(notes, state=tmp_path / "moved") == []
    assert count_executions(notes) == expect_once(20)


def test_a_project_that_was_moved_with_its_state_goes_on(notes: Bench, tmp_path: Path) -> None:
    run_sync(notes, 10)
    notes.folder.rename(tmp_path / "renamed")
    notes.folder = tmp_path / "renamed"
    notes.settings = {"path": str(notes.folder / "store.db")}
    notes.store = Store.at(notes.folder / "store.db")
    assert len(read_warnings(notes)) == 1
    assert count_executions(notes) == expect_once(20)


@pytest.mark.parametrize("other", ["another state", "no state", "a file", "a link"])
def test_what_lies_where_a_folder_was_is_not_that_folder(notes: Bench, tmp_path: Path, other: str) -> None:
    run_sync(notes, 10)
    state = notes.folder / ".connector"
    state.rename(tmp_path / "moved")
    if other == "another state":
        run_sync(notes, 10, first_run=FirstRun.BASELINE)
    elif other == "no state":
        state.mkdir()
    elif other == "a file":
        state.touch()
    else:
        state.mkdir()
        (state / "state.db").symlink_to(tmp_path / "moved" / "state.db")
    assert len(read_warnings(notes, rows=10, state=tmp_path / "moved")) == 1


def test_a_folder_with_two_names_is_no_copy(notes: Bench, tmp_path: Path) -> None:
    run_sync(notes, 10)
    (tmp_path / "link").symlink_to(notes.folder / ".connector")
    assert read_warnings(notes, state=tmp_path / "link") == []
    assert read_warnings(notes) == []


# -- versions and machines


def as_version_6(state: Path) -> None:
    """Make of a state folder what the version before left."""
    database = sqlite3.connect(state / "state.db")
    database.executescript("drop table folder; update schema_version set version = 6")
    database.close()
    kept = user_state_path("connector-sdk")
    for each in ("folders", "places"):
        shutil.rmtree(kept / each, ignore_errors=True)


@pytest.mark.rule("S2")
def test_state_of_an_earlier_version_is_adopted_silently_with_what_was_known_of_it(
    notes: Bench, tmp_path: Path
) -> None:
    state = notes.folder / ".connector"
    run_sync(notes, 5)
    shutil.copytree(state, tmp_path / "yesterday")
    as_version_6(tmp_path / "yesterday")
    run_sync(notes, 10)
    as_version_6(state)
    assert notes.plan(ROWS[:10], **SEND).findings == ()
    assert read_warnings(notes, rows=10) == []
    assert count_executions(notes) == expect_once(10)
    run_sync(notes)
    shutil.rmtree(state)
    shutil.copytree(tmp_path / "yesterday", state)
    assert "lacks its last 3 runs" in require_stop(notes)


def test_a_state_that_an_earlier_version_lost_is_lost(notes: Bench) -> None:
    run_sync(notes)
    as_version_6(notes.folder / ".connector")
    shutil.rmtree(notes.folder / ".connector")
    assert "--accept lost-state" in require_stop(notes)
    run_sync(notes, accept={"lost-state"})
    run_sync(notes)


def _refuse(_: str) -> Path:
    raise RuntimeError("could not determine the home directory")


NO_HOMES = {"missing": _refuse, "unknown": lambda name: Path("~/.local/state") / name}
"""What versions of platformdirs do for a user who has no home."""


@pytest.mark.rule("S2")
@pytest.mark.parametrize("home", ["not writable", *NO_HOMES])
def test_a_machine_that_keeps_nothing_is_told_once_and_the_run_goes_on(
    notes: Bench, tmp_path: Path, home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if home == "not writable":
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    else:
        monkeypatch.setattr("connector_sdk.state.rollback_guard.user_state_path", NO_HOMES[home])
    monkeypatch.chdir(tmp_path)
    (message,) = read_warnings(notes)
    assert "a state folder from a backup will not be noticed" in message
    assert count_executions(notes) == expect_once(20)
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize("content", [b"\xff", b"\0\0", b"[1]", b'{"generation": "many", "targets": 1}'], ids=repr)
def test_what_the_guard_cannot_read_counts_as_never_seen(notes: Bench, content: bytes) -> None:
    run_sync(notes, 10)
    for path in user_state_path("connector-sdk").rglob("*"):
        if path.is_file():
            path.write_bytes(content)
    run_sync(notes)
    assert count_executions(notes) == expect_once(20)


def test_two_syncs_of_one_folder_are_known_apart(notes: Bench) -> None:
    other = Bench(notes.folder, evolve(make_insert(), name="others"))
    for rows in (5, 10):
        run_sync(notes, rows)
    run_sync(other, 5)
    run_sync(other, 5)
    run_sync(notes)
    other.store.close()


@pytest.mark.rule("S2")
def test_the_command_ends_with_6_and_says_what_to_do_and_takes_the_word(notes: Bench) -> None:
    def invoke(*words: str) -> Result:
        settings = Settings(path=notes.folder, destinations=notes.destinations)
        settings.project = notes.project(ROWS)
        return CliRunner().invoke(connector, ["run", "people", "--first-run", "send", *words], obj=settings)

    assert invoke().exit_code == 0
    shutil.rmtree(notes.folder / ".connector")
    refused = invoke()
    assert (refused.exit_code, refused.stdout) == (ExitCode.GUARD, "")
    assert "--first-run send --accept lost-state" in refused.stderr
    assert invoke("--accept", "lost_state").exit_code == ExitCode.CONFIG
    assert count_executions(notes) == expect_once(20)
    assert invoke("--accept", "lost-state").exit_code == 0


def test_what_is_read_while_others_note_is_whole(tmp_path: Path) -> None:
    guards = [RollbackGuard("id", tmp_path, str(tmp_path)) for _ in range(4)]
    guards[0].note_ended("sync", 1)
    unread: list[int] = []

    def note(guard: RollbackGuard) -> None:
        for number in range(100):
            guard.note_begun("sync", f"target {number}", number, "run")
            guard.note_ended("sync", number)
            unread.extend([number] if guard.find_sync("sync") is None else [])

    threads = [threading.Thread(target=note, args=(each,)) for each in guards]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not unread
    assert guards[0].has_other_state("sync", "target 1") is False
    assert not [path.name for path in user_state_path("connector-sdk").rglob("*") if "." in path.name]


# -- kills


class Killed(BaseException):
    """The process ends here."""


def kill_at(number: int, point: str, bench: Bench, **asked: Any) -> bool:
    """Run the sync, kill it when it meets a crash point for the `number`th time, and return whether that happened."""
    met = 0

    def meet(name: str) -> None:
        nonlocal met
        met += name == point
        if met >= number:
            raise Killed

    listen(meet)
    try:
        run_sync(bench, **asked)
    except Killed:
        return True
    finally:
        listen(None)
    return False


WRITTEN = "after the rollback guard is written"


@pytest.mark.rule("S2")
@pytest.mark.parametrize("number", range(1, 7))
def test_a_kill_between_any_two_notes_of_the_guard_stops_no_run_and_doubles_nothing(notes: Bench, number: int) -> None:
    assert kill_at(number, WRITTEN, notes, rows=5)
    run_sync(notes, 5)
    run_sync(notes, 10)
    assert count_executions(notes) == expect_once(10)


def test_a_kill_while_a_copy_is_accepted_leaves_it_a_copy_or_a_folder_of_its_own(notes: Bench, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    run_sync(notes, 10)
    for point in (WRITTEN, "before replace folder id is committed", "after replace folder id is committed"):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(notes.folder / ".connector", copy)
        assert kill_at(1, point, notes, rows=10, state=copy, accept={"copied"})
        if point.startswith("after replace"):
            assert read_warnings(notes, rows=10, state=copy) == []
        else:
            assert "is a copy of" in require_stop(notes, 10, state=copy)
    assert count_executions(notes) == expect_once(10)


def test_ids_of_folders_differ(notes: Bench, tmp_path: Path) -> None:
    ids = []
    for number in range(2):
        run_sync(notes, state=tmp_path / str(number), first_run=FirstRun.BASELINE)
        database = sqlite3.connect(tmp_path / str(number) / "state.db")
        ids += database.execute("select id from folder").fetchall()
        database.close()
    assert len(set(ids)) == 2
    guard = RollbackGuard(ids[0][0], tmp_path / "1", str(tmp_path))
    assert guard.find_former_place() == tmp_path / "0"
    assert guard.is_also_in(tmp_path / "0")
    assert not guard.is_also_in(tmp_path / "1")


def test_an_id_that_is_a_path_leads_nowhere(notes: Bench, tmp_path: Path) -> None:
    run_sync(notes, 10)
    database = sqlite3.connect(notes.folder / ".connector" / "state.db")
    database.execute("update folder set id = ?", (f"../../../../../../..{tmp_path}/elsewhere",))
    database.commit()
    database.close()
    run_sync(notes, accept={"old-state"})
    shutil.copytree(notes.folder / ".connector", tmp_path / "copy")
    run_sync(notes, state=tmp_path / "copy", accept={"copied"})
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("note", ["", "project/.connector", "."])
def test_a_note_of_a_place_that_is_no_whole_path_counts_as_missing(tmp_path: Path, note: str) -> None:
    former, folder = tmp_path / "former", tmp_path / "folder"
    folder.mkdir()
    assert RollbackGuard("id", former, str(tmp_path)).note_place() == ""
    guard = RollbackGuard("id", folder, str(tmp_path))
    assert guard.find_former_place() == former
    (place,) = user_state_path("connector-sdk").rglob("place")
    place.write_text(note, encoding="utf-8")
    assert guard.find_former_place() is None
