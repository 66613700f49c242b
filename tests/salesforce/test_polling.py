from __future__ import annotations

import itertools
import logging
from types import SimpleNamespace

import pytest
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.write import polling
from connector_salesforce.write.polling import wait_between_looks

from connector_sdk.testing.doubles import RecordingRun

from .bulkorg import contacts


def test_a_job_is_warned_of_after_ten_minutes_and_then_once_an_hour(
    run: RecordingRun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The clock is asked twice for each look, so each look takes 8 minutes."""
    ticks = itertools.count(0.0, 4 * 60.0)
    monkeypatch.setattr(polling, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    looks = wait_between_looks(run.attempt(contacts("a")), "job 750", 0.0, 0.0, hours=3)
    with caplog.at_level(logging.WARNING), pytest.raises(CallFailed, match="job 750"):
        list(looks)
    warned = [each.getMessage() for each in caplog.records]
    told = [each.partition(" after ")[2].partition(";")[0] for each in warned]
    assert told == ["16 minutes", "64 minutes", "120 minutes"]


def test_the_pauses_grow_up_to_the_longest_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    attempt = SimpleNamespace(wait=lambda seconds, reason="": pauses.append(seconds))
    looks = wait_between_looks(attempt, "job 750", 1.0, 3.0, hours=1)
    for _ in range(5):
        next(looks)
    assert pauses[0] == 1.0
    assert pauses == sorted(pauses)
    assert pauses[-2:] == [3.0, 3.0]
