"""Every exception crosses processes: what it is, what it says, its attributes, its notes and what caused it."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import pkgutil
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve
from salesforce_emulator.errors import RowFault
from salesforce_emulator.org.reading import read_org

import connector_sdk
from connector_sdk import (
    Classification,
    ConfigError,
    ConnectionConfig,
    ConnectorError,
    Destination,
    Executed,
    ExitCode,
    FieldMapping,
    Guards,
    Kind,
    Match,
    Mode,
    Model,
    NotExecuted,
    PluginError,
    Portable,
    Problem,
    Project,
    RunReport,
    RunStopped,
    Sync,
)
from connector_sdk.contract.errors import UnpicklableError
from connector_sdk.run import run
from connector_sdk.testing.reference import plugin

PACKAGES = (
    "connector_sdk",
    "connector_salesforce",
    "connector_salesforce_picklist",
    "connector_salesforce_events",
    "salesforce_emulator",
)

GIVEN: dict[str, Any] = {
    "str": "text \u2014 \U0001f600",
    "str | None": "a field",
    "int": 7,
    "int | None": 503,
    "float": 1.5,
    "float | None": 2.5,
    "bool": True,
    "object": "raw",
    "list[str]": ["one", "two"],
    "Sequence[str] | None": ("Name",),
    "Executed": Executed.NO,
    "ExitCode": ExitCode.GUARD,
    "Classification": Classification(kind=Kind.THROTTLED, executed=Executed.NO, cause="cause", retry_after=3.0),
    "Sequence[Problem] | str": [Problem("wrong", ("syncs", "people"), "mend it", file="connector.yml", line=3)],
}
"""Arguments by the annotation of a parameter."""


def _exceptions() -> Iterator[type[BaseException]]:
    """Yield every exception class of the five packages."""
    for package in PACKAGES:
        folder = importlib.import_module(package).__path__
        for found in pkgutil.walk_packages(folder, f"{package}."):
            if found.name.endswith("__main__"):
                continue
            module = importlib.import_module(found.name)
            for each in vars(module).values():
                if isinstance(each, type) and issubclass(each, BaseException) and each.__module__ == found.name:
                    yield each


EXCEPTIONS = list(dict.fromkeys(_exceptions()))


def _make_exception(cls: type[BaseException]) -> BaseException:
    """Return an exception with an argument for each parameter."""
    made = next(each for each in cls.__mro__ if "__init__" in vars(each))
    if made.__module__ == "builtins":
        return cls("text")
    _, *parameters = inspect.signature(cls.__init__).parameters.values()
    named = {each.name: _make_argument(str(each.annotation)) for each in parameters if each.kind is each.KEYWORD_ONLY}
    return cls(*(_make_argument(str(each.annotation)) for each in parameters if each.name not in named), **named)


def _make_argument(annotation: str) -> Any:
    """Return an argument for a parameter with an annotation."""
    fault = RowFault("CODE", "text", ("Name",))
    field = next(iter(next(iter(read_org().objects.values())).fields.values())) if annotation == "Field" else None
    return {**GIVEN, "tuple[RowFault, ...]": (fault,), "RowFault": fault, "Field": field}[annotation]


def _describe(error: BaseException) -> tuple[Any, ...]:
    return type(error), str(error), error.args, vars(error)


def test_the_packages_have_exceptions_to_look_at() -> None:
    assert {RunStopped, ConfigError, PluginError, NotExecuted} < set(EXCEPTIONS)
    assert {each.__module__.partition(".")[0] for each in EXCEPTIONS} >= {
        "connector_sdk",
        "connector_salesforce",
        "salesforce_emulator",
    }


@pytest.mark.rule("C7")
@pytest.mark.parametrize("cls", EXCEPTIONS, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_an_exception_comes_back_as_it_was(cls: type[BaseException]) -> None:
    error = _make_exception(cls)
    error.add_note("while it was made")
    back = pickle.loads(pickle.dumps(error))
    assert _describe(back) == _describe(error)
    assert _describe(copy.copy(error)) == _describe(error)


PUBLIC = [
    ConfigError([Problem("wrong", ("syncs",), "mend it"), Problem("wrong, too")], exit_code=ExitCode.UNREACHABLE),
    PluginError("destination toy: match answered nothing"),
    RunStopped("the quota is used up", hint="wait", exit_code=ExitCode.UNREACHABLE),
    NotExecuted("BUSY", "too many", split=True, retry_after=3.5),
    connector_sdk.Stale("moved"),
    connector_sdk.Cancelled("stop"),
]


@pytest.mark.rule("C7")
@pytest.mark.parametrize("error", PUBLIC, ids=lambda error: type(error).__name__)
def test_it_keeps_what_caused_it_and_what_caused_that(error: BaseException) -> None:
    inner = KeyError("boom")
    cause = ValueError("it went boom")
    cause.__cause__, error.__cause__ = inner, cause
    back = pickle.loads(pickle.dumps(error))
    assert _describe(back.__cause__) == _describe(cause)
    assert _describe(back.__cause__.__cause__) == _describe(inner)
    assert back.__suppress_context__


class Locked(Exception):
    """No process but its own can have it."""

    def __init__(self, text: str, *, lock: threading.Lock) -> None:
        super().__init__(text)
        self.lock = lock


@pytest.mark.rule("C7")
def test_a_cause_that_cannot_leave_its_process_says_what_it_was() -> None:
    error = RunStopped("the run stops", hint="look")
    error.__cause__ = Locked("the door is locked", lock=threading.Lock())
    error.__cause__.__cause__ = RunStopped("before", hint="again")
    cause = pickle.loads(pickle.dumps(error)).__cause__
    assert _describe(cause)[:2] == (UnpicklableError, "Locked: the door is locked")
    assert _describe(cause.__cause__) == _describe(RunStopped("before", hint="again"))
    assert isinstance(cause, Portable)


def test_a_copy_can_be_changed_alone() -> None:
    error = RunStopped("one", hint="x")
    other = copy.copy(error)
    other.hint = "y"
    assert error.hint == "x"


def _run_in(folder: Path, first_run: str | None, gone: bool) -> tuple[RunReport, ...]:
    people = pa.table({"k": ["k1", "k2"], "n": ["Ann", "Bo"]})
    fields = (FieldMapping(field="name", column="n"),)
    sync = Sync(
        name="people",
        model="people",
        connection="crm",
        objects=("people",),
        mode=Mode.UPSERT,
        fields=fields,
        match=Match("external_id", "k"),
    )
    project = Project(
        connections={"crm": ConnectionConfig("crm", "reference", {"path": str(folder / "store.db")})},
        models={"people": Model(name="people", primary_key=("k",), data=people.slice(0, 0) if gone else people)},
        syncs={"people": evolve(sync, guards=Guards())},
        folder=str(folder),
    )
    return run(project, "people", first_run=first_run, destinations={"reference": Destination("reference", plugin)})  # type: ignore[arg-type]


@pytest.mark.rule("C7")
def test_reports_and_errors_of_runs_cross_a_process_boundary(tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        (report,) = pool.submit(_run_in, tmp_path, None, False).result()
        assert (report.state, report.rows.succeeded) == ("finished", 2)
        with pytest.raises(RunStopped) as stopped:
            pool.submit(_run_in, tmp_path, None, True).result()
        with pytest.raises(ConfigError) as refused:
            pool.submit(_run_in, tmp_path, "sned", False).result()
    assert stopped.value.exit_code is ExitCode.GUARD
    assert "the model has 0 rows" in stopped.value.message
    assert "--accept min_rows" in stopped.value.hint
    assert [each.path for each in refused.value.problems] == [("first_run",)]
    assert isinstance(refused.value, ConnectorError)
    assert refused.value.exit_code == ExitCode.CONFIG
