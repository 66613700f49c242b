"""Nothing in the state folder leads elsewhere: files of this user that it would lead to stay as they are."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from connector_sdk import RunStopped
from connector_sdk.files.private import make_file, make_folder, open_file, remove
from connector_sdk.run import run
from connector_sdk.state.folder import state_folder
from connector_sdk.state.lock import hold_lock, session_of_holder

from ..planning.bench import Bench, people
from .full_folder import ANN, FILES, FOLDERS, fill, place_of, put, refusals


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a full state folder."""
    folder = tmp_path_factory.mktemp("filled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "home"))
        fill(folder)
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """A copy of it, beside a file and a folder of this user."""
    copied = tmp_path / "project"
    shutil.copytree(filled, copied)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "draft").write_text("mine")
    (tmp_path / "letter").write_text("mine")
    (tmp_path / "letter").chmod(0o644)
    return copied


def require_unharmed(beside: Path) -> None:
    """Check that the file and the folder of this user are as they were."""
    letter = beside / "letter"
    assert (letter.read_text(), stat.S_IMODE(letter.stat().st_mode)) == ("mine", 0o644)
    assert [each.name for each in (beside / "letters").iterdir()] == ["draft"]
    assert (beside / "letters" / "draft").read_text() == "mine"


@pytest.mark.rule("S1")
@pytest.mark.parametrize("part", [*FILES, *FOLDERS, "notes"])
def test_a_link_in_the_place_of_any_part_of_the_state_is_refused_and_not_followed(folder: Path, part: str) -> None:
    path = place_of(folder, part)
    put(path, lambda link: link.symlink_to(folder.parent / ("letters" if part in FOLDERS else "letter")))

    for said in refusals(folder):
        assert f"has a link in the place of {path.relative_to(folder / '.connector')} — rm {path}" in said
    assert path.is_symlink()
    require_unharmed(folder.parent)


@pytest.mark.rule("S1")
@pytest.mark.parametrize("part", FILES)
def test_a_file_with_a_second_name_elsewhere_is_refused_and_not_written_to(folder: Path, part: str) -> None:
    path = place_of(folder, part)
    put(path, lambda link: link.hardlink_to(folder.parent / "letter"))

    for said in refusals(folder):
        assert (
            f"has a file with a second name elsewhere in the place of {path.relative_to(folder / '.connector')}" in said
        )
    require_unharmed(folder.parent)


def _listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(path.parent, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


@pytest.mark.rule("S1")
@pytest.mark.parametrize("part", ["state.db", "plans/RUN/plan.json", "schemas/people.json", "locks/people.lock"])
@pytest.mark.parametrize(
    ("make", "what"),
    [(os.mkfifo, "a named pipe"), (_listen, "a socket"), (Path.mkdir, "a folder")],
    ids=["pipe", "socket", "folder"],
)
def test_what_is_no_file_in_the_place_of_one_is_refused(
    folder: Path, part: str, make: Callable[[Path], object], what: str
) -> None:
    if make is _listen and not Path("/proc/self/fd").exists():
        pytest.skip("a socket with a long name needs /proc")
    path = place_of(folder, part)
    put(path, make)
    for said in refusals(folder):
        assert f"has {what} in the place of {path.relative_to(folder / '.connector')}" in said


@pytest.mark.rule("S1")
@pytest.mark.parametrize("part", FOLDERS)
def test_a_file_in_the_place_of_a_folder_is_refused(folder: Path, part: str) -> None:
    path = place_of(folder, part)
    put(path, Path.touch)
    for said in refusals(folder):
        assert f"has a file in the place of {path.relative_to(folder / '.connector')}" in said


def test_everything_that_does_not_belong_there_is_named_at_once(folder: Path) -> None:
    for part in ("locks/people.lock", "state.db-wal", "snapshots"):
        put(place_of(folder, part), lambda link: link.symlink_to(folder.parent / "letter"))
    for said in refusals(folder):
        assert (
            "a link in the place of locks/people.lock and a link in the place of snapshots and a link in the place"
            in said
        )


def test_a_file_of_another_name_beside_ours_is_nobodys_business(folder: Path) -> None:
    state = folder / ".connector"
    (state / "notes.txt").write_text("where the backups are")
    (state / "lost+found").mkdir()
    assert state_folder(Bench(folder, people()).project([ANN])).path == state
    assert (state / "notes.txt").read_text() == "where the backups are"


@pytest.mark.rule("S1")
@pytest.mark.parametrize("target", ["letters", "letter", "nowhere"])
def test_the_default_folder_is_no_link(folder: Path, target: str) -> None:
    shutil.rmtree(folder / ".connector")
    (folder / ".connector").symlink_to(folder.parent / target)
    for said in refusals(folder):
        assert f"the state folder {folder / '.connector'} is a link — name the folder with --state" in said
    require_unharmed(folder.parent)
    assert not (folder.parent / "nowhere").exists()


def test_a_link_that_a_person_names_is_followed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "disk").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    project = Bench(tmp_path, people()).project([ANN])
    assert state_folder(project, tmp_path / "link").path == tmp_path / "disk"
    monkeypatch.setenv("CONNECTOR_STATE", str(tmp_path / "link"))
    assert state_folder(project).path == tmp_path / "disk"
    (tmp_path / "disk" / "locks").rmdir()
    (tmp_path / "disk" / "locks").symlink_to(tmp_path)
    with pytest.raises(RunStopped, match="has a link in the place of locks"):
        state_folder(project)


