from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from connector_sdk.settings.references import Interpolated, interpolate, make_paths_absolute


def one_problem(data: Any) -> str:
    _, problems = interpolate({"key": data}, ("connections", "crm"))
    (problem,) = problems
    assert problem.path == ("connections", "crm", "key")
    assert problem.hint
    return str(problem)


def test_a_variable_a_file_and_plain_text_stand_side_by_side(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("USER_NAME", "ann")
    (tmp_path / "word").write_text("pass\n")
    data, problems = interpolate([f"${{USER_NAME}}:${{file:{tmp_path}/word}}", "plain", 7, None], ())
    assert data == ["ann:pass", "plain", 7, None]
    assert problems == []


def test_what_a_reference_yields_is_not_searched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTER", "${INNER}")
    monkeypatch.setenv("INNER", "never")
    assert interpolate("${OUTER}", ())[0] == "${INNER}"


def test_two_dollars_stand_for_the_characters_themselves() -> None:
    data, problems = interpolate("$${NAME}", ())
    assert (data, problems) == ("${NAME}", [])
    assert not isinstance(data, Interpolated)


def test_a_resolved_value_shows_how_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "hunter22")
    assert repr(interpolate({"a": "${PASSWORD}"}, ())[0]) == "{'a': ${PASSWORD}}"


def test_a_variable_that_is_missing_or_empty_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GONE", raising=False)
    monkeypatch.setenv("BLANK", "")
    assert "GONE is not set" in one_problem("${GONE}")
    assert "BLANK is empty" in one_problem("${BLANK}")


@pytest.mark.parametrize("reference", ["${", "${A", "${A B}", "${}", "${1A}", "${vault:x}", "${keyring:x}", "${A${B}}"])
def test_a_reference_that_is_not_understood_says_how_to_write_one(reference: str) -> None:
    _, problems = interpolate(reference, ())
    assert problems
    assert "${NAME}" in problems[0].hint or "${keyring:SERVICE/USER}" in problems[0].hint


@pytest.mark.parametrize("text", ["$SF_SECRET", "$home"])
def test_a_variable_without_braces_is_named_with_what_to_write(text: str) -> None:
    _, (problem,) = interpolate(text, ())
    assert f"{text} is plain text, not a reference" in str(problem)
    assert problem.hint == f"write ${{{text[1:]}}}"


@pytest.mark.parametrize("text", ["$", "$5", "a $NAME", "$NAME-x"])
def test_other_dollars_are_text(text: str) -> None:
    assert interpolate(text, ()) == (text, [])


def test_a_file_that_cannot_be_a_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert "No such file" in one_problem(f"${{file:{tmp_path}/none}}")
    assert "directory" in one_problem(f"${{file:{tmp_path}}}")
    assert "is empty" in one_problem(f"${{file:{tmp_path}/empty}}")
    assert "larger than" in one_problem(f"${{file:{tmp_path}/large}}")
    assert "not UTF-8" in one_problem(f"${{file:{tmp_path}/binary}}")


def test_relative_files_are_anchored_and_nothing_else_is_touched(tmp_path: Path) -> None:
    data = {"a": ["${file:k.pem}", "${file:/abs/k}", "$${file:k}", "${NAME}"], "b": 1}
    assert make_paths_absolute(data, tmp_path) == {
        "a": [f"${{file:{tmp_path}/k.pem}}", "${file:/abs/k}", "$${file:k}", "${NAME}"], "b": 1,
    }  # fmt: skip


class FakeKeyring(ModuleType):
    """A keyring with one entry; the real one needs a desktop."""

    errors = SimpleNamespace(KeyringError=RuntimeError)

    def get_password(self, service: str, user: str) -> str | None:
        if service == "locked":
            raise RuntimeError("locked")
        return "from-keyring" if (service, user) == ("crm", "ann") else None


def test_a_keyring_entry_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", FakeKeyring("keyring"))
    assert interpolate("${keyring:crm/ann}", ())[0] == "from-keyring"
    assert "has no entry crm/bob" in one_problem("${keyring:crm/bob}")
    assert "cannot be read" in one_problem("${keyring:locked/bob}")


def test_a_keyring_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "connector-sdk[keyring]" in one_problem("${keyring:crm/ann}")
