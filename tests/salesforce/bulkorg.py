"""The Bulk API of a scripted org, as little of it as the plugin's protocol needs: jobs, batches, results."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from attrs import define, field
from connector_salesforce import plugin
from connector_salesforce.config import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.org import Org
from connector_salesforce.transport.sending import Answer, Request

from connector_sdk import Action, Batch, Connection, Executed
from connector_sdk.testing.doubles import RecordingRun

from .scripted import CONTACT_FIELDS, ORG_ID, ScriptedTransport, add_objects, answer, batch, described_object, read_body

XMLNS = "http://www.force.com/2009/06/asyncapi/dataload"
LOST = CallFailed("CONNECTION_LOST", "reset", Executed.MAYBE)


@define
class Job:
    values: dict[str, str]
    state: str = "Open"
    batches: list[str] = field(factory=list)


@define
class BulkOrg:
    """`before_post` and `after_post` may raise; `states` and `results` override what a batch becomes."""

    transport: ScriptedTransport = field(factory=ScriptedTransport)
    jobs: dict[str, Job] = field(factory=dict)
    bodies: dict[str, bytes] = field(factory=dict)
    states: dict[str, str] = field(factory=dict)
    results: dict[str, list[bytes]] = field(factory=dict)
    before_post: Callable[[], None] = lambda: None
    after_post: Callable[[], None] = lambda: None
    posting: dict[str, int] = field(factory=dict)
    most_posting: int = 0
    _lock: threading.Lock = field(factory=threading.Lock)

    def __attrs_post_init__(self) -> None:
        base, on = "/services/async/58.0/job", self.transport.on
        add_objects(self.transport, *(described_object(name, CONTACT_FIELDS) for name in ("Contact", "Lead")))
        on("POST", base, self._open)
        on("POST", f"{base}/[^/]+", self._end)
        on("GET", f"{base}/[^/]+", self._info)
        on("POST", f"{base}/[^/]+/batch", self._post)
        on("GET", f"{base}/[^/]+/batch", self._list)
        on("GET", f"{base}/[^/]+/batch/[^/]+/result", self._result)

    def rows(self, batch: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.bodies[batch].decode(), newline="")))[1:]

    @property
    def keys(self) -> list[str]:
        """The keys that were executed, in their order."""
        return [row[0] for batch in self.bodies for row in self.rows(batch)]

    def _open(self, request: Request) -> Answer:
        root = ElementTree.fromstring(read_body(request))
        with self._lock:
            name = f"750{len(self.jobs):012}AAA"
            self.jobs[name] = Job({each.tag.rpartition("}")[2]: each.text or "" for each in root})
        return answer(f'<jobInfo xmlns="{XMLNS}"><id>{name}</id><state>Open</state></jobInfo>', 201)

    def _info(self, request: Request) -> Answer:
        name = request.url.rpartition("/")[2]
        count = f"<numberBatchesTotal>{len(self.jobs[name].batches)}</numberBatchesTotal>"
        return answer(f'<jobInfo xmlns="{XMLNS}"><id>{name}</id><state>Closed</state>{count}</jobInfo>')

    def _end(self, request: Request) -> Answer:
        job = self.jobs[request.url.rpartition("/")[2]]
        if job.state != "Open":
            return error("InvalidJobState", "Closing already closed Job not allowed")
        job.state = "Closed"
        return answer(f'<jobInfo xmlns="{XMLNS}"><state>Closed</state></jobInfo>')

    def _post(self, request: Request) -> Answer:
        name = request.url.split("/")[-2]
        job = self.jobs[name]
        with self._lock:
            self.posting[name] = self.posting.get(name, 0) + 1
            self.most_posting = max(self.most_posting, self.posting[name])
        try:
            self.before_post()
            return self._add_batch(job, read_body(request))
        finally:
            with self._lock:
                self.posting[name] -= 1

    def _add_batch(self, job: Job, body: bytes) -> Answer:
        if job.state != "Open":
            return error("InvalidJobState", "Job is closed")
        with self._lock:
            batch = f"751{len(self.bodies):012}AAA"
            self.bodies[batch] = body
            job.batches.append(batch)
        self.after_post()
        return answer(f'<batchInfo xmlns="{XMLNS}"><id>{batch}</id><state>Queued</state></batchInfo>', 201)

    def _list(self, request: Request) -> Answer:
        job = self.jobs[request.url.split("/")[-2]]
        infos = "".join(
            f"<batchInfo>{self.states.get(each) or batch_info(each, 0)}</batchInfo>" for each in job.batches
        )
        return answer(f'<batchInfoList xmlns="{XMLNS}">{infos}</batchInfoList>')

    def _result(self, request: Request) -> Answer:
        batch = request.url.split("/")[-2]
        said = self.results.get(batch)
        if said:
            return answer(said.pop(0) if len(said) > 1 else said[0])
        return answer(results(len(self.rows(batch))))


def batch_info(batch: str, processed: int, state: str = "Completed", message: str = "") -> str:
    said = f"<stateMessage>{message}</stateMessage>" if message else ""
    return f"<id>{batch}</id><state>{state}</state>{said}<numberRecordsProcessed>{processed}</numberRecordsProcessed>"


def results(count: int, *, failed: str = "") -> bytes:
    """Return the results of so many rows: all created, or all failed."""
    bad = f'"","false","false","{failed}"\n'
    lines = (bad if failed else f'"003{number:012}AAA","true","true",""\n' for number in range(count))
    return ('"Id","Success","Created","Error"\n' + "".join(lines)).encode()


def error(code: str, message: str, status: int = 400) -> Answer:
    said = f"<exceptionCode>{code}</exceptionCode><exceptionMessage>{message}</exceptionMessage>"
    return answer(f'<error xmlns="{XMLNS}">{said}</error>', status)


def job_of(request: Request) -> str:
    found = re.search(r"/job/([^/]+)", request.url)
    assert found
    return found[1]


def contacts(*keys: str, number: int = 1, action: Action = Action.UPSERT) -> Batch:
    """Return a batch of contacts with these keys."""
    return batch({"External_Id__c": list(keys), "LastName": ["x"] * len(keys)}, action, number=number)


def write_batch(opened: Org, given: Batch, run: RecordingRun, options: Options | None = None) -> list[dict[str, Any]]:
    """Write a batch as the core does, and return the lines of the answer."""
    connection = Connection(handle=opened, account=ORG_ID, label="", production=None, close=opened.close)
    result = plugin.write_batch(connection, given, options or Options(), run.attempt(given))
    return list(result.rows.to_pylist())


def raise_(error: Exception) -> None:
    raise error
