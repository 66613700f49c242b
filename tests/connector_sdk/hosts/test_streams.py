"""A stream that can be read once is read once: its second, empty reading is no model that lost its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from connector_sdk import ConfigError, Guards, Removal
from connector_sdk.check import check
from connector_sdk.run import plan

from .conftest import DESTINATIONS, PEOPLE, Host

OFF = Guards(max_removed=None, min_rows=None, max_changed=None, max_removed_per_day=None)


class Lent:
    """Gives the same stream whenever it is asked, as a wrapper around a reader does."""

    def __init__(self, table: pa.Table) -> None:
        self._reader = table.to_reader()

    def __arrow_c_stream__(self, requested: object = None) -> object:
        return self._reader.__arrow_c_stream__(requested)


class Closed:
    """Gives its stream once, and then an error."""

    def __init__(self, table: pa.Table) -> None:
        self._tables = [table]

    def __arrow_c_stream__(self, requested: object = None) -> object:
        if not self._tables:
            raise RuntimeError("the stream was handed out already")
        return self._tables.pop().__arrow_c_stream__(requested)


ONCE: dict[str, Callable[[], Any]] = {
    "a reader": PEOPLE.to_reader,
    "a wrapper": lambda: Lent(PEOPLE),
    "closed": lambda: Closed(PEOPLE),
}
OFTEN: dict[str, Callable[[], Any]] = {
    "a table": lambda: PEOPLE,
    "a batch": lambda: PEOPLE.to_batches()[0],
    "a query": lambda: duckdb.sql("select 'k' || i as k, 'Ann' as n from range(1, 3) r(i)"),
}


def careless(host: Host, rows: Any) -> Any:
    return host.project(rows=rows, syncs={"people": host.sync(on_removed=Removal.DELETE, guards=OFF)})


@pytest.mark.rule("V11")
@pytest.mark.parametrize("kind", ONCE)
def test_a_stream_that_was_planned_with_is_not_run_with_and_nothing_is_deleted(host: Host, kind: str) -> None:
    host.run(careless(host, PEOPLE))
    project = careless(host, ONCE[kind]())
    assert plan(project, "people", destinations=DESTINATIONS).rows.unchanged == 2
    with pytest.raises(ConfigError) as raised:
        host.run(project)
    (problem,) = raised.value.problems
    assert problem.path == ("models", "people", "data")
    assert "make a new reader for each plan, run and model" in problem.hint
    assert host.names == ["Ann", "Bo"]


@pytest.mark.rule("V11")
@pytest.mark.parametrize("kind", ONCE)
def test_a_stream_is_not_run_twice(host: Host, kind: str) -> None:
    project = careless(host, ONCE[kind]())
    host.run(project)
    with pytest.raises(ConfigError, match=r"models\.people\.data"):
        host.run(project)
    assert host.names == ["Ann", "Bo"]


@pytest.mark.rule("V11")
def test_two_models_do_not_share_a_stream(host: Host) -> None:
    reader = PEOPLE.to_reader()
    host.run(careless(host, reader))
    with pytest.raises(ConfigError, match="is a RecordBatchReader, which can be read only once, and it was read"):
        host.run(careless(host, reader), start_over=True)
    assert host.names == ["Ann", "Bo"]


@pytest.mark.rule("V11")
def test_a_stream_that_the_host_read_before_is_no_empty_model(host: Host) -> None:
    host.run(careless(host, PEOPLE))
    reader = PEOPLE.to_reader()
    reader.read_all()
    with pytest.raises(ConfigError, match="a RecordBatchReader without rows: one that was read has none left"):
        host.run(careless(host, reader))
    assert host.names == ["Ann", "Bo"]


@pytest.mark.rule("V11")
@pytest.mark.parametrize(
    "rows",
    [lambda: (each for each in PEOPLE.to_batches()), lambda: iter(PEOPLE.to_batches()), lambda: map(str, [1])],
    ids=["a generator", "an iterator", "a map"],
)
def test_what_has_no_arrow_stream_is_refused_each_time(host: Host, rows: Callable[[], Any]) -> None:
    project = careless(host, rows())
    for _ in range(2):
        with pytest.raises(ConfigError, match="has no Arrow stream"):
            host.run(project)


@pytest.mark.parametrize("kind", OFTEN)
def test_what_can_be_read_again_is(host: Host, kind: str) -> None:
    project = careless(host, OFTEN[kind]())
    plan(project, "people", destinations=DESTINATIONS)
    host.run(project)
    (report,) = host.run(project)
    assert report.rows.unchanged == 2


def test_an_empty_table_is_an_empty_model(host: Host) -> None:
    host.run(careless(host, PEOPLE))
    (report,) = host.run(careless(host, PEOPLE.slice(0, 0)))
    assert report.actions.deleted == 2


def test_a_check_leaves_a_stream_for_the_run(host: Host) -> None:
    project = careless(host, PEOPLE.to_reader())
    check(project, destinations=DESTINATIONS)
    check(project, destinations=DESTINATIONS)
    (report,) = host.run(project)
    assert report.rows.succeeded == 2


def test_a_run_that_could_not_begin_leaves_a_stream_unread(host: Host) -> None:
    reader = PEOPLE.to_reader()
    with pytest.raises(ConfigError):
        host.run(host.project(rows=reader, syncs={"people": host.sync(objects=("persons",))}))
    (report,) = host.run(host.project(rows=reader))
    assert report.rows.succeeded == 2
