from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_sdk import ConfigError, ExitCode, Project, RunStopped
from connector_sdk.state.database import open_database
from connector_sdk.state.folder import StateFolder, state_folder
from connector_sdk.state.tokens import token_store


def project(folder: Path) -> Project:
    return Project(connections={}, models={}, syncs={}, folder=str(folder))


def test_the_state_lies_beside_the_project_for_its_owner_only(tmp_path: Path) -> None:
    found = state_folder(project(tmp_path))

    assert found.path == tmp_path / ".connector"
    assert stat.S_IMODE(found.path.stat().st_mode) == 0o700


def test_the_state_can_be_moved_by_the_environment_and_by_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTOR_STATE", str(tmp_path / "elsewhere"))

    assert state_folder(project(tmp_path)).path == tmp_path / "elsewhere"
    assert state_folder(project(tmp_path), tmp_path / "here").path == tmp_path / "here"


def test_a_state_folder_on_a_disk_that_is_read_only_is_refused_with_the_fix(tmp_path: Path) -> None:
    namespace = ("unshare", "--user", "--map-root-user", "--mount")
    if not shutil.which("unshare") or subprocess.run([*namespace, "true"], capture_output=True).returncode:
        pytest.skip("a disk of one's own needs user namespaces")
    (tmp_path / ".connector").mkdir(mode=0o700)
    (tmp_path / "connector.yml").write_text("{version: 1, connections: {}, models: {}, syncs: {}}")
    mounted = 'mount -t tmpfs -o mode=700 none .connector && mount -o remount,ro .connector && exec "$@"'
    command = [sys.executable, "-m", "connector_sdk.cli", "runs", "--project", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *filter(None, sys.path)])}
    asked = [*namespace, "sh", "-c", mounted, "sh", *command]
    done = subprocess.run(asked, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == ExitCode.STOPPED, done.stderr
    assert "is read-only — make it writable, or choose another one with --state" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_state_folder_that_others_may_write_to_is_refused_with_the_fix(tmp_path: Path) -> None:
    folder = tmp_path / ".connector"
    folder.mkdir()
    folder.chmod(0o777)

    with pytest.raises(RunStopped, match=r"can be written by others.*chmod 700") as stopped:
        state_folder(project(tmp_path))
    assert stopped.value.exit_code is ExitCode.STOPPED


def test_a_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".connector").write_text("")

    with pytest.raises(RunStopped, match="cannot be used"):
        state_folder(project(tmp_path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_state_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / ".connector"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)

    with pytest.raises(RunStopped, match=r"belongs to another user.*chown"):
        state_folder(project(tmp_path))


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
@pytest.mark.parametrize("place", ["", "my share", "my share/deeper"])
def test_a_state_folder_on_a_network_file_system_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, place: str
) -> None:
    point, read = str(tmp_path / place).rstrip("/").replace(" ", "\\040"), Path.read_text
    mounts = f"/dev/sda1 / ext4 rw 0 0\nhost:/share {point} {kind} rw 0 0\nhost:/other {tmp_path}/other nfs rw 0 0\n"
    monkeypatch.setattr(
        Path, "read_text", lambda path, **how: mounts if path == Path("/proc/self/mounts") else read(path, **how)
    )
    with pytest.raises(RunStopped, match=rf"on a network file system \({kind}\).*--state") as stopped:
        state_folder(project(tmp_path), tmp_path / "my share" / "deeper" / ".connector")
    assert stopped.value.exit_code is ExitCode.STOPPED


@pytest.mark.parametrize("way", ["share", "link"])
def test_a_network_file_system_is_recognised_through_links_and_over_an_automounter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "share")
    read = Path.read_text
    mounts = f"/dev/sda1 / ext4 rw 0 0\nauto {tmp_path}/share autofs rw 0 0\nhost:/share {tmp_path}/share nfs4 rw 0 0\n"
    monkeypatch.setattr(
        Path, "read_text", lambda path, **how: mounts if path == Path("/proc/self/mounts") else read(path, **how)
    )
    with pytest.raises(RunStopped, match=r"on a network file system \(nfs4\)"):
        state_folder(project(tmp_path), tmp_path / way / ".connector")


@pytest.mark.parametrize("name", ["plans", "snapshots", "schemas", "ledgers", "calls", "locks", "state.db"])
def test_a_link_in_the_state_folder_leads_nowhere(tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".connector").mkdir(mode=0o700)
    (tmp_path / ".connector" / name).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(RunStopped, match=f"has a link in the place of {name}.*rm "):
        state_folder(project(tmp_path))
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_link_that_somebody_else_put_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir(mode=0o700)
    (tmp_path / ".connector").symlink_to(tmp_path / "mine")
    os.chown(tmp_path / ".connector", 12345, 12345, follow_symlinks=False)

    with pytest.raises(RunStopped, match="belongs to another user"):
        state_folder(project(tmp_path))


def test_nothing_of_the_state_can_be_read_by_others_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        found = state_folder(project(tmp_path))
        open_database(found.database).close()
    finally:
        os.umask(before)
    open_to_others = [each for each in found.path.rglob("*") if stat.S_IMODE(each.stat().st_mode) & 0o077]
    assert open_to_others == []


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../b", "/etc/passwd", "..", ".", "", ".hidden", "a\\b", "a\0b", "a/b"]
)
def test_no_name_leads_out_of_the_state_folder(tmp_path: Path, name: str) -> None:
    found = state_folder(project(tmp_path))
    by_name = (found.plan, found.schema, found.ledger, found.calls, found.lock)
    paths = [*by_name, lambda each: found.snapshot(each, "run"), lambda each: found.snapshot("sync", each)]
    for path in paths:
        with pytest.raises(ConfigError, match="cannot be a name"):
            path(name)
    with pytest.raises(ConfigError, match="cannot be a name"):
        token_store(str(tmp_path), name)


@given(st.text(max_size=20))
def test_every_name_that_is_taken_stays_in_the_state_folder(name: str) -> None:
    root = Path("/state")
    try:
        found = StateFolder(root).snapshot(name, name)
    except ConfigError:
        return
    assert Path(os.path.normpath(found)) == found
    assert found.parents[2] == root
