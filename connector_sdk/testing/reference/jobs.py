"""The jobs of the service: uploads that are inert until committed, and jobs that take batches until closed."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from connector_sdk import NotExecuted
from connector_sdk.testing.reference.records import Records
from connector_sdk.testing.reference.wire import Answer, Request, as_json

Reply = dict[str, Any]


class Jobs:
    """The jobs of the service. The caller of each method must have begun a transaction.

    A job is `open`, then `closed`, `committed` or `aborted`. Later calls change nothing.
    """

    def __init__(self, database: sqlite3.Connection, records: Records) -> None:
        self._database = database
        self._records = records

    def open(self) -> Reply:
        """Open a new job."""
        return {"job": str(self._database.execute("insert into job default values").lastrowid)}

    def upload(self, job: str, body: str) -> Reply:
        """Store the data of an open job without executing it. Raises `NotExecuted` if the job is not open."""
        self._must_be_open(job)
        self._database.execute("update job set request = ? where number = ?", (body, job))
        return self.state(job)

    def commit(self, job: str, *, partial: bool = False) -> Reply:
        """Execute the uploaded rows. A second commit has no effect."""
        if self.state(job)["state"] == "open":
            (body,) = self._database.execute("select request from job where number = ?", (job,)).fetchone()
            batch = self.execute("commit", Request.parse(body), job, partial=partial)
            self._database.execute("update job set state = 'committed', batch = ? where number = ?", (batch, job))
        return self.state(job)

    def end(self, job: str, state: str) -> Reply:
        """Set an open job to `closed` or `aborted`, so that it takes no more data."""
        self._database.execute("update job set state = ? where number = ? and state = 'open'", (state, job))
        return self.state(job)

    def post(self, job: str, body: str, *, partial: bool = False) -> Reply:
        """Execute a batch in an open job. Raises `NotExecuted` if the job is not open."""
        self._must_be_open(job)
        return {"batch": str(self.execute("post", Request.parse(body), job, partial=partial))}

    def batches(self, job: str) -> Reply:
        """Return the batches of a job, oldest first."""
        found = self._database.execute("select number from batch where job = ? order by number", (job,))
        return {"batches": [str(number) for (number,) in found]}

    def state(self, job: str) -> Reply:
        """Return the state of a job, and the number of its committed batch."""
        state, batch = self._database.execute("select state, batch from job where number = ?", (job,)).fetchone()
        return {"job": job, "state": state, "batch": None if batch is None else str(batch)}

    def look(self, batch: str) -> Reply:
        """Return the answers to the rows of a batch."""
        (answers,) = self._database.execute("select answers from batch where number = ?", (batch,)).fetchone()
        return {"done": True, "answers": json.loads(answers)}

    def execute(
        self, call: str, request: Request, job: str | None = None, *, partial: bool = False, replace: bool = False
    ) -> int:
        """Execute rows, store their answers, and return the number of the batch."""
        records = self._records
        answers = records.replace(request) if replace else records.execute(request, partial=partial)
        return self._store_batch(call, request, job, answers)

    def _store_batch(self, call: str, request: Request, job: str | None, answers: list[Answer]) -> int:
        entry = (job, call, request.object_name, request.action, len(answers), as_json(answers))
        added = self._database.execute(
            "insert into batch (job, call, object, action, rows, answers) values (?, ?, ?, ?, ?, ?)", entry
        )
        return int(added.lastrowid or 0)

    def _must_be_open(self, job: str) -> None:
        if self.state(job)["state"] != "open":
            raise NotExecuted("job_closed", f"job {job} takes nothing more")
