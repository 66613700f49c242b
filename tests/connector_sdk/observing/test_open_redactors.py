"""What a process knows of secrets comes with a connection and goes with it."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connector_sdk import ConfigError, ConnectionConfig, Project, RunStopped, Secret
from connector_sdk.check import check
from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings
from connector_sdk.hooks.observers import Observers
from connector_sdk.lifecycle.connect import REDACTORS, find_destination, hold_connection, open_connection
from connector_sdk.observing.redaction import MARK, RedactingFilter, Redactor
from connector_sdk.observing.secret_index import SecretIndex

from .mirror import Mirror


def secret(number: int) -> str:
    return f"secret-{number:04}-of-one-connection"


def known_secrets() -> set[str]:
    """Return the secrets of these tests that the process remembers, without those of connections of other tests."""
    return {each for each in REDACTORS.secrets if "of-one-connection" in each}


def project_of(folder: Path, *numbers: int) -> Project:
    """Return a project with a connection for each number; its password contains the number."""
    connections = {
        f"c{number}": ConnectionConfig(
            f"c{number}",
            "mirror",
            {"password": Secret(secret(number)), "keys": {"first": Secret("a-key"), "others": {}}},
        )
        for number in numbers
    }
    return Project(connections=connections, models={}, syncs={}, folder=str(folder))


@pytest.fixture(autouse=True)
def _nothing_is_known_before_or_after() -> Iterator[None]:
    assert known_secrets() == set()
    yield
    assert known_secrets() == set()


def destinations(words: str = "fine", says: str = "", *tokens: str) -> dict[str, Any]:
    return {"mirror": Mirror(words, says, tokens).destination()}


@pytest.mark.rule("S7")
def test_a_host_that_opens_connections_one_after_another_remembers_none_of_their_secrets(tmp_path: Path) -> None:
    project, before = project_of(tmp_path, *range(30)), count_remembered()
    for number in range(30):
        issued = f"token-{number}-of-one-connection"
        with open_connection(project, f"c{number}", destinations=destinations("x", "", issued)):
            assert known_secrets() == {secret(number), issued}
        assert known_secrets() == set()
    assert count_remembered() == before


def count_remembered() -> int:
    gc.collect()
    indexes = [each for each in gc.get_objects() if type(each) is SecretIndex]
    return sum("of-one-connection" in secret for each in indexes for secret in each.secrets)


@pytest.mark.rule("S7")
def test_what_is_logged_passes_the_redactors_of_all_open_connections(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    project, words = project_of(tmp_path, 1, 2, 3), " ".join(map(secret, (1, 2, 3)))
    caplog.handler.addFilter(RedactingFilter(REDACTORS))
    log = logging.getLogger("a.host")
    with ExitStack() as stack:
        stack.enter_context(open_connection(project, "c1", destinations=destinations()))
        with open_connection(project, "c2", destinations=destinations()):
            log.warning("two: %s", words)
        log.warning("one: %s", words)
    log.warning("none: %s", words)
    said = [each.getMessage() for each in caplog.records if each.name == "a.host"]
    assert said == [
        f"two: {MARK} {MARK} {secret(3)}",
        f"one: {MARK} {secret(2)} {secret(3)}",
        f"none: {words}",
    ]


@pytest.mark.rule("S7")
def test_an_error_that_is_read_after_its_connection_was_closed_has_no_secret(tmp_path: Path) -> None:
    project = project_of(tmp_path, 1)
    with (
        pytest.raises(RunStopped) as raised,
        open_connection(project, "c1", destinations=destinations(secret(1), "list_objects: stopped")) as (there, live),
    ):
        there.list_objects(live)
    assert secret(1) not in str(raised.value)
    assert MARK in str(raised.value)


@pytest.mark.rule("S7")
@pytest.mark.parametrize("says", ["connect: config", "connect: bug", "connect: exit"])
def test_a_login_that_fails_is_forgotten_too(tmp_path: Path, says: str) -> None:
    with (
        pytest.raises(BaseException) as raised,  # noqa: PT011
        open_connection(project_of(tmp_path, 1), "c1", destinations=destinations(secret(1), says)),
    ):
        raise AssertionError("it is open")
    assert secret(1) not in str(raised.value)


def test_problems_of_several_connections_that_are_told_at_the_end_have_no_secret(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        check(project_of(tmp_path, 1, 2), destinations=destinations(secret(1) + secret(2), "connect: config"))
    assert len(raised.value.problems) == 2
    assert f"{secret(1)}{MARK}" in str(raised.value)
    assert f"{MARK}{secret(2)}" in str(raised.value)


@pytest.mark.rule("S7")
def test_secrets_are_known_as_long_as_a_thread_has_the_connection(tmp_path: Path) -> None:
    project = project_of(tmp_path, 1)
    taken, ends = threading.Event(), threading.Event()

    def be_stuck(live: Any) -> None:
        (share,) = live.destination._shares
        with share():
            taken.set()
            ends.wait(60)

    with hold_connection(project, "c1", find_destination(project, "c1", destinations()), Observers()) as live:
        thread = threading.Thread(target=be_stuck, args=(live,))
        thread.start()
        assert taken.wait(60)
    assert known_secrets() == {secret(1)}
    ends.set()
    thread.join(60)


def test_what_a_host_object_still_says_of_a_closed_connection_is_redacted(tmp_path: Path) -> None:
    project = project_of(tmp_path, 1)
    with hold_connection(project, "c1", find_destination(project, "c1", destinations()), Observers()) as live:
        pass
    assert live.host.scrub(f"late: {secret(1)}") == f"late: {MARK}"


def test_a_command_knows_its_secrets_until_it_has_said_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "connector.yml").write_text(
        'version: 1\nconnections:\n  crm: {type: mirror, password: "${P}", keys: {first: "${P}", others: {}}}\n'
    )
    monkeypatch.setenv("P", secret(1))
    monkeypatch.chdir(tmp_path)
    for says, code in (("", 0), ("command: bug", 70), ("command: stopped", 4)):
        settings = Settings(destinations=destinations(f"said {secret(1)}", says))
        result = CliRunner().invoke(connector, ["--verbose", "mirror", "say"], obj=settings)
        assert (result.exit_code, secret(1) in result.output, MARK in result.output) == (code, False, True)


def test_what_is_kept_is_forgotten_at_the_end_of_the_last_that_keeps_it() -> None:
    redactor = Redactor()
    redactor.hide("one-long-secret")
    with REDACTORS.keep():
        with REDACTORS.keep(), REDACTORS.include(redactor):
            assert REDACTORS.scrub("one-long-secret") == MARK
        assert REDACTORS.scrub("one-long-secret") == MARK
    assert REDACTORS.scrub("one-long-secret") == "one-long-secret"
