"""Every call of a Bulk API 2.0 job may lose its answer; what is left settles the batch."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from connector_salesforce.config import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.org import Org
from connector_salesforce.write import bulk2

from connector_sdk import NOT_EXECUTED, Action, Executed, NotExecuted, Recovery, Unknown, WriteResult
from connector_sdk.testing.doubles import RecordingRun

from .bulkorg import LOST, raise_
from .ingestorg import IngestOrg, contacts, refuse_call, write_batch
from .scripted import answer, batch, org


@pytest.fixture
def ingest_org() -> IngestOrg:
    return IngestOrg()


@pytest.fixture
def ingesting(ingest_org: IngestOrg) -> Org:
    return org(ingest_org.transport)


def recover(ingesting: Org, run: RecordingRun) -> WriteResult | Recovery | Unknown:
    given = contacts("a")
    return bulk2.recover(ingesting, given, Options(), run.attempt(given))


def lose(ingest_org: IngestOrg, call: str, when: str) -> None:
    getattr(ingest_org, when)[call] = lambda: raise_(LOST)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", ["open", "fill"])
def test_a_job_that_was_not_handed_over_executed_nothing(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun, call: str, when: str
) -> None:
    lose(ingest_org, call, when)
    with pytest.raises(NotExecuted, match="CONNECTION_LOST"):
        write_batch(ingesting, contacts("a"), run)
    assert recover(ingesting, run) is NOT_EXECUTED
    assert ingest_org.executed == []
    if call == "fill":
        assert [job.state for job in ingest_org.jobs.values()] == ["Aborted"]


def test_an_abort_that_fails_changes_nothing_about_that(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    lose(ingest_org, "fill", "after")
    lose(ingest_org, "abort", "before")
    with pytest.raises(NotExecuted):
        write_batch(ingesting, contacts("a"), run)
    assert recover(ingesting, run) is NOT_EXECUTED


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_to_the_handing_over_executes_the_rows_once(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun, when: str
) -> None:
    lose(ingest_org, "hand over", when)
    with pytest.raises(CallFailed) as failed:
        write_batch(ingesting, contacts("a"), run)
    assert failed.value.executed is Executed.MAYBE
    getattr(ingest_org, when).clear()
    answered = recover(ingesting, run)
    assert isinstance(answered, WriteResult)
    assert ingest_org.executed == ["a"]
    assert recover(ingesting, run) == answered


def test_a_job_that_salesforce_refuses_to_take_is_aborted_and_executed_nothing(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    ingest_org.before["hand over"] = lambda: raise_(CallFailed("ExceededQuota", "m", Executed.NO, status=400))
    with pytest.raises(NotExecuted, match="ExceededQuota"):
        write_batch(ingesting, contacts("a"), run)
    assert [job.state for job in ingest_org.jobs.values()] == ["Aborted"]


def test_a_job_whose_abort_is_lost_stays_in_doubt(ingest_org: IngestOrg, ingesting: Org, run: RecordingRun) -> None:
    ingest_org.before["hand over"] = lambda: raise_(CallFailed("ExceededQuota", "m", Executed.NO, status=400))
    lose(ingest_org, "abort", "before")
    with pytest.raises(CallFailed) as failed:
        write_batch(ingesting, contacts("a"), run)
    assert failed.value.executed is Executed.MAYBE
    ingest_org.before.clear()
    assert isinstance(recover(ingesting, run), WriteResult)
    assert ingest_org.executed == ["a"]


def test_a_job_that_somebody_handed_over_already_is_waited_for(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    def hand_over() -> None:
        (job,) = ingest_org.jobs.values()
        job.state = "UploadComplete"

    ingest_org.before["hand over"] = hand_over
    (line,) = write_batch(ingesting, contacts("a"), run)
    assert line["status"] == "succeeded"
    assert ingest_org.executed == ["a"]


def test_a_kill_after_the_job_was_opened_leaves_nothing_that_runs(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    write_batch(ingesting, contacts("a"), run)
    run.anchors.pop()
    (job,) = ingest_org.jobs.values()
    job.state = "Open"
    assert recover(ingesting, run) is NOT_EXECUTED
    assert job.state == "Aborted"


def test_a_job_that_salesforce_no_longer_has_is_for_a_person_to_look_at(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    write_batch(ingesting, contacts("a"), run)
    gone = refuse_call("NOT_FOUND", "The requested resource does not exist", 404)
    ingest_org.transport.on("GET", ".*/jobs/ingest/.*", gone)
    answered = recover(ingesting, run)
    assert isinstance(answered, Unknown)
    assert "750000000000000AAA" in answered.hint


def test_an_attempt_without_an_anchor_executed_nothing(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    given = contacts("a")
    write_batch(ingesting, given, run)
    assert bulk2.recover(ingesting, given, Options(), run.attempt(given, 2)) is NOT_EXECUTED


def test_a_recovery_that_cannot_tell_now_is_asked_again(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    write_batch(ingesting, contacts("a"), run)
    ingest_org.transport.on("GET", ".*/jobs/ingest/[^/]+", answer("", 503))
    with pytest.raises(CallFailed, match="ERROR_HTTP_503"):
        recover(ingesting, run)
    ingest_org.transport.handlers.pop(0)
    assert isinstance(recover(ingesting, run), WriteResult)


@pytest.mark.rule("V12")
@pytest.mark.parametrize("action", [Action.UPSERT, Action.CREATE])
def test_numbers_that_an_earlier_version_sent_with_zeros_at_their_ends_are_known_again(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun, action: Action
) -> None:
    """All cells identify an event, the key an upsert: the result files give back what was sent then."""
    keys = pa.array([Decimal("7.00"), Decimal("0.10"), Decimal("100.00")], pa.decimal128(18, 2))
    rows = {"External_Id__c": keys, "Code__c": ["7.00", "a.0", "1"]}
    given = batch(rows, action, api="bulk2")
    lose(ingest_org, "hand over", "after")
    with pytest.raises(CallFailed):
        write_batch(ingesting, given, run)
    (job,) = ingest_org.jobs.values()
    job.body = job.body.replace(b"\n7,", b"\n7.00,").replace(b"\n0.1,", b"\n0.10,").replace(b"\n100,", b"\n100.00,")
    result = bulk2.recover(ingesting, given, Options(), run.attempt(given))
    assert isinstance(result, WriteResult)
    assert set(result.rows.column("status").to_pylist()) == {"succeeded"}
