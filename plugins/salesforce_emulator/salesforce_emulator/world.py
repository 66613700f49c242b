"""Everything that one running org consists of."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from attrs import frozen

from salesforce_emulator.allocations import Allocations
from salesforce_emulator.audit import Audit
from salesforce_emulator.authorizations import Authorizations
from salesforce_emulator.automation.rules import Rules
from salesforce_emulator.clock import Clock, data_time
from salesforce_emulator.cursors import Cursors
from salesforce_emulator.dml.engine import Engine
from salesforce_emulator.dml.model import Operation, RowInput, RowResult, Write
from salesforce_emulator.dml.publishing import Publisher
from salesforce_emulator.event_bus import Bus
from salesforce_emulator.faults import Faults
from salesforce_emulator.hosts import Hosts
from salesforce_emulator.idempotency import Idempotency
from salesforce_emulator.jobs.bulk2_job import IngestJob, QueryJob
from salesforce_emulator.jobs.bulk_job import Batch
from salesforce_emulator.jobs.bulk_jobs import Jobs
from salesforce_emulator.jobs.reading import BatchReader
from salesforce_emulator.jobs.shelf import Shelf
from salesforce_emulator.jobs.workers import Workers
from salesforce_emulator.json_rows import JsonRows
from salesforce_emulator.locks import LockTable
from salesforce_emulator.metadata.history import History
from salesforce_emulator.org.access import LoginState, Permissions
from salesforce_emulator.org.model import Org
from salesforce_emulator.org.permissions import restrict_to_user, reveal_org
from salesforce_emulator.org.reading import OrgError, change_org
from salesforce_emulator.org_rows import put_org_rows
from salesforce_emulator.schema import Schema, Schemas
from salesforce_emulator.sessions import Sessions
from salesforce_emulator.setup.catalogue import REST, TOOLING, Catalogue, select_known
from salesforce_emulator.soql.running import Found, run
from salesforce_emulator.soql.selecting import field_shower
from salesforce_emulator.soql.tokens import SoqlError
from salesforce_emulator.storage import LIMIT
from salesforce_emulator.store import Store

_BIN_SECONDS = 15 * 86_400


@frozen
class View:
    """The org as one user sees it."""

    schemas: Schemas
    json_rows: JsonRows


class World:
    """One running org: its declared objects, stored records, sessions and jobs."""

    user_id: str

    def __init__(self, org: Org, seed: int = 0) -> None:
        self.org = self._file = org
        self.seed = seed
        self.hosts = Hosts()
        self.clock = Clock()
        self.changed_at = self.clock.now()
        self.audit = Audit()
        self.faults = Faults()
        self.resets = 0
        self.locks = LockTable()
        self.workers = Workers(org, seed)
        self.jobs = Jobs(self._read, self._execute_in_chunks, self.query, self.clock, self.workers)
        self.ingest_jobs: Shelf[IngestJob] = Shelf(self.clock)
        self.query_jobs: Shelf[QueryJob] = Shelf(self.clock)
        self._fill()

    def reset(self) -> None:
        """Restore the state of the org file: objects, records, sessions, jobs, counters and fault rules."""
        self.resets += 1
        self.faults.replace([])
        self.hosts.return_home()
        self.audit.reset()
        self.locks.reset()
        self.workers.reset()
        for jobs in (self.jobs, self.ingest_jobs, self.query_jobs):
            jobs.reset()
        if self.org is not self._file:
            self.org = self._file
            self.workers.adopt(self.org)
            self._touch()
        self._fill()

    def change(self, change: dict[str, Any], user: str | None = None) -> None:
        """Apply a change to the org while it runs, as an admin would. If it raises OrgError, nothing has changed."""
        self.adopt(change_org(self.org, change), user)

    def adopt(self, org: Org, user: str | None = None) -> None:
        """Apply another state of the org. If it raises OrgError, nothing has changed."""
        with self.engine.lock:
            Rules(
                org,
                Schemas(reveal_org(org).objects, self.schemas),
                Store(Schemas(reveal_org(org).objects, self.schemas)),
            )
            added = [name for name in org.objects if name not in self.org.objects]
            self.schemas.replace(reveal_org(org).objects, self.schemas)
            self.store.adopt(self.schemas)
            self.allocations.adopt(self.org.limits, org.limits)
            self.history.note(self.org, org, user or self.user_id)
            self.org = org
            self.engine.adopt(org)
            self.workers.adopt(org)
            self.sessions.adopt(org)
            self._views.clear()
            self._catalogues.clear()
            self._touch()
            put_org_rows(org, self.schemas, self.store)
            for name in added:
                self._seed(name)
            self.user_id = self._user_named(org.username)
            self._end_logins_of_the_frozen()

    def _end_logins_of_the_frozen(self) -> None:
        """End the sessions and refresh tokens of frozen users. Help 005318944."""
        for user_id, username in self.usernames.items():
            if username in self.org.users and self.org.users[username].frozen:
                self.sessions.close_user(user_id)
                self.authorizations.end_refresh_tokens_of(user_id)

    def advance(self, seconds: float) -> None:
        """Move time forward. Sessions and jobs age; the recycle bin drops records older than 15 days."""
        self.clock.advance(seconds)
        self.workers.advance(seconds)
        horizon = data_time(self.clock.now() - _BIN_SECONDS)
        with self.engine.lock:
            for table in self.store.tables.values():
                table.empty_bin(horizon)

    def _touch(self) -> None:
        # Last-Modified has whole seconds. Two changes within one second must still differ.
        self.changed_at = max(self.clock.now(), int(self.changed_at) + 1)

    def expire(self, access: bool = True, refresh: bool = False) -> None:
        """End every session if `access` is set. Invalidate every refresh token if `refresh` is set."""
        if access:
            self.sessions.close_all()
        if refresh:
            self.authorizations.end_refresh_tokens()

    def view(self, user_id: str) -> View:
        """Return the org as a user sees it."""
        view = self._views.get(user_id)
        if view is None:
            schemas = Schemas(restrict_to_user(self.org, self.usernames.get(user_id, "")).objects, self.schemas)
            view = self._views[user_id] = View(schemas, JsonRows(schemas))
        return view

    def permissions(self, user_id: str) -> Permissions:
        """Return the permissions of a user."""
        return self.org.permissions.get(self.usernames.get(user_id, ""), Permissions())

    def login_state(self, user_id: str) -> LoginState:
        """Return what blocks the logins of a user."""
        return self.org.users.get(self.usernames.get(user_id, ""), LoginState()) if self.org.users else LoginState()

    @property
    def usernames(self) -> dict[str, str]:
        """The usernames of all users, by user id."""
        schema = self.schemas.get("User")
        at = schema.position["username"]
        return {str(row[0]): str(row[at]) for row in list(self.store[schema].rows.values())}

    def close(self) -> None:
        """End the threads of the Bulk APIs."""
        self.workers.close()

    def execute(self, write: Write, user: str | None = None) -> list[RowResult]:
        """Execute a write as a user, by default the user that clients are logged in as."""
        return self.engine.execute(write, user or self.user_id)

    def tooling(self, user_id: str, version: str) -> Catalogue:
        """Return what the Tooling API shows a user: nothing without "View Setup and Configuration"."""
        return self._setup(user_id, TOOLING, version)

    def _setup(self, user_id: str, served: frozenset[str], version: str) -> Catalogue:
        seen = select_known(version, served) if self.permissions(user_id).view_setup else frozenset()
        users, found = self.usernames, self._catalogues.get(seen)
        if found is None or found.users != users:
            found = self._catalogues[seen] = Catalogue(self.org, users, self.history, seen)
        return found

    def query(self, statement: str, version: str, with_deleted: bool = False, user: str | None = None) -> Found:
        """Run a SELECT statement as a user. Raises SoqlError."""
        user_id = user or self.user_id
        try:
            with self.engine.lock:
                return run(statement, self.view(user_id).schemas, self.store, version, with_deleted, self.clock.now)
        except SoqlError as error:
            if error.code != "INVALID_TYPE":
                raise
            return self._setup(user_id, REST, version).query(statement, version, error)

    def usage(self) -> str:
        """Return the header Sforce-Limit-Info."""
        return self.allocations.usage(self.org.usage_lag)

    def limits(self) -> dict[str, Any]:
        """Return the response of `/limits`: what is left of each allocation and of the data storage."""
        shown = self.allocations.describe()
        if LIMIT in shown:
            with self.engine.lock:
                shown[LIMIT]["Remaining"] = self.engine.storage.count_free_megabytes()
        return shown

    def stats(self) -> dict[str, Any]:
        """Return the counters of calls and rows, and of locks if the org uses the lock model."""
        counted = self.audit.stats()
        return counted if self.org.locks is None else {**counted, "locks": self.locks.stats()}

    def object_of_job(self, job_id: str) -> str | None:
        """Return the object of a job of either Bulk API."""
        job = self.jobs.find(job_id)
        if job is not None:
            return job.object_name
        later = self.ingest_jobs.find(job_id) or self.query_jobs.find(job_id)
        return None if later is None else later.object_name

    def records(self, object_name: str) -> list[dict[str, Any]]:
        """Return every record of an object with every field, including deleted ones, in order of creation."""
        schema = self._schema(object_name)
        show = [(schema.fields[at].name, field_shower(schema, at)) for at in schema.visible]
        with self.engine.lock:
            return [{name: shown(row) for name, shown in show} for row in self.store[schema].rows.values()]

    def events(self, name: str) -> dict[str, Any]:
        """Return the published events in order, and their counts by key. Raises KeyError."""
        schema = self._schema(name)
        with self.engine.lock:
            return self.bus.describe(schema.name)

    def by_hand(self, operation: Operation, object_name: str, records: list[dict[str, Any]]) -> list[RowResult]:
        """Write as a user in Salesforce would: not audited, without fault rules, and with read-only fields."""
        schema = self._schema(object_name)
        read = JsonRows(self.schemas).read
        rows = [read(schema, record) for record in records]
        return self.execute(Write(schema, operation, rows, trusted=True))

    def _schema(self, object_name: str) -> Schema:
        schema = self.schemas.find(object_name)
        if schema is None:
            raise KeyError(f"the org has no object {object_name}")
        return schema

    def _fill(self) -> None:
        self._views: dict[str, View] = {}
        self._catalogues: dict[frozenset[str], Catalogue] = {}
        self.schemas = Schemas(reveal_org(self.org).objects)
        self.store = Store(self.schemas)
        self.allocations = Allocations(self.org, self.clock)
        self.bus = Bus(random.Random(self.seed + 2))
        publisher = Publisher(self.schemas, self.bus, self.allocations, self.clock)
        self.engine = Engine(
            self.org, self.schemas, self.store, self.audit, self.faults, self.clock, self.locks, publisher
        )
        self.sessions = Sessions(self.org, self.clock, random.Random(self.seed))
        self.authorizations = Authorizations(self.clock, random.Random(self.seed + 1))
        self.cursors = Cursors()
        self.idempotency = Idempotency(self.clock)
        self.history = History(self.clock)
        self.user_id = ""
        put_org_rows(self.org, self.schemas, self.store)
        for name in ("User", *(name for name in self.org.objects if name != "User")):
            self._seed(name)

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
            self.user_id = self._user_named(self.org.username)

    def _user_named(self, username: str) -> str:
        return next(user_id for user_id, name in self.usernames.items() if name == username)

    def _read(self, batch: Batch) -> tuple[Schema, list[RowInput]]:
        view = self.view(batch.job.user_id)
        schema = view.schemas.get(batch.job.object_name)
        return schema, BatchReader(view.schemas, view.json_rows)(batch, schema)

    def _execute_in_chunks(self, write: Write, user: str) -> Iterator[list[RowResult]]:
        return self.engine.chunks(write, user)
