"""What is wrong with a plugin shows when it is loaded, all of it at once; what it refuses in passing is asked again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve

from connector_sdk import (
    Classification,
    ConfigError,
    Destination,
    Executed,
    ExitCode,
    Kind,
    Mode,
    NotExecuted,
    PluginError,
    Removal,
    RowError,
    RunStopped,
    WriteResult,
    hookimpl,
    load,
)
from connector_sdk.testing.hostile import hostile

from .test_hostile import READS, calls, make_failing

Hook = Callable[..., Any]


def write_batch(batch: Any) -> WriteResult:
    return WriteResult.of(["succeeded"] * batch.rows.num_rows)


def read_refusal(plugin: object) -> list[str]:
    with pytest.raises(PluginError) as raised:
        Destination("toy", plugin)
    lines = str(raised.value).splitlines()
    assert all(line.startswith("destination toy: ") for line in lines)
    return [line.removeprefix("destination toy: ") for line in lines]


def plugin(**hooks: Any) -> SimpleNamespace:
    return SimpleNamespace(**{**vars(hostile()), **hooks})


@pytest.mark.rule("C9")
@pytest.mark.parametrize("hook", ["write_batch", "connect", "recover_batch", "check_plan", "commands"])
def test_a_function_named_like_a_hook_that_is_not_marked_is_found_at_loading(hook: str) -> None:
    def function() -> Any: ...

    told = f"{hook} is named like a hook and is not marked: write @hookimpl above it"
    assert read_refusal(plugin(**{hook: function})) == [told]


@pytest.mark.rule("C9")
def test_a_method_named_like_a_hook_that_is_not_marked_is_found_at_loading() -> None:
    class Plugin:
        def __init__(self) -> None:
            self.__dict__.update(vars(hostile()))
            del self.__dict__["write_batch"]

        def write_batch(self, batch: Any) -> WriteResult:
            return write_batch(batch)

    assert read_refusal(Plugin()) == ["write_batch is named like a hook and is not marked: write @hookimpl above it"]


@pytest.mark.parametrize("value", ["text", {"a": 1}, SimpleNamespace()])
def test_a_name_that_is_no_function_is_nobodys_mistake(value: Any) -> None:
    Destination("toy", plugin(commands=value, match=hostile().match))


@pytest.mark.rule("C9")
@pytest.mark.parametrize(
    ("name", "near"), [("wirte_batch", "write_batch"), ("macth", "match"), ("discover_shema", "discover_schema")]
)
def test_a_marked_function_that_is_no_hook_is_found_with_what_was_meant(name: str, near: str) -> None:
    marked = hookimpl(lambda: None)
    assert read_refusal(plugin(**{name: marked})) == [
        f"{name} is marked with @hookimpl, and there is no such hook: did you mean {near}?"
    ]


@pytest.mark.rule("C9")
@pytest.mark.parametrize("hook", ["destination_spec", "connect", "list_objects", "discover_schema", "write_batch"])
def test_a_hook_that_every_destination_needs_is_missed_at_loading(hook: str) -> None:
    wanting = plugin()
    delattr(wanting, hook)
    assert read_refusal(wanting) == [f"{hook} is missing: every destination needs it"]


@pytest.mark.parametrize(
    ("mode", "hook"), [(Mode.UPDATE, "match"), (Mode.ARCHIVE, "match"), (Mode.ALL, "read_records")]
)
def test_a_hook_that_a_mode_needs_is_missed_at_loading(mode: Mode, hook: str) -> None:
    spec = hostile().destination_spec()
    api = evolve(spec.apis[0], delivery={mode: next(iter(spec.apis[0].delivery.values()))})
    needing = evolve(spec, modes={mode: frozenset({Removal.NOTHING})}, apis=(api,))
    wanting = plugin(destination_spec=hookimpl(lambda: needing))
    delattr(wanting, hook)
    assert read_refusal(wanting) == [f"{hook} is missing: mode {mode} needs it"]


@pytest.mark.rule("C9")
def test_everything_that_is_wrong_with_a_plugin_is_told_at_once() -> None:
    def match(connection: Any, weather: Any, refresh: bool = False) -> None: ...
    def read_records(*rows: Any, **fields: Any) -> None: ...

    spec = hostile().destination_spec()
    spec = evolve(spec, empty_text="gone", contract=0, apis=(evolve(spec.apis[0], rows_default="10"),))
    wrong = plugin(
        write_batch=write_batch,
        conect=hookimpl(lambda: None),
        match=hookimpl(match),
        read_records=hookimpl(read_records),
        destination_spec=hookimpl(lambda: spec),
    )
    del wrong.list_objects
    assert read_refusal(wrong) == [
        "conect is marked with @hookimpl, and there is no such hook: did you mean connect?",
        "match takes weather, refresh, and the hook has no such argument:"
        " it has connection, objects, field, values, is_reference, successors, conditions",
        "read_records takes rows, fields for any arguments, and gets those that it names: name them",
        "write_batch is named like a hook and is not marked: write @hookimpl above it",
        "list_objects is missing: every destination needs it",
        "destination_spec: needs contract 0, this core has 2: update the plugin (docs/destinations/compatibility.md)",
        "destination_spec: apis.0.rows_default must be a whole number, not text",
        "destination_spec: empty_text gone is not allowed here",
    ]


def test_a_class_is_no_plugin() -> None:
    class Plugin:
        @hookimpl
        def write_batch(self, batch: Any) -> WriteResult:
            return write_batch(batch)

    assert "Plugin is a class, and its functions are called on an object: make one" in read_refusal(Plugin)


def test_a_spec_that_raises_is_told_with_its_cause_and_beside_the_rest() -> None:
    def destination_spec() -> Any:
        return vars(hostile())["modes"]

    with pytest.raises(PluginError) as raised:
        Destination("toy", plugin(destination_spec=hookimpl(destination_spec), write_batch=write_batch))
    assert "destination toy: destination_spec raised KeyError: 'modes'" in str(raised.value)
    assert "destination toy: write_batch is named like a hook" in str(raised.value)
    assert isinstance(raised.value.__cause__, KeyError)


@pytest.mark.parametrize("name", ["released_guards", "at_least_once"])
def test_a_function_of_a_spec_that_raises_is_a_breach(name: str) -> None:
    def fail(_: object) -> Any:
        raise KeyError("boom")

    spec = evolve(hostile().destination_spec(), **{name: fail})
    destination = Destination("toy", plugin(destination_spec=hookimpl(lambda: spec)))
    ask = destination.released_guards if name == "released_guards" else destination.resends
    with pytest.raises(PluginError, match=f"destination toy: destination_spec has {name} that raised KeyError: 'boom'"):
        ask(None)


@pytest.mark.parametrize("answer", ["min_rows", [1], 5, None])
def test_guards_that_a_spec_releases_are_names(answer: Any) -> None:
    spec = evolve(hostile().destination_spec(), released_guards=lambda _: answer)
    destination = Destination("toy", plugin(destination_spec=hookimpl(lambda: spec)))
    with pytest.raises(PluginError, match="released_guards"):
        destination.released_guards(None)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import not_there_at_all", "ModuleNotFoundError: No module named 'not_there_at_all'"),
        (
            "from connector_sdk import Thing",
            "for another contract than 2, update it: docs/destinations/compatibility.md",
        ),
        ("def broken(:", "SyntaxError"),
        ("x = 1\n1 / 0", "ZeroDivisionError: division by zero ("),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("", "has no attribute 'hooks'"),
    ],
    ids=["missing module", "former name", "no python", "raises", "exits", "missing attribute"],
)
def test_a_plugin_that_cannot_be_imported_is_told_with_the_module_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, code: str, told: str
) -> None:
    module = f"plugin_{request.node.callspec.id.replace(' ', '_')}"
    (tmp_path / f"{module}.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint("toy", f"{module}:hooks", "connector_sdk.destinations")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [entry])
    with pytest.raises(PluginError) as raised:
        load("toy")
    assert str(raised.value).startswith(f"destination toy: {module}:hooks cannot be imported: ")
    assert told in str(raised.value)
    assert raised.value.__cause__ is not None
    if told.endswith("("):
        assert f"{module}.py, line 2)" in str(raised.value)


def test_a_plugin_is_provided_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [EntryPoint("toy", f"plugin_{each}", "connector_sdk.destinations") for each in "ab"]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: found)
    with pytest.raises(ConfigError, match="destination toy is provided more than once: plugin_a, plugin_b"):
        load("toy")
    with pytest.raises(ConfigError, match="there is no destination tou; installed: toy"):
        load("tou")


def make_throttled(seconds: float | None = None) -> NotExecuted:
    return NotExecuted("TOO_MANY", "429: slow down", retry_after=seconds)


@pytest.mark.rule("C8")
@pytest.mark.parametrize("hook", READS)
def test_a_question_that_was_not_executed_is_asked_again(hook: str) -> None:
    wanting, raised = make_failing(hook, *[make_throttled()] * 3)
    calls(Destination("hostile", wanting))[hook]()
    assert len(raised) == 3


@pytest.mark.rule("C8")
@pytest.mark.parametrize("hook", READS)
def test_a_question_that_is_never_executed_ends_with_69(hook: str) -> None:
    wanting, raised = make_failing(hook, *[make_throttled()] * 9)
    with pytest.raises(RunStopped, match=f"hostile: {hook} failed: TOO_MANY: 429: slow down") as stopped:
        calls(Destination("hostile", wanting))[hook]()
    assert stopped.value.exit_code is ExitCode.UNREACHABLE
    assert isinstance(stopped.value.__cause__, NotExecuted)
    assert len(raised) == 4


@pytest.mark.rule("C8")
def test_a_stream_that_breaks_off_is_asked_for_again() -> None:
    schema, waiting = pa.schema([("key", pa.string())]), [make_throttled(), make_throttled()]

    def stream() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"key": ["a"]}, schema)
        if waiting:
            raise waiting.pop()
        yield pa.record_batch({"key": ["b"]}, schema)

    def read_records() -> Any:
        return pa.RecordBatchReader.from_batches(schema, stream()), "1"

    destination = Destination("hostile", plugin(read_records=hookimpl(read_records)))
    rows, _ = calls(destination)["read_records"]()
    assert rows.read_all().column("key").to_pylist() == ["a", "b"]


@pytest.mark.rule("C8")
@pytest.mark.parametrize(
    ("known", "error", "tries", "code"),
    [
        (Classification(kind=Kind.TRANSIENT, executed=Executed.NO), make_throttled(), 4, ExitCode.UNREACHABLE),
        (Classification(kind=Kind.REJECTED, executed=Executed.NO), make_throttled(), 4, ExitCode.UNREACHABLE),
        (Classification(kind=Kind.THROTTLED, executed=Executed.NO), make_throttled(60.0), 1, ExitCode.UNREACHABLE),
        (
            Classification(kind=Kind.THROTTLED, executed=Executed.NO, retry_after=60.0),
            make_throttled(),
            1,
            ExitCode.UNREACHABLE,
        ),
        (
            Classification(kind=Kind.THROTTLED, executed=Executed.NO, retry_after=60.0),
            make_throttled(0.0),
            4,
            ExitCode.UNREACHABLE,
        ),
        (
            Classification(kind=Kind.FATAL, executed=Executed.NO, advice="Buy more."),
            make_throttled(),
            1,
            ExitCode.STOPPED,
        ),
    ],
    ids=["transient", "rejected", "long by itself", "long by its code", "short by itself", "fatal"],
)
def test_what_a_plugin_says_of_its_code_counts(
    known: Classification, error: NotExecuted, tries: int, code: ExitCode
) -> None:
    asked: list[Any] = []

    def classify_error(error: Any) -> Classification:
        asked.append(error)
        return known

    wanting, raised = make_failing("match", *[error] * 9)
    wanting.classify_error = hookimpl(classify_error)
    with pytest.raises(RunStopped) as stopped:
        calls(Destination("hostile", wanting))["match"]()
    assert (len(raised), stopped.value.exit_code) == (tries, code)
    assert known.advice in stopped.value.hint
    assert set(asked) == {RowError("TOO_MANY", "429: slow down", None)}


@pytest.mark.rule("T14")
def test_a_question_that_is_asked_again_is_logged_with_reason_try_and_pause(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "connector_sdk")
    wanting, _ = make_failing("match", make_throttled(0.01), ConnectionResetError("reset by peer"))
    calls(Destination("hostile", wanting))["match"]()
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("destination hostile: match failed in passing and is asked again in 0.01 s (try 2 of 4): ")
    assert first.endswith("NotExecuted: TOO_MANY: 429: slow down")
    assert "(try 3 of 4): ConnectionResetError: reset by peer" in second
    assert {record.levelno for record in caplog.records} == {logging.INFO}
