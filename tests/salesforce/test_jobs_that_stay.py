"""Jobs that do not end: how long a run waits for them, and what a run does once an admin has aborted one."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import pytest
import requests
from connector_salesforce import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.write.polling import wait_between_looks

from connector_sdk import Executed
from connector_sdk.testing.doubles import RecordingRun

from .bulkorg import contacts
from .emulated import Emulated
from .projects import Project

_STUCK = {
    "bulk": {"match": {"method": "POST", "path": "*/job/*/batch"}, "do": {"stuck": True}, "times": 1},
    "bulk2": {"match": {"method": "PATCH", "path": "*/jobs/ingest/*"}, "do": {"stuck": True}, "times": 1},
}
_ROWS = [{"id": "a", "last": "A", "email": "a@example.com"}, {"id": "b", "last": "B", "email": "b@example.com"}]
_A_MOMENT = 0.0001
"""Hours."""


class Admin:
    """A person who looks at the jobs of an org, of whichever API, and aborts them."""

    def __init__(self, org: Emulated) -> None:
        form = {key: org.ready[key] for key in ("client_id", "client_secret")}
        token = requests.post(
            f"{org.ready['login_url']}/services/oauth2/token", {"grant_type": "client_credentials", **form}, timeout=10
        ).json()
        self._jobs = f"{token['instance_url']}/services/data/v60.0/jobs/ingest"
        self._bulk_jobs = f"{token['instance_url']}/services/async/60.0/job"
        self._headers = {"Authorization": f"Bearer {token['access_token']}", "X-SFDC-Session": token["access_token"]}

    def abort_jobs(self) -> list[str]:
        """Abort the jobs that have not ended, and return their ids."""
        listed: list[dict[str, Any]] = requests.get(self._jobs, headers=self._headers, timeout=10).json()["records"]
        going = [each["id"] for each in listed if each["state"] in ("UploadComplete", "InProgress")]
        for each in going:
            self._abort("PATCH", f"{self._jobs}/{each}")
        return going

    def abort_bulk_job(self, job: str) -> None:
        """Abort a job of the Bulk API."""
        self._abort("POST", f"{self._bulk_jobs}/{job}")

    def _abort(self, method: str, url: str) -> None:
        requests.request(method, url, json={"state": "Aborted"}, headers=self._headers, timeout=10).raise_for_status()

    def abort_next_job(self) -> None:
        """Wait for a job, and abort it."""
        while not self.abort_jobs():
            time.sleep(0.02)


@pytest.fixture
def steady(project: Project) -> Project:
    """The project with two rows."""
    project.model(_ROWS)
    return project


@pytest.mark.parametrize("api", ["bulk", "bulk2"])
def test_a_run_stops_waiting_for_a_job_and_the_next_run_finds_it(steady: Project, api: str) -> None:
    steady.emulated.faults(_STUCK[api])
    steady.sync(options={"api": api, "job_timeout": _A_MOMENT})
    stopped = steady.run()
    assert stopped.exit == 4
    assert "JOB_TIMEOUT" in stopped.said
    assert "has not ended after 0.0001 hours" in stopped.said
    assert "The next run asks for its results before it sends anything." in stopped.said
    assert steady.run().exit == 4, "it looked at the same job, and sent nothing"
    assert steady.emulated.records("Contact") == []


def test_a_job_that_an_admin_aborts_stops_the_run_and_the_next_run_sends_its_rows(steady: Project) -> None:
    steady.emulated.faults(_STUCK["bulk2"])
    steady.sync(options={"api": "bulk2"})
    admin = threading.Thread(target=Admin(steady.emulated).abort_next_job, daemon=True)
    admin.start()
    stopped = steady.run()
    admin.join()
    assert stopped.exit == 4
    assert "was aborted in Salesforce" in stopped.said
    assert "Find out who aborted it, and why." in stopped.said
    assert steady.emulated.records("Contact") == []
    assert steady.run().exit == 0
    assert len(steady.emulated.records("Contact")) == 2


@pytest.mark.parametrize("api", ["bulk", "bulk2"])
def test_a_job_that_was_aborted_between_two_runs_stops_the_second_one_and_the_third_sends_its_rows(
    steady: Project, api: str
) -> None:
    steady.emulated.faults(_STUCK[api])
    steady.sync(options={"api": api, "job_timeout": _A_MOMENT})
    waited = steady.run()
    admin = Admin(steady.emulated)
    if api == "bulk2":
        assert admin.abort_jobs()
    else:
        (job,) = re.findall(r"of job (750\w+) has not ended", waited.said)
        admin.abort_bulk_job(job)
    stopped = steady.run()
    assert stopped.exit == 4
    assert "was aborted in Salesforce" in stopped.said
    assert steady.emulated.records("Contact") == []
    steady.sync(options={"api": api})
    assert steady.run().exit == 0
    assert len(steady.emulated.records("Contact")) == 2


def test_looks_end_with_a_failure_that_leaves_the_batch_in_doubt(run: RecordingRun) -> None:
    looks = wait_between_looks(run.attempt(contacts("a")), "job 750", 0.0, 0.0, hours=1e-9)
    next(looks)
    with pytest.raises(CallFailed, match="job 750 has not ended after 1e-09 hours") as failed:
        next(looks)
    assert (failed.value.code, failed.value.executed) == ("JOB_TIMEOUT", Executed.MAYBE)


@pytest.mark.parametrize("hours", [0, -1, float("nan")])
def test_a_job_gets_some_time(hours: float) -> None:
    with pytest.raises(ValueError, match="is not above 0 hours"):
        Options(job_timeout=hours)
