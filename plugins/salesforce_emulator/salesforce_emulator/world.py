"""Everything that one running org consists of."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from salesforce_emulator.allocations import Allocations
from salesforce_emulator.audit import Audit
from salesforce_emulator.bulk.jobs import Jobs
from salesforce_emulator.bulk.reading import BatchReader
from salesforce_emulator.bulk.workers import Workers
from salesforce_emulator.bulk2.model import IngestJob, QueryJob
from salesforce_emulator.bulk2.shelf import Shelf
from salesforce_emulator.clock import Clock
from salesforce_emulator.cursors import Cursors
from salesforce_emulator.dml.engine import Engine
from salesforce_emulator.dml.model import Operation, RowResult, Write
from salesforce_emulator.faults import Faults
from salesforce_emulator.json_rows import JsonRows
from salesforce_emulator.org.model import Org, Value
from salesforce_emulator.org.reading import OrgError
from salesforce_emulator.schema import Row, Schema, Schemas
from salesforce_emulator.sessions import Sessions
from salesforce_emulator.soql.running import Found, run
from salesforce_emulator.soql.selecting import field_shower
from salesforce_emulator.store import Store


class World:
    """One org: what is declared, what is stored, who is logged in."""

    def __init__(self, org: Org, seed: int = 0) -> None:
        self.org = org
        self.seed = seed
        self.url = ""
        self.clock = Clock()
        self.schemas = Schemas(org)
        self.json_rows = JsonRows(self.schemas)
        self.changed_at = self.clock.now()
        self.audit = Audit()
        self.faults = Faults()
        read = BatchReader(self.schemas, self.json_rows)
        self.workers = Workers(org.bulk, seed)
        self.jobs = Jobs(read, self._execute_in_chunks, self.query, self.clock, self.workers)
        self.ingest_jobs: Shelf[IngestJob] = Shelf(self.clock)
        self.query_jobs: Shelf[QueryJob] = Shelf(self.clock)
        self._fill()

    def reset(self) -> None:
        """Back to the state of the org file: records, sessions, jobs, counters and fault rules."""
        self.faults.replace([])
        self.audit.reset()
        self.workers.reset()
        for jobs in (self.jobs, self.ingest_jobs, self.query_jobs):
            jobs.reset()
        self._fill()

    def close(self) -> None:
        """End the threads of the Bulk APIs."""
        self.workers.close()

    def execute(self, write: Write, user: str | None = None) -> list[RowResult]:
        """Execute a write as the user who is logged in."""
        return self.engine.execute(write, user or self.user_id)

    def query(self, statement: str, version: str, with_deleted: bool = False) -> Found:
        """Run a SELECT statement. Raises SoqlError."""
        with self.engine.lock:
            return run(statement, self.schemas, self.store, version, with_deleted)

    def object_of_job(self, job_id: str) -> str | None:
        """The object that a job of either Bulk API is about."""
        job = self.jobs.find(job_id)
        if job is not None:
            return job.schema.name
        later = self.ingest_jobs.find(job_id) or self.query_jobs.find(job_id)
        return None if later is None else later.object_name

    def records(self, object_name: str) -> list[dict[str, Any]]:
        """Every record of an object with every field, deleted ones included, in the order of creation."""
        schema = self._schema(object_name)
        show = [(field.name, field_shower(schema, at)) for at, field in enumerate(schema.fields)]
        with self.engine.lock:
            return [{name: shown(row) for name, shown in show} for row in self.store[schema].rows.values()]

    def by_hand(self, operation: Operation, object_name: str, records: list[dict[str, Any]]) -> list[RowResult]:
        """Write as a person in Salesforce would: no audit, no fault rules, read-only fields may be set."""
        schema = self._schema(object_name)
        rows = [self.json_rows.read(schema, record) for record in records]
        return self.execute(Write(schema, operation, rows, trusted=True))

    def _schema(self, object_name: str) -> Schema:
        schema = self.schemas.find(object_name)
        if schema is None:
            raise KeyError(f"the org has no object {object_name}")
        return schema

    def _fill(self) -> None:
        self.store = Store(self.schemas)
        self.engine = Engine(self.schemas, self.store, self.audit, self.faults, self.clock)
        self.sessions = Sessions(self.org, self.clock, random.Random(self.seed))
        self.allocations = Allocations(self.org)
        self.cursors = Cursors()
        self.user_id = ""
        self._organization()
        for name in ("User", *(name for name in self.org.objects if name != "User")):
            self._seed(name)

    def _organization(self) -> None:
        schema = self.schemas.find("Organization")
        if schema is None:
            return
        row: Row = schema.blank.copy()
        facts: dict[str, Value] = {"Id": self.org.id, "Name": self.org.name, "IsSandbox": self.org.sandbox}
        for name, value in {**facts, "OrganizationType": "Developer Edition", "InstanceName": "EMU1"}.items():
            at = schema.at(name)
            if at is not None:
                row[at] = value
        self.store[schema].add(row)

    def _seed(self, name: str) -> None:
        records = self.org.objects[name].records
        results = self.by_hand("insert", name, list(records))
        problems = [
            f"objects.{name}.records[{at}]: {fault.code}: {fault.message}"
            for at, result in enumerate(results)
            for fault in result.faults
        ]
        if problems:
            raise OrgError(problems)
        if name == "User":
            names = [record.get("Username") for record in records]
            self.user_id = str(results[names.index(self.org.username)].record_id)

    def _execute_in_chunks(self, write: Write) -> Iterator[list[RowResult]]:
        return self.engine.chunks(write, self.user_id)
