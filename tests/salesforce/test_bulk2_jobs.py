"""Answers about ingest jobs that cannot be those of the job that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.client import Client
from connector_salesforce.write import bulk2_jobs
from connector_salesforce.write.bulk2_jobs import ENDED, JobState

from connector_sdk import Executed

from .ingestorg import BASE
from .scripted import ScriptedTransport, answer, org

JOB, OTHER = "750000000000000AAA", "750000000000001AAA"


def refuse(call: Callable[[Client, str], Any], said: dict[str, Any]) -> str:
    """Make a call about the job that is answered so, and return why the answer is not believed."""
    transport = ScriptedTransport()
    for method in ("GET", "PATCH"):
        transport.on(method, f"{BASE}/{JOB}", answer(said))
    with pytest.raises(CallFailed) as failed:
        call(org(transport).client, JOB)
    assert (failed.value.code, failed.value.executed) == ("ANSWER_UNREADABLE", Executed.MAYBE)
    return failed.value.message


def look(**said: Any) -> JobState:
    """Look at the job, which is described so."""
    transport = ScriptedTransport()
    transport.on("GET", f"{BASE}/{JOB}", answer({"id": JOB, **said}))
    return bulk2_jobs.look(org(transport).client, JOB)


@pytest.mark.rule("C4")
@pytest.mark.parametrize("state", ENDED)
def test_a_job_that_ended_counts_at_least_the_rows_that_failed(state: str) -> None:
    counts = {"numberRecordsProcessed": 1, "numberRecordsFailed": 2}
    assert JOB in refuse(bulk2_jobs.look, {"id": JOB, "state": state, **counts})
    assert JOB in refuse(bulk2_jobs.look, {"id": JOB, "state": state})
    assert look(state=state, numberRecordsProcessed=2, numberRecordsFailed=2) == JobState(state, "", 2, 2)


def test_a_job_under_way_needs_no_counts() -> None:
    assert look(state="InProgress") == JobState("InProgress", "", 0, None)


@pytest.mark.rule("C4")
@pytest.mark.parametrize("put", [bulk2_jobs.hand_over, bulk2_jobs.abort])
def test_a_job_that_stays_open_was_neither_handed_over_nor_aborted(put: Callable[[Client, str], None]) -> None:
    assert "Open" in refuse(put, {"id": JOB, "state": "Open"})


@pytest.mark.rule("C4")
@pytest.mark.parametrize("call", [bulk2_jobs.look, bulk2_jobs.hand_over, bulk2_jobs.abort])
def test_an_answer_about_another_job_says_nothing_about_this_one(call: Callable[[Client, str], Any]) -> None:
    message = refuse(call, {"id": OTHER, "state": "UploadComplete"})
    assert JOB in message
    assert OTHER in message
