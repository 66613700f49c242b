from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from connector_sdk import (
    CONTRACT,
    Action,
    Api,
    Batch,
    Classification,
    Column,
    ConfigError,
    ConnectorError,
    Destination,
    Executed,
    ExitCode,
    Kind,
    Mode,
    NotExecuted,
    PluginError,
    RowError,
    RunStopped,
    Stale,
    WriteResult,
    hookimpl,
)
from connector_sdk.testing.doubles import RecordingHost, RecordingRun
from connector_sdk.testing.hostile import BREACHES, BROKEN_AT_LOADING, NoSettings, hostile

READS = ("connect", "list_objects", "discover_schema", "match", "read_records", "check_sync", "check_plan")
BATCH = Batch(
    run="r1",
    number=1,
    object_name="things",
    action=Action.UPSERT,
    mode=Mode.UPSERT,
    api="only",
    columns=(Column("key"),),
    rows=pa.table({"key": ["a", "b"]}),
)


def calls(destination: Destination) -> dict[str, Callable[[], Any]]:
    def connection() -> Any:
        return destination.connect(NoSettings(), RecordingHost())

    attempt = RecordingRun().attempt(BATCH)
    return {
        "connect": connection,
        "list_objects": lambda: destination.list_objects(connection()),
        "discover_schema": lambda: destination.discover_schema(connection(), "things"),
        "match": lambda: destination.match(connection(), ["things"], "key", pa.array(["a"])),
        "read_records": lambda: destination.read_records(connection(), "things", ["key"]),
        "write_batch": lambda: destination.write_batch(connection(), BATCH, NoSettings(), attempt),
        "recover_batch": lambda: destination.recover_batch(connection(), BATCH, NoSettings(), attempt),
        "classify_error": lambda: destination.classify_error(RowError("bad", "", Action.UPSERT)),
        "check_sync": lambda: destination.check_sync(connection(), None, NoSettings()),  # type: ignore[arg-type]
        "check_plan": lambda: destination.check_plan(connection(), None, NoSettings()),  # type: ignore[arg-type]
        "commands": destination.commands,
    }


def test_without_a_breach_every_hook_answers() -> None:
    for call in calls(Destination("hostile", hostile())).values():
        call()


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_an_error_that_names_plugin_and_hook(breach: str) -> None:
    hook = breach.partition("/")[0]
    if hook in BROKEN_AT_LOADING:
        with pytest.raises(PluginError, match=r"hostile.*(destination_spec|batch)"):
            Destination("hostile", hostile(breach))
        return
    destination = Destination("hostile", hostile(breach))
    with pytest.raises(PluginError, match=f"hostile: {hook} "):
        calls(destination)[hook]()


@pytest.mark.rule("C4")
@pytest.mark.parametrize("record_id", ["", "\n", "t-1\x00", "\x1b[2Jt-1"])
def test_a_row_that_succeeded_has_an_id_in_one_line_or_none(record_id: str) -> None:
    said = [WriteResult.of(["succeeded", "succeeded"], record_id=["t-1", each]) for each in (record_id, None)]
    plugin = hostile()
    plugin.write_batch = hookimpl(lambda: said[0])
    with pytest.raises(PluginError, match="a record id that is empty, or no text in one line"):
        calls(Destination("hostile", plugin))["write_batch"]()
    plugin.write_batch = hookimpl(lambda: said[1])
    assert calls(Destination("hostile", plugin))["write_batch"]() == said[1]


@pytest.mark.rule("S5")
@pytest.mark.parametrize(
    ("breach", "said"),
    [
        ("newer contract", f"needs contract {CONTRACT + 1}, this core has {CONTRACT}: update connector-sdk"),
        ("older contract", f"needs contract {CONTRACT - 1}, this core has {CONTRACT}: update the plugin"),
    ],
)
def test_a_plugin_of_another_contract_is_refused_with_both_numbers_and_what_to_update(breach: str, said: str) -> None:
    with pytest.raises(PluginError, match=said):
        Destination("hostile", hostile(f"destination_spec/{breach}"))