@pytest.mark.rule("S1")
def test_a_link_that_appears_while_a_run_is_under_way_is_deleted_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("mine")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "draft").write_text("mine")
    bench = Bench(tmp_path, people())
    bench.run([ANN])
    snapshots, plans = tmp_path / ".connector" / "snapshots" / "people", tmp_path / ".connector" / "plans"

    def plant() -> None:
        (snapshots / "20200101-000000-0000000.parquet").symlink_to(tmp_path / "letter")
        (snapshots / "old").symlink_to(tmp_path / "letters")
        (next(plans.iterdir()) / "more").symlink_to(tmp_path / "letters")

    run(bench.project([{**ANN, "n": "Anna"}]), "people", destinations=bench.destinations, observers=(Planting(plant),))
    assert not [each for each in (tmp_path / ".connector").rglob("*") if each.is_symlink()]
    assert (tmp_path / "letter").read_text() == (tmp_path / "letters" / "draft").read_text() == "mine"


class Planting:
    """Does something once a run is planned."""

    def __init__(self, act: Callable[..., None]) -> None:
        from connector_sdk import hookimpl

        self.run_planned = hookimpl(act)


@pytest.mark.parametrize(
    "make", [lambda path, target: path.symlink_to(target), lambda path, target: path.hardlink_to(target)]
)
def test_what_is_opened_or_made_anew_is_never_another_file(tmp_path: Path, make: Callable[[Path, Path], None]) -> None:
    letter, path = tmp_path / "letter", tmp_path / "people.lock"
    letter.write_text("mine")
    make(path, letter)
    with pytest.raises(OSError, match=r"plain file|symbolic link"):
        open_file(path)
    with pytest.raises(RunStopped, match=r"people.lock cannot be opened"), hold_lock(path, "people"):
        pass
    make_file(path)
    assert (path.read_bytes(), letter.read_text()) == (b"", "mine")


def test_a_named_pipe_in_the_place_of_a_lock_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "people.lock")
    assert session_of_holder(tmp_path / "people.lock") is None
    with pytest.raises(OSError, match="plain file"):
        open_file(tmp_path / "people.lock")


def test_what_is_removed_is_the_link_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "draft").touch()
    (tmp_path / "plan").mkdir()
    for link in (tmp_path / "link", tmp_path / "plan" / "link"):
        link.symlink_to(tmp_path / "letters")
    remove(tmp_path / "link")
    remove(tmp_path / "plan")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["letters"]
    assert (tmp_path / "letters" / "draft").exists()


def test_a_folder_is_not_made_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "letters")
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "link")
    make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()


@pytest.mark.parametrize("name", ["../letter", "snapshots/../../letter", "/letter"])
def test_a_snapshot_that_lies_elsewhere_is_not_read(folder: Path, name: str) -> None:
    named = name if name.startswith(".") or "/../" in name else str(folder.parent / "letter")
    database = sqlite3.connect(folder / ".connector" / "state.db")
    database.execute("update sync set snapshot = ?, checksum = null", (named,))
    database.commit()
    database.close()
    bench = Bench(folder, people())
    with pytest.raises(RunStopped, match="does not lie in the state folder"):
        bench.plan([ANN])
    bench.store.close()
