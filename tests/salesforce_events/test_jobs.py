"""What became of the events of a job whose outcome is unknown."""

from __future__ import annotations

import pytest
from connector_salesforce_events import Options
from connector_salesforce_events.allocation import WAITING
from connector_salesforce_events.jobs import recover
from connector_salesforce_events.publishing import Events

from connector_sdk import NOT_EXECUTED, Action
from connector_sdk.testing.doubles import RecordingRun

from ..salesforce.ingestorg import IngestJob, IngestOrg
from ..salesforce.scripted import batch, org
from .projects import EVENT

BATCH = batch({"Order_Number__c": ["o1"]}, Action.CREATE, api="bulk2", object_name=EVENT)
JOB = "750000000000000AAA"


@pytest.mark.rule("T12")
def test_a_batch_that_only_waited_for_events_was_not_published_and_costs_no_call() -> None:
    ingest_org, run = IngestOrg(), RecordingRun()
    attempt = run.attempt(BATCH)
    attempt.anchor(WAITING)
    assert recover(Events(org(ingest_org.transport)), BATCH, Options(), attempt) is NOT_EXECUTED
    assert ingest_org.transport.requests == []


@pytest.mark.rule("T12")
def test_a_job_that_was_opened_after_the_wait_is_aborted_before_its_events_are_published_again() -> None:
    ingest_org, run = IngestOrg(), RecordingRun()
    ingest_org.jobs[JOB] = IngestJob({})
    attempt = run.attempt(BATCH)
    attempt.anchor(WAITING)
    attempt.anchor("opened", job=JOB)
    assert recover(Events(org(ingest_org.transport)), BATCH, Options(), attempt) is NOT_EXECUTED
    assert ingest_org.jobs[JOB].state == "Aborted"
