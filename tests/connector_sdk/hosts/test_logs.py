"""The log shows where an error of a plugin arose, and why a run tries again or waits."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from connector_sdk import (
    Attempt,
    Batch,
    Classification,
    Connection,
    Executed,
    Kind,
    NotExecuted,
    PluginError,
    RowError,
    WriteResult,
)
from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings
from connector_sdk.delivery.retry import Pace
from connector_sdk.lifecycle.connect import REDACTORS
from connector_sdk.observing.redaction import Redactor
from connector_sdk.run import plan, run
from connector_sdk.testing.reference import plugin

from ..destinations import reference
from .conftest import Host

QUICK = Pace(base=0.001, cap=0.002)
YAML = """\
version: 1
connections: {crm: {type: reference, path: store.db}}
models: {people: {file: people.csv, primary_key: k}}
syncs:
  people:
    model: people
    connection: crm
    object: people
    mode: upsert
    match: {field: external_id, column: k}
    fields: {name: n}
"""


NOTHING: dict[str, Any] = {}


def raise_key_error(connection: Connection) -> Any:
    return NOTHING["boom"]


def messages(caplog: pytest.LogCaptureFixture, level: int = logging.INFO) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno == level]


@pytest.mark.rule("T13")
def test_a_host_gets_the_error_of_a_plugin_as_the_cause_and_its_traceback_in_the_log(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(PluginError, match="reference: check_plan raised KeyError: 'boom'") as raised:
        plan(host.project(), "people", destinations=reference(check_plan=raise_key_error))
    assert isinstance(raised.value.__cause__, KeyError)
    (record,) = caplog.records
    assert record.getMessage() == "destination reference: check_plan raised KeyError"
    assert 'in raise_key_error\n    return NOTHING["boom"]' in caplog.text


@pytest.mark.rule("T13")
@pytest.mark.parametrize("hook", ["write_batch", "recover_batch"])
def test_a_run_that_an_error_of_a_plugin_stopped_leaves_its_traceback_in_the_log(
    host: Host, caplog: pytest.LogCaptureFixture, hook: str
) -> None:
    def write_batch(batch: Batch, attempt: Attempt) -> WriteResult:
        attempt.anchor("job", job="1")
        raise ConnectionResetError("reset by peer")

    hooks = (
        {"write_batch": raise_key_error}
        if hook == "write_batch"
        else {"write_batch": write_batch, hook: raise_key_error}
    )
    (report,) = run(host.project(), "people", destinations=reference(**hooks), pace=QUICK)
    assert report.state == "stopped"
    assert report.message == "KeyError: 'boom' \u2014 Report this as a bug."
    (told,) = messages(caplog, logging.ERROR)
    assert told == f"destination reference: {hook} raised KeyError"
    assert 'in raise_key_error\n    return NOTHING["boom"]' in caplog.text


@pytest.mark.rule("T13")
def test_an_error_behind_a_failed_login_stays_its_cause(host: Host) -> None:
    def connect() -> Any:
        from connector_sdk import ConfigError

        try:
            NOTHING["token"]
        except KeyError as error:
            raise ConfigError("there is no token") from error

    with pytest.raises(Exception, match=r"connections\.crm: there is no token") as raised:
        plan(host.project(), "people", destinations=reference(connect=connect))
    assert isinstance(raised.value.__cause__, KeyError)


@pytest.fixture
def command(host: Host, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command in a project; return its exit code and its stderr."""
    (host.folder / "connector.yml").write_text(YAML)
    (host.folder / "people.csv").write_text("k,n\nk1,Ann\nk2,Bo\n")
    monkeypatch.chdir(host.folder)
    before = logging.getLogger().handlers[:], logging.getLogger("connector_sdk").level

    def run_command(*arguments: str, **hooks: Callable[..., Any]) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            connector.main(arguments, obj=Settings(destinations=reference(**hooks)))
        return int(ended.value.code or 0), capsys.readouterr().err

    yield run_command
    logging.getLogger().handlers[:] = before[0]
    logging.getLogger("connector_sdk").setLevel(before[1])


@pytest.mark.rule("T13")
@pytest.mark.parametrize("hook", ["write_batch", "check_plan", "match", "discover_schema"])
def test_a_command_shows_the_traceback_with_verbose_and_one_line_without(command: Any, hook: str) -> None:
    hooks = {hook: raise_key_error}
    arguments = ("plan", "people", "--lookup") if hook == "match" else ("run", "people")
    _, plain = command(*arguments, **hooks)
    told = [line for line in plain.splitlines() if "boom" in line]
    assert len(told) == 1
    assert "Traceback" not in plain
    _, verbose = command(*arguments, "--verbose", **hooks)
    assert 'in raise_key_error\n    return NOTHING["boom"]' in verbose