@pytest.mark.rule("S5")
def test_a_plugin_that_calls_a_class_as_a_former_contract_did_is_told_where_the_changes_are_listed() -> None:
    plugin = hostile()
    plugin.destination_spec = hookimpl(lambda: Api("rest", {}, 200, 200, None, 4, 8))  # type: ignore[misc, call-arg]
    with pytest.raises(PluginError, match=r"TypeError: .* update it: docs/destinations/compatibility\.md"):
        Destination("hostile", plugin)


@pytest.mark.rule("S5")
def test_a_plugin_that_states_no_contract_is_refused() -> None:
    with pytest.raises(PluginError, match="contract"):
        Destination("hostile", hostile("destination_spec/no contract"))


@pytest.mark.parametrize("error", [NotExecuted("locked", "x"), Stale("x"), ConnectionError("x"), KeyError("x")])
@pytest.mark.parametrize("hook", ["write_batch", "recover_batch"])
def test_what_happened_to_a_batch_goes_through_untouched(hook: str, error: Exception) -> None:
    def fail() -> Any:
        raise error

    plugin = hostile()
    setattr(plugin, hook, hookimpl(fail))
    with pytest.raises(type(error)) as raised:
        calls(Destination("hostile", plugin))[hook]()
    assert raised.value is error


def test_a_configuration_error_goes_through_untouched() -> None:
    error = ConfigError("there is no such object")

    def fail() -> Any:
        raise error

    plugin = hostile()
    plugin.discover_schema = hookimpl(fail)
    with pytest.raises(ConfigError) as raised:
        calls(Destination("hostile", plugin))["discover_schema"]()
    assert raised.value is error


@pytest.mark.parametrize("hook", READS)
def test_a_network_error_is_not_called_a_breach_and_is_met_four_times_before_it_is_told(hook: str) -> None:
    plugin, raised = make_failing(hook, *[ConnectionResetError("reset by peer")] * 9)
    with pytest.raises(RunStopped, match=f"hostile: {hook} failed: reset by peer") as stopped:
        calls(Destination("hostile", plugin))[hook]()
    assert stopped.value.exit_code is ExitCode.UNREACHABLE
    assert len(raised) == 4


@pytest.mark.parametrize("hook", READS)
def test_a_hook_that_failed_in_passing_is_asked_again(hook: str) -> None:
    plugin, raised = make_failing(hook, *[ConnectionResetError("reset by peer")] * 3)
    calls(Destination("hostile", plugin))[hook]()
    assert len(raised) == 3


@pytest.mark.parametrize(
    "known",
    [
        Classification(kind=Kind.FATAL, executed=Executed.NO),
        Classification(kind=Kind.THROTTLED, executed=Executed.NO, retry_after=60.0),
    ],
    ids=["lasting", "for a long time"],
)
def test_a_failure_that_does_not_pass_soon_is_told_at_once(known: Classification) -> None:
    plugin, raised = make_failing("list_objects", *[ConnectionResetError("reset by peer")] * 3)
    plugin.classify_error = hookimpl(lambda: known)
    with pytest.raises(ConnectorError, match="reset by peer"):
        calls(Destination("hostile", plugin))["list_objects"]()
    assert len(raised) == 1


def make_failing(hook: str, *errors: Exception) -> tuple[Any, list[Exception]]:
    """Return a plugin whose hook raises one error after another before it answers, and the errors it has raised."""
    plugin, waiting = hostile(), list(errors)
    raised: list[Exception] = []
    answer = getattr(plugin, hook, list)

    def act() -> Any:
        if waiting:
            raised.append(waiting.pop(0))
            raise raised[-1]
        return answer()

    setattr(plugin, hook, hookimpl(act))
    return plugin, raised
