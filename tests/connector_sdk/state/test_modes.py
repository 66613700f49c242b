"""Files of the state are 0600 and folders 0700, whatever the umask, at every moment of a run."""

from __future__ import annotations

import gzip
import os
import stat
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connector_sdk import Mode, Model, history
from connector_sdk.contract.crashpoint import listen
from connector_sdk.files.private import temporary_file, temporary_folder
from connector_sdk.resolve import Decision, Settlement, resolve
from connector_sdk.run import FirstRun
from connector_sdk.state.tokens import token_store
from connector_sdk.testing.reference import Fault, FaultKind

from ..planning.bench import Bench, map_fields, people
from .full_folder import ANN, BOB, fill

UMASKS = [0o000, 0o077, 0o777]


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def wrong_modes(folder: Path) -> list[str]:
    """Return a folder and the paths below it that have another mode than they should, with their modes."""
    found = []
    for path in (folder, *folder.rglob("*")):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:  # it was removed a moment ago
            continue
        if stat.S_IMODE(mode) != (0o700 if stat.S_ISDIR(mode) else 0o600):
            found.append(f"{path.relative_to(folder)} {stat.S_IMODE(mode):o}")
    return found


@pytest.mark.rule("S4")
@pytest.mark.parametrize("mask", UMASKS, ids=oct)
def test_every_file_of_the_state_is_private_at_every_crash_point(tmp_path: Path, mask: int) -> None:
    state, points, wrong = tmp_path / ".connector", 0, set[str]()

    def look(_: str) -> None:
        nonlocal points
        points += 1
        wrong.update(wrong_modes(state))

    listen(look)
    try:
        with umask(mask):
            fill(tmp_path)
    finally:
        listen(None)
    assert points > 30
    assert not wrong
    assert not wrong_modes(state)
    assert {each.parent.name for each in state.rglob("*") if each.is_file()} > {"schemas", "ledgers", "calls", "locks"}


@pytest.mark.rule("S4")
@pytest.mark.parametrize("mask", UMASKS, ids=oct)
def test_what_settling_a_held_row_writes_is_private(tmp_path: Path, mask: int) -> None:
    bench = Bench(tmp_path, people(Mode.INSERT, objects=("notes",), fields=map_fields(key="k", text="n")))
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER))
    with umask(mask):
        run = bench.run([ANN, BOB], first_run=FirstRun.SEND).report.run
        resolve(bench.project([ANN]), run, Settlement(Decision.SENT))
        history.rows(bench.project([ANN]), run).read_all()
    assert not wrong_modes(tmp_path / ".connector")
    bench.store.close()


@pytest.mark.rule("S4")
@pytest.mark.parametrize("mask", UMASKS, ids=oct)
@pytest.mark.parametrize("suffix", [".csv.gz", ".json", ".csv"])
def test_copies_of_models_that_are_read_are_private_too(tmp_path: Path, mask: int, suffix: str) -> None:
    written = {
        ".csv.gz": gzip.compress(b"k,e,n\n1,a,Ann\n"),
        ".json": b'{"k": "1", "e": "a", "n": "Ann"}\n',
        ".csv": "k,e,n\n1,a,Ann\n".encode("utf-16"),
    }
    (tmp_path / f"model{suffix}").write_bytes(written[suffix])
    bench, wrong = Bench(tmp_path, people()), set[str]()
    listen(lambda _: wrong.update(wrong_modes(tmp_path / ".connector")))
    try:
        with umask(mask):
            assert bench.run(Model(name="", primary_key=(), file=f"model{suffix}")).ledger == {"1": "succeeded"}
    finally:
        listen(None)
        bench.store.close()
    assert not wrong


@pytest.mark.rule("S4")
@pytest.mark.parametrize("mask", UMASKS, ids=oct)
def test_what_lies_outside_of_the_state_folder_is_private_too(
    tmp_path: Path, mask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home" / variable))
    bench = Bench(tmp_path, people())
    with umask(mask):
        bench.run([ANN])
        store = token_store(str(tmp_path), "crm")
        with store.exclusive():
            store.save("secret")
        with temporary_folder("connector-") as temporary, temporary_file(temporary, ".csv"):
            assert not wrong_modes(temporary)
    assert {each.name for each in (tmp_path / "home").rglob("connector-sdk/*")} >= {"folders", "places", "tokens"}
    assert not wrong_modes(tmp_path / "home")
    bench.store.close()


@pytest.mark.rule("S4")
def test_what_was_open_to_others_is_closed_when_it_is_found(tmp_path: Path) -> None:
    fill(tmp_path)
    state = tmp_path / ".connector"
    for path in (state, *state.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    history.runs(Bench(tmp_path, people()).project([ANN]))
    assert not wrong_modes(state)


def test_a_folder_that_a_person_named_keeps_its_mode_and_what_lies_in_it_is_private(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o755)
    (tmp_path / "state" / "notes.txt").touch(0o644)
    bench = Bench(tmp_path, people())
    bench.reports([ANN], state=tmp_path / "state")
    modes = {each: stat.S_IMODE(each.stat().st_mode) & 0o077 for each in (tmp_path / "state").rglob("*")}
    assert [each.name for each, mode in modes.items() if mode] == ["notes.txt"]
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o755
    bench.store.close()


@pytest.mark.rule("S4")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_user_whose_umask_forbids_everything_can_run_a_sync(tmp_path: Path) -> None:
    _run_once(tmp_path)  # imports everything that the other user might not be able to read
    with tempfile.TemporaryDirectory() as name:
        os.chown(name, _OTHER_USER, _OTHER_USER)
        if not (child := os.fork()):
            os._exit(_run_as_other_user(Path(name)))
        assert os.waitpid(child, 0)[1] == 0


_OTHER_USER = 12345


def _run_as_other_user(folder: Path) -> int:
    try:
        os.setgid(_OTHER_USER)
        os.setuid(_OTHER_USER)
        os.environ["XDG_STATE_HOME"] = os.environ["XDG_DATA_HOME"] = str(folder / "home")
        _run_once(folder, 0o777)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _run_once(folder: Path, mask: int = 0o022) -> None:
    """Run a sync of a file twice, read its ledger, and keep a token."""
    (folder / "model.csv").write_bytes("k,e,n\n1,a,Ann\n".encode("utf-16"))
    bench = Bench(folder, people())
    with umask(mask):
        for _ in range(2):
            bench.reports(Model(name="", primary_key=(), file="model.csv"))
        run = history.runs(bench.project([ANN]))[-1].run
        assert history.rows(bench.project([ANN]), run).read_all().num_rows == 1
        token_store(str(folder), "crm").save("secret")
        assert token_store(str(folder), "crm").load() == "secret"
    bench.store.close()