@pytest.mark.rule("T14")
def test_a_batch_that_is_sent_again_is_logged_with_reason_try_and_pause(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "connector_sdk")
    waiting: list[Exception] = [NotExecuted("BUSY", "come back", retry_after=0.01), ConnectionResetError("by peer")]

    def write_batch(batch: Batch, connection: Connection, options: Any, attempt: Attempt) -> WriteResult:
        if waiting:
            raise waiting.pop(0)
        return plugin.write_batch(connection, batch, options, attempt)

    def classify_error(error: Any) -> Classification | None:
        busy = isinstance(error, RowError) and error.code == "BUSY"
        return Classification(kind=Kind.THROTTLED, executed=Executed.NO) if busy else None

    changed = reference(write_batch=write_batch, classify_error=classify_error)
    (report,) = run(host.project(), "people", destinations=changed, pace=QUICK)
    assert report.rows.succeeded == 2
    batch = rf"batch 1 of run {report.run} \(2 rows to upsert in people\) failed"
    first, second = messages(caplog)
    assert re.fullmatch(rf"{batch} \(throttled\) and is tried again in 0.01 s \(try 2 of 5\): BUSY: come back", first)
    assert re.fullmatch(
        rf"{batch} \(transient\) and is tried again in 0.00 s \(try 3 of 5\): ConnectionResetError: by peer", second
    )


@pytest.mark.rule("T14")
def test_rows_that_are_sent_again_are_logged_with_their_codes(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "connector_sdk")
    failing = [["locked", None]]

    def write_batch(batch: Batch, connection: Connection, options: Any, attempt: Attempt) -> WriteResult:
        codes = failing.pop() if failing else [None] * batch.rows.num_rows
        return WriteResult.of(["failed" if each else "succeeded" for each in codes], code=codes)

    def classify_error(error: Any) -> Classification | None:
        return Classification(kind=Kind.TRANSIENT, executed=Executed.NO) if isinstance(error, RowError) else None

    changed = reference(write_batch=write_batch, classify_error=classify_error)
    (report,) = run(host.project(), "people", destinations=changed, pace=QUICK)
    assert report.rows.succeeded == 2
    why, when = messages(caplog)
    assert why == f"1 row of batch 1 of run {report.run} (2 rows to upsert in people) tried again in 1 batch: locked"
    assert re.fullmatch(r"Rows that failed are tried again \(try 2\) in 0.00 s: batch 2 of run .*", when)


@pytest.mark.rule("T14")
@pytest.mark.parametrize("reason", ["job 7 is queued", ""])
def test_a_wait_of_a_plugin_is_logged_with_its_reason(
    host: Host, caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    caplog.set_level(logging.INFO, "connector_sdk")

    def write_batch(batch: Batch, attempt: Attempt) -> WriteResult:
        attempt.wait(0.01, reason) if reason else attempt.wait(0.01)
        return WriteResult.of(["succeeded"] * batch.rows.num_rows)

    (report,) = run(host.project(), "people", destinations=reference(write_batch=write_batch))
    what = f"batch 1 of run {report.run} (2 rows to upsert in people)"
    assert messages(caplog) == [f"Try 1 of {what} waits 0.01 s: {reason or 'until its destination answers'}"]


@pytest.mark.rule("T14")
def test_fewer_batches_at_once_are_logged(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "connector_sdk")
    waiting = [NotExecuted("BUSY", "come back")]

    def write_batch(batch: Batch) -> WriteResult:
        if waiting:
            raise waiting.pop()
        return WriteResult.of(["succeeded"] * batch.rows.num_rows)

    def classify_error(error: Any) -> Classification | None:
        return (
            Classification(kind=Kind.THROTTLED, executed=Executed.NO, overloaded=True)
            if isinstance(error, RowError)
            else None
        )

    run(
        host.project(), "people", pace=QUICK,
        destinations=reference(write_batch=write_batch, classify_error=classify_error),
    )  # fmt: skip
    assert any("The destination is overloaded: at most" in each for each in messages(caplog))


@pytest.mark.rule("T13", "T14")
def test_no_secret_is_in_the_log_of_a_host(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "connector_sdk")
    redactor = Redactor()
    redactor.hide("hush-hush-hush")
    waiting: list[Exception] = [ConnectionResetError("token hush-hush-hush"), KeyError("hush-hush-hush")]

    def write_batch(batch: Batch, attempt: Attempt) -> WriteResult:
        attempt.wait(0.001, "hush-hush-hush is checked")
        raise waiting.pop(0)

    with REDACTORS.include(redactor):
        run(host.project(), "people", destinations=reference(write_batch=write_batch), pace=QUICK)
    assert caplog.text.count("***") >= 4
    assert "hush-hush" not in caplog.text


SILENT = """\
import logging
from connector_sdk.observing.redaction import Redactor
from connector_sdk.lifecycle.connect import REDACTORS
redactor = Redactor()
redactor.hide("hush-hush-hush")
REDACTORS.add(redactor)
logging.getLogger("connector_sdk.somewhere").warning("it is %s", "hush-hush-hush")
logging.getLogger("connector_sdk.somewhere").info("not shown")
"""


def test_a_host_that_sets_up_no_log_sees_warnings_as_from_any_library() -> None:
    done = subprocess.run([sys.executable, "-c", SILENT], capture_output=True, text=True, check=True)
    assert done.stderr == "it is ***\n"
