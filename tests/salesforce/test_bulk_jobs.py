from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest
from connector_salesforce.org.org import Org
from connector_salesforce.transport.sending import Answer, Request

from connector_sdk.testing.doubles import RecordingRun

from .bulkorg import BulkOrg, batch_info, contacts, write_batch


def wait_until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not holds() and time.monotonic() < ends:
        time.sleep(0.001)


def test_batches_share_a_job_in_which_one_post_at_a_time_is_under_way(bulk_org: BulkOrg, opened: Org) -> None:
    run = RecordingRun(longest=0.001)
    bulk_org.before_post = lambda: time.sleep(0.01)
    gate = threading.Barrier(10)

    def write(number: int) -> None:
        gate.wait()
        write_batch(opened, contacts(f"k{number}", number=number), run)

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(write, range(10)))
    opened.close()
    assert sorted(bulk_org.keys) == sorted(f"k{number}" for number in range(10))
    assert (len(bulk_org.jobs), bulk_org.most_posting) == (1, 1)
    assert [job.state for job in bulk_org.jobs.values()] == ["Closed"]


def test_a_second_job_is_opened_when_a_post_takes_long(bulk_org: BulkOrg, opened: Org) -> None:
    run = RecordingRun(longest=0.001)
    bulk_org.before_post = lambda: wait_until(lambda: len(bulk_org.jobs) == 2)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda number: write_batch(opened, contacts(f"k{number}", number=number), run), range(2)))
    assert (len(bulk_org.jobs), bulk_org.most_posting) == (2, 1)


def test_runs_never_share_a_job(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    write_batch(opened, contacts("a"), run)
    write_batch(opened, attrs.evolve(contacts("b"), run="another"), RecordingRun(longest=0.001))
    assert len(bulk_org.jobs) == 2


def test_one_list_of_a_job_serves_all_who_wait_for_its_batches(bulk_org: BulkOrg, opened: Org) -> None:
    run = RecordingRun(longest=0.05)
    original, looks = bulk_org._list, []

    def listing(request: Request) -> Answer:
        if len(bulk_org.bodies) == 10:
            looks.append(request)
        state = "InProgress" if len(looks) < 12 else "Completed"
        bulk_org.states.update({each: batch_info(each, 0, state) for each in bulk_org.bodies})
        return original(request)

    bulk_org.transport.on("GET", "/services/async/58.0/job/[^/]+/batch", listing)
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda number: write_batch(opened, contacts(f"k{number}", number=number), run), range(10)))
    assert len(looks) < 21, "ten batches that look by themselves make 12 looks and then one each"


@pytest.mark.parametrize(("limit", "value"), [("AGE_MAX", -1.0), ("BATCHES_MAX", 1)])
def test_an_old_or_full_job_gets_no_more_batches(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    monkeypatch.setattr(f"connector_salesforce.write.bulk_jobs.{limit}", value)
    for number in range(2):
        write_batch(opened, contacts(f"k{number}", number=number), run)
    assert [job.state for job in bulk_org.jobs.values()] == ["Closed", "Open"]
