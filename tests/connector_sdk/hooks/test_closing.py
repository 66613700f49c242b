"""Connections are closed once, after the last call that uses them; what goes wrong then hides nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from connector_sdk import (
    Cancelled,
    ConfigError,
    Connection,
    ExitCode,
    Finding,
    Host,
    Level,
    ObjectInfo,
    ObjectSchema,
    PlanSummary,
    PluginError,
    Problem,
    ReportState,
    RunStopped,
    history,
)
from connector_sdk.check import check
from connector_sdk.lifecycle.connect import open_connection
from connector_sdk.testing.reference import plugin

from ..lifecycle.host_runs import note_close
from ..planning.bench import Bench, people

ANN = [{"k": "1", "e": "a", "n": "Ann"}]
SECRET = "token-that-nobody-sees"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, people())


def fail_on_close(error: BaseException) -> Callable[[Any, Host], Connection]:
    """Return a `connect` whose connection cannot be closed."""

    def fail() -> None:
        raise error

    return lambda config, host: evolve(plugin.connect(config, host), close=fail)


def discover(bench: Bench) -> str:
    with open_connection(bench.project(ANN), "crm", destinations=bench.destinations) as (destination, live):
        return destination.discover_schema(live, "people").name


def list_objects(bench: Bench) -> str:
    with open_connection(bench.project(ANN), "crm", destinations=bench.destinations) as (destination, live):
        return destination.list_objects(live)[0].name


OPENINGS: dict[str, tuple[Callable[[Bench], object], object]] = {
    "run": (lambda bench: bench.run(ANN).report.rows.succeeded, 1),
    "plan": (lambda bench: bench.plan(ANN).rows.planned, 1),
    "saved plan": (lambda bench: bench.run(ANN, plan_id=bench.plan(ANN, save=True).run).report.rows.succeeded, 1),
    "check": (lambda bench: check(bench.project(ANN), destinations=bench.destinations)[0].name, "crm"),
    "discover": (discover, "people"),
    "list": (list_objects, "people"),
}


@pytest.mark.rule("C6")
@pytest.mark.parametrize("error", [OSError("the socket is gone"), SystemExit("the socket is gone"), Cancelled()])
@pytest.mark.parametrize("opening", OPENINGS)
def test_what_was_answered_stands_although_the_connection_cannot_be_closed(
    bench: Bench, caplog: pytest.LogCaptureFixture, opening: str, error: BaseException
) -> None:
    bench.hooks["connect"] = fail_on_close(error)
    act, expected = OPENINGS[opening]
    assert act(bench) == expected
    assert f"could not be closed: {str(error) or 'Cancelled'}" in caplog.text


@pytest.mark.rule("C6")
@pytest.mark.parametrize("opening", OPENINGS)
def test_the_error_that_ended_it_is_told_although_the_connection_cannot_be_closed(
    bench: Bench, caplog: pytest.LogCaptureFixture, opening: str
) -> None:
    def refuse(*_: object) -> Any:
        raise ConfigError([Problem("it is not there")])

    def refuse_schema(object_name: str) -> ObjectSchema:
        return refuse()

    def refuse_objects() -> list[ObjectInfo]:
        return refuse()

    bench.hooks |= {
        "connect": fail_on_close(SystemExit(1)), "discover_schema": refuse_schema, "list_objects": refuse_objects,
    }  # fmt: skip
    with pytest.raises(ConfigError, match="it is not there"):
        OPENINGS[opening][0](bench)
    assert "could not be closed: 1" in caplog.text


@pytest.mark.rule("C6")
def test_the_guard_that_stopped_a_run_is_told_although_the_connection_cannot_be_closed(bench: Bench) -> None:
    def stop(connection: Connection, plan: PlanSummary) -> list[Finding]:
        return [Finding(Level.STOP, "not today", "Come back tomorrow.")]

    bench.hooks |= {"connect": fail_on_close(SystemExit(1)), "check_plan": stop}
    with pytest.raises(RunStopped, match="not today") as stopped:
        bench.run(ANN)
    assert stopped.value.exit_code is ExitCode.GUARD


@pytest.mark.rule("C6")
def test_ctrl_c_while_a_connection_is_closed_is_raised_once_the_report_is_on_record(bench: Bench) -> None:
    bench.hooks["connect"] = fail_on_close(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        bench.run(ANN)
    (report,) = history.runs(bench.project(ANN))
    assert (report.state, report.rows.succeeded) == (ReportState.FINISHED, 1)


@pytest.mark.rule("C6")
def test_a_connection_that_the_core_refuses_is_closed(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    closed: list[str] = []

    def connect(config: Any, host: Host) -> Connection:
        def close() -> None:
            closed.append(config.path)
            raise OSError(f"{SECRET} is still in use")

        return evolve(plugin.connect(config, host), account="", close=close)

    bench.hooks["connect"] = connect
    with pytest.raises(PluginError, match="connect answered a connection without an account"):
        bench.run(ANN)
    assert len(closed) == 1
    assert "could not be closed: OSError" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.rule("C6")
def test_no_secret_is_told_of_a_connection_that_cannot_be_closed(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", SECRET)
    bench.store.become(token=SECRET)
    bench.settings["token"] = "${CRM_TOKEN}"
    bench.hooks["connect"] = fail_on_close(OSError(f"logout refused {SECRET}"))
    with caplog.at_level(logging.DEBUG):
        bench.run(ANN)
    assert "logout refused ***" in caplog.text


@pytest.mark.rule("C6")
def test_connections_that_were_opened_before_one_that_fails_are_closed(bench: Bench) -> None:
    closed: list[str] = []

    def connect(config: Any, host: Host) -> Connection:
        if "second" in config.path:
            raise RuntimeError("no such place")
        return note_close(lambda: closed.append(config.path))(config, host)

    bench.hooks["connect"] = connect
    project = bench.project(ANN)
    second = evolve(project.connections["crm"], name="second", settings={"path": "second.db"})
    project = evolve(project, connections={**project.connections, "second": second})
    with pytest.raises(PluginError, match="no such place"):
        check(project, destinations=bench.destinations)
    assert closed == [str(bench.folder / "store.db")]
