from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from connector_sdk import ConfigError, TokenStore
from connector_sdk.state.tokens import token_store


@pytest.fixture(params=["file", "keyring"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TokenStore:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CONNECTOR_TOKENS", request.param)
    monkeypatch.setitem(sys.modules, "keyring", Keyring("keyring"))
    return token_store(str(tmp_path), "crm")


class Keyring(ModuleType):
    """A keyring in memory; the real one needs a desktop."""

    errors = SimpleNamespace(KeyringError=KeyError)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, user: str) -> str | None:
        return self.entries.get((service, user))

    def set_password(self, service: str, user: str, text: str) -> None:
        self.entries[service, user] = text

    def delete_password(self, service: str, user: str) -> None:
        del self.entries[service, user]


def test_a_token_is_kept_until_it_is_forgotten(store: TokenStore) -> None:
    assert store.load() is None
    store.save("first")
    store.save("second")
    assert store.load() == "second"
    store.forget()
    store.forget()
    assert store.load() is None


def test_whoever_exchanges_a_token_keeps_others_out(store: TokenStore) -> None:
    store.save("0")

    def exchange() -> None:
        for _ in range(50):
            with store.exclusive():
                store.save(str(int(store.load() or "") + 1))

    threads = [threading.Thread(target=exchange) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert store.load() == "200"


def test_another_process_waits_for_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    code = (
        "import sys; from connector_sdk.state.tokens import token_store; store = token_store(sys.argv[1], 'crm')\n"
        "with store.exclusive(): store.save(store.load() + ' and after')"
    )
    store = token_store(str(tmp_path), "crm")
    with store.exclusive():
        store.save("before")
        other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(1.5)
    assert other.wait(30) == 0
    assert store.load() == "before and after"


def test_a_token_lies_in_a_file_that_only_its_owner_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    store = token_store(str(tmp_path), "crm")
    store.save("secret")
    (file,) = (tmp_path / "home").rglob("*.token")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    file.chmod(0o640)
    with pytest.raises(ConfigError, match=r"can be opened by other users — chmod 600"):
        store.load()


def test_connections_and_projects_have_tokens_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    token_store(str(tmp_path), "crm").save("secret")
    assert token_store(str(tmp_path), "other").load() is None
    assert token_store(str(tmp_path / "elsewhere"), "crm").load() is None
    assert token_store(f"{tmp_path}/./", "crm").load() == "secret"


def test_a_keyring_that_cannot_be_used_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_TOKENS", "keyring")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match="connector-sdk\\[keyring\\]"):
        token_store(str(tmp_path), "crm").load()
    locked = Keyring("keyring")
    monkeypatch.setattr(locked, "get_password", locked.delete_password)
    monkeypatch.setitem(sys.modules, "keyring", locked)
    with pytest.raises(ConfigError, match="unlock it"):
        token_store(str(tmp_path), "crm").load()


def test_a_place_for_tokens_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_TOKENS", "vault")
    with pytest.raises(ConfigError, match="file or keyring"):
        token_store(str(tmp_path), "crm")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a token that is stored."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    token_store(str(tmp_path), "crm").save("secret")
    (found,) = (tmp_path / "home").rglob("*.token")
    return found


def test_tokens_of_another_user_are_refused_and_not_by_their_mode(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = token_store(str(tmp_path), "crm")
    store.save("mine")
    user = os.geteuid()
    monkeypatch.setattr("os.geteuid", lambda: user + 1)
    with pytest.raises(ConfigError, match=r"crm.* belongs to another user — remove it and log in again"):
        store.load()
    with pytest.raises(ConfigError, match=r"token folder .* belongs to another user — set XDG_DATA_HOME"):
        store.save("theirs")


def test_a_folder_of_tokens_that_others_can_look_into_is_refused(tmp_path: Path, file: Path) -> None:
    store = token_store(str(tmp_path), "crm")
    file.parent.chmod(0o750)
    with pytest.raises(ConfigError, match="can be opened by other users — chmod 700"):
        store.save("other")
    with pytest.raises(ConfigError, match="can be opened by other users — chmod 700"), store.exclusive():
        pass


def test_a_link_in_the_place_of_a_token_is_not_followed(tmp_path: Path, file: Path) -> None:
    target = tmp_path / "planted"
    target.write_text("another token")
    target.chmod(0o600)
    file.unlink()
    file.symlink_to(target)
    store = token_store(str(tmp_path), "crm")
    with pytest.raises(ConfigError, match="cannot be read"):
        store.load()
    store.save("secret")
    assert (store.load(), target.read_text()) == ("secret", "another token")


def test_a_token_is_private_whatever_the_umask(tmp_path: Path, file: Path) -> None:
    before = os.umask(0)
    try:
        token_store(str(tmp_path), "new").save("secret")
    finally:
        os.umask(before)
    for each in file.parent.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600


@pytest.mark.parametrize("answer", ["an error", "a path in no home"])
def test_a_user_without_a_home_can_connect_and_is_told_where_tokens_are_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    def look_up(name: str) -> Path:
        if answer == "an error":
            raise RuntimeError("could not determine the home directory")
        return Path("~/.local/share") / name

    monkeypatch.setattr("connector_sdk.state.tokens.user_data_path", look_up)
    monkeypatch.chdir(tmp_path)
    store = token_store(str(tmp_path), "crm")
    assert store.load() is None
    with pytest.raises(ConfigError, match=r"cannot be made.*XDG_DATA_HOME"):
        store.save("secret")
    assert list(tmp_path.iterdir()) == []


def test_a_named_pipe_in_the_place_of_a_token_keeps_nobody_waiting(tmp_path: Path, file: Path) -> None:
    store = token_store(str(tmp_path), "crm")
    for path in (file, file.with_suffix(".lock")):
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o600)
    with pytest.raises(ConfigError, match="is not a file — remove it"):
        store.load()
    with pytest.raises(ConfigError, match="cannot be opened"), store.exclusive():
        pass
