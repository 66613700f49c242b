"""A connection is closed once, after the last call of any hook in any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from attrs import define, field

from connector_sdk import (
    Action,
    Classification,
    Connection,
    Host,
    Match,
    Mode,
    RowError,
    RunStopped,
)
from connector_sdk.lifecycle.connect import open_connection
from connector_sdk.testing.reference import plugin

from ..lifecycle.host_runs import note_close
from ..planning.bench import Bench, map_fields, people

ANN = [{"k": "1", "e": "a", "n": "Ann"}]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, people())


@define
class SlowHook:
    """A hook that waits until it is let go, and what had returned when the connection was closed."""

    reached: threading.Event = field(factory=threading.Event)
    let_go: threading.Event = field(factory=threading.Event)
    returned: list[str] = field(factory=list)
    closed: list[tuple[str, ...]] = field(factory=list)

    def connect(self) -> Callable[[Any, Host], Connection]:
        """Return a `connect` whose connection notes which calls had returned when it was closed."""
        return note_close(lambda: self.closed.append(tuple(self.returned)))

    def wait(self, name: str) -> None:
        self.reached.set()
        assert self.let_go.wait(30)
        self.returned.append(name)


def slow_hooks(slow: SlowHook) -> dict[str, Callable[..., Any]]:
    """Return the hooks that a host may call in threads of its own; each waits."""

    def list_objects() -> Any:
        slow.wait("list_objects")
        return plugin.list_objects()

    def discover_schema(object_name: str) -> Any:
        slow.wait("discover_schema")
        return plugin.discover_schema(object_name)

    def match(connection: Connection, objects: Any, field: str, values: pa.Array) -> Any:
        slow.wait("match")
        return plugin.match(connection, objects, field, values, False, (), {})

    def read_records(connection: Connection, object_name: str, fields: Any) -> Any:
        slow.wait("read_records")
        return plugin.read_records(connection, object_name, fields)

    def classify_error(error: RowError | BaseException) -> Classification | None:
        slow.wait("classify_error")
        return plugin.classify_error(error)

    return {each.__name__: each for each in (list_objects, discover_schema, match, read_records, classify_error)}


CALLS: dict[str, Callable[[Any, Connection], object]] = {
    "list_objects": lambda destination, live: destination.list_objects(live),
    "discover_schema": lambda destination, live: destination.discover_schema(live, "people"),
    "match": lambda destination, live: destination.match(live, ["people"], "external_id", pa.array(["a"])),
    "read_records": lambda destination, live: destination.read_records(live, "people", ["name"]),
    "classify_error": lambda destination, live: destination.classify_error(RowError("locked", "", Action.UPSERT)),
}


@pytest.mark.rule("C5")
@pytest.mark.parametrize("hook", CALLS)
def test_a_connection_is_closed_after_the_last_call_of_any_hook_in_any_thread(bench: Bench, hook: str) -> None:
    slow = SlowHook()
    bench.hooks |= {"connect": slow.connect(), hook: slow_hooks(slow)[hook]}
    with open_connection(bench.project(ANN), "crm", destinations=bench.destinations) as (destination, live):
        calling = threading.Thread(target=CALLS[hook], args=(destination, live))
        calling.start()
        assert slow.reached.wait(30)
    assert slow.closed == []
    slow.let_go.set()
    calling.join(30)
    assert slow.closed == [(hook,)]


@pytest.mark.rule("C5")
@pytest.mark.parametrize("hook", CALLS)
def test_a_connection_that_was_closed_is_not_called_any_more(bench: Bench, hook: str) -> None:
    slow = SlowHook()
    bench.hooks["connect"] = slow.connect()
    with open_connection(bench.project(ANN), "crm", destinations=bench.destinations) as (destination, live):
        pass
    with pytest.raises(RunStopped, match="connection crm is closed"):
        CALLS[hook](destination, live)
    assert slow.closed == [()]


@pytest.mark.rule("C5")
def test_a_connection_is_closed_once_however_many_threads_leave_it(bench: Bench) -> None:
    slow, threads = SlowHook(), 8
    bench.hooks |= {"connect": slow.connect(), "list_objects": slow_hooks(slow)["list_objects"]}
    with open_connection(bench.project(ANN), "crm", destinations=bench.destinations) as (destination, live):
        calling = [threading.Thread(target=destination.list_objects, args=(live,)) for _ in range(threads)]
        for each in calling:
            each.start()
        slow.let_go.set()
        for each in calling:
            each.join(30)
        assert slow.closed == []
    assert slow.closed == [("list_objects",) * threads]


@pytest.mark.rule("C5")
def test_a_plan_that_fails_in_the_middle_of_what_it_reads_closes_nothing_beside_it(bench: Bench) -> None:
    reading, closed_beside = [0], list[int]()

    def batches() -> Any:
        reading[0] += 1
        try:
            yield pa.record_batch({"name": ["a"], "label": ["A"]})
            raise OSError("it broke off")
        finally:
            reading[0] -= 1

    def read_records(connection: Connection, object_name: str, fields: Any) -> Any:
        schema = pa.schema([("name", pa.string()), ("label", pa.string())])
        return pa.RecordBatchReader.from_batches(schema, batches()), "1"

    bench.sync = people(Mode.ALL, objects=("tags",), fields=map_fields(name="e", label="n"), match=Match("name", "e"))
    bench.hooks |= {"connect": note_close(lambda: closed_beside.append(reading[0])), "read_records": read_records}
    with pytest.raises(Exception, match="it broke off"):
        bench.run(ANN)
    assert closed_beside == [0]
