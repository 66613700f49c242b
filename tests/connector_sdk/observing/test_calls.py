from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve

from connector_sdk import Call, CallCounts, RunStart
from connector_sdk.hooks.observers import Observers
from connector_sdk.observing.calls import CallRecorder, count_calls, read_calls


def call(url: str) -> Call:
    return Call(
        at="2026-01-01T00:00:00+00:00", method="GET", url=url, status=200, seconds=0.1, request_bytes=0,
        response_bytes=2, request_body="", response_body="{}", error="", remaining=None,
    )  # fmt: skip


def urls(path: Path) -> list[str]:
    return [each.url for each in read_calls(path)]


def test_calls_are_kept_in_their_order_from_the_login_on_and_all_of_them_when_the_run_is_over(tmp_path: Path) -> None:
    with closing(CallRecorder(lambda run: tmp_path / run)) as recorder:
        recorder.call_finished(call("login"))
        recorder.run_started(RunStart(run="r1", sync="contacts", resumed=False, at=""))
        for number in range(500):
            recorder.call_finished(call(str(number)))
    assert urls(tmp_path / "r1") == ["login", *map(str, range(500))]


def test_calls_are_counted_with_what_the_last_answer_that_told_said_is_left(tmp_path: Path) -> None:
    assert count_calls(tmp_path / "r1") == CallCounts()
    with closing(CallRecorder(lambda run: tmp_path / run)) as recorder:
        recorder.run_started(RunStart(run="r1", sync="contacts", resumed=False, at=""))
        for left in (7, 6, None):
            recorder.call_finished(evolve(call("one"), remaining=left))
    assert count_calls(tmp_path / "r1") == CallCounts(3, 6)


def test_calls_can_be_watched_while_the_run_goes_on(tmp_path: Path) -> None:
    with closing(CallRecorder(lambda run: tmp_path / run)) as recorder:
        recorder.run_started(RunStart(run="r1", sync="contacts", resumed=False, at=""))
        recorder.call_finished(call("one"))
        until = time.monotonic() + 10
        while not urls(tmp_path / "r1") and time.monotonic() < until:
            time.sleep(0.02)
        assert urls(tmp_path / "r1") == ["one"]


def test_each_run_of_a_connection_has_its_own_calls(tmp_path: Path) -> None:
    with closing(CallRecorder(lambda run: tmp_path / run)) as recorder:
        for run in ("r1", "r2"):
            recorder.run_started(RunStart(run=run, sync="contacts", resumed=False, at=""))
            recorder.call_finished(call(run))
    assert (urls(tmp_path / "r1"), urls(tmp_path / "r2")) == (["r1"], ["r2"])


def test_calls_that_cannot_be_kept_are_told_once_and_stop_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = CallRecorder(lambda run: tmp_path / run)
    observers = Observers([recorder])
    with closing(recorder), caplog.at_level(logging.WARNING):
        observers.run_started(RunStart(run="r1", sync="contacts", resumed=False, at=""))
        with closing(sqlite3.connect(tmp_path / "r1")) as database:
            database.execute("drop table call")
        until = time.monotonic() + 10
        while not caplog.records and time.monotonic() < until:
            observers.call_finished(call("lost"))
            time.sleep(0.02)
        observers.call_finished(call("lost"))
    assert [each.message for each in caplog.records] == [
        "An observer failed in call_finished. The run continues without it:"
    ]
