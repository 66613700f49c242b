"""The Bulk API 2.0 of a scripted org, as little of it as the plugin's protocol needs: ingest jobs and their files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, field
from connector_salesforce import plugin
from connector_salesforce.config import Options
from connector_salesforce.org.org import Org
from connector_salesforce.transport.sending import Answer, Request

from connector_sdk import Action, Batch, Connection
from connector_sdk.testing.doubles import RecordingRun

from .scripted import CONTACT_FIELDS, ORG_ID, ScriptedTransport, add_objects, answer, batch, described_object, read_body

RECORD = "003dM00003kS2ndQAC"
BASE = "/services/data/v58.0/jobs/ingest"
FILES = {"successfulResults": ("sf__Id", "sf__Created"), "failedResults": ("sf__Id", "sf__Error"),
         "unprocessedrecords": ()}  # fmt: skip

Line = tuple[str, ...]


@define
class IngestJob:
    settings: Mapping[str, str]
    state: str = "Open"
    body: bytes = b""
    said: dict[str, Any] = field(factory=dict)

    @property
    def rows(self) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.body.decode(), newline="")))


@define
class IngestOrg:
    """All rows succeed unless `files` says what the files hold: name to lines, by how often it is asked.

    `ends` is the end state of every job; `before` and `after` may raise around the call of that name.
    """

    transport: ScriptedTransport = field(factory=ScriptedTransport)
    jobs: dict[str, IngestJob] = field(factory=dict)
    ends: dict[str, Any] = field(factory=lambda: {"state": "JobComplete"})
    files: dict[str, list[Sequence[Line] | bytes]] = field(factory=dict)
    before: dict[str, Callable[[], None]] = field(factory=dict)
    after: dict[str, Callable[[], None]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        on = self.transport.on
        add_objects(self.transport, *(described_object(name, CONTACT_FIELDS) for name in ("Contact", "Lead")))
        on("POST", BASE, self._wrap("open", self._open))
        on("PUT", f"{BASE}/[^/]+/batches", self._wrap("fill", self._fill))
        on("PATCH", f"{BASE}/[^/]+", self._patch)
        on("GET", f"{BASE}/[^/]+", self._look)
        on("GET", f"{BASE}/[^/]+/(successfulResults|failedResults|unprocessedrecords)", self._file)

    @property
    def executed(self) -> list[str]:
        """The first cell of every row that was executed."""
        done = [job for job in self.jobs.values() if job.state == "UploadComplete"]
        return [row[0] for job in done for row in job.rows[1:]]

    def _wrap(self, name: str, handle: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
        def handle_call(request: Request) -> Answer:
            self.before.get(name, lambda: None)()
            said = handle(request)
            self.after.get(name, lambda: None)()
            return said

        return handle_call

    def _open(self, request: Request) -> Answer:
        name = f"750{len(self.jobs):012}AAA"
        self.jobs[name] = IngestJob(json.loads(read_body(request)))
        return answer({"id": name, "state": "Open", "contentUrl": f"{BASE[1:]}/{name}/batches"})

    def _fill(self, request: Request) -> Answer:
        job = self.jobs[request.url.split("/")[-2]]
        if job.body:
            return refuse_call("CLIENTINPUTERROR", "Found multiple contents for job")
        job.body = read_body(request)
        return answer(b"", 201)

    def _patch(self, request: Request) -> Answer:
        state = json.loads(read_body(request))["state"]
        return self._wrap("abort" if state == "Aborted" else "hand over", lambda each: self._put(each, state))(request)

    def _put(self, request: Request, state: str) -> Answer:
        job = self.jobs[request.url.split("/")[-1]]
        if job.state != "Open":
            return refuse_call("INVALIDJOBSTATE", f"the job is {job.state}")
        job.state = state
        return answer({"id": request.url.split("/")[-1], "state": state})

    def _look(self, request: Request) -> Answer:
        name = request.url.split("/")[-1]
        job = self.jobs[name]
        if job.state == "UploadComplete":
            processed = len(job.rows) - 1
            return answer({"id": name, "state": "JobComplete", "numberRecordsProcessed": processed, **self.ends})
        return answer({"id": name, "state": job.state, "numberRecordsProcessed": 0})

    def _file(self, request: Request) -> Answer:
        job, name = self.jobs[request.url.split("/")[-2]], request.url.split("/")[-1]
        said = self.files.get(name)
        lines = (said.pop(0) if len(said) > 1 else said[0]) if said else _default(job, name, bool(self.files))
        return answer(lines if isinstance(lines, bytes) else written_file(name, job.rows[0], lines))


def _default(job: IngestJob, name: str, told: bool) -> list[Line]:
    if told or name != "successfulResults":
        return []
    rows = [(_record(number, row), "true", *row) for number, row in enumerate(job.rows[1:])]
    return rows[::-1]


def _record(number: int, row: Sequence[str]) -> str:
    """Return the id of a row's record: the one that it was sent with, or a new one."""
    return row[0] if row[0].startswith("003") else RECORD if not number else f"003{number:012}AAA"


def written_file(name: str, columns: Sequence[str], lines: Sequence[Line]) -> bytes:
    """Return a result file as Salesforce writes it: its own names and all cells quoted, the names of columns not."""
    text = io.StringIO()
    text.write(",".join([*(f'"{each}"' for each in FILES[name]), *columns]) + "\n")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()


def refuse_call(code: str, message: str, status: int = 400) -> Answer:
    return answer([{"errorCode": code, "message": message}], status)


def contacts(*keys: str, number: int = 1, action: Action = Action.UPSERT, **more: Any) -> Batch:
    """Return a batch of contacts with these keys, or with these ids."""
    if action is Action.DELETE:
        return batch({}, action, ids=keys, api="bulk2", number=number)
    rows = {"LastName": [f"of {key}" for key in keys]}
    if action is Action.UPDATE:
        return batch(rows, action, ids=keys, api="bulk2", number=number)
    return batch({"External_Id__c": list(keys), **rows}, action, api="bulk2", number=number, **more)


def write_batch(opened: Org, given: Batch, run: RecordingRun, options: Options | None = None) -> list[dict[str, Any]]:
    """Write a batch as the core does, and return the lines of the answer."""
    connection = Connection(handle=opened, account=ORG_ID, label="", production=None, close=opened.close)
    result = plugin.write_batch(connection, given, options or Options(), run.attempt(given))
    return list(result.rows.to_pylist())
