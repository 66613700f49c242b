"""The calls of the service, with the faults that tests have added."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from connector_sdk import NotExecuted, Stale
from connector_sdk.testing.reference import faults
from connector_sdk.testing.reference.database import transaction
from connector_sdk.testing.reference.faults import Fault, FaultKind
from connector_sdk.testing.reference.jobs import Jobs, Reply
from connector_sdk.testing.reference.records import Records
from connector_sdk.testing.reference.wire import Request


class LostAnswerError(ConnectionError):
    """A broken connection: the service may have executed the call."""


class Service:
    """The service. It takes one call at a time and executes it completely or not at all, even if it is killed."""

    def __init__(self, database: sqlite3.Connection, records: Records, lock: threading.RLock) -> None:
        self._database = database
        self._records = records
        self._jobs = Jobs(database, records)
        self._lock = lock

    def request(self, call: str, arguments: Mapping[str, Any]) -> Reply:
        """Make a call.

        Raises `NotExecuted` if the service refuses the call, `Stale` if the object changed, and `LostAnswerError` if
        the answer is lost.
        """
        with self._lock:
            self._arrivals()
            with transaction(self._database):
                self._database.execute("update account set calls_left = max(0, calls_left - 1)")
                fault = faults.take(self._database, call, _object_of(arguments))
            return self._act(call, arguments) if fault is None else self._go_wrong(fault, call, arguments)

    def deliver_late(self) -> None:
        """Execute all late calls now."""
        with self._lock:
            while (number := self._oldest("1")) is not None:
                self._arrive(number)

    def _go_wrong(self, fault: Fault, call: str, arguments: Mapping[str, Any]) -> Reply:
        match fault.kind:
            case FaultKind.REFUSED:
                raise NotExecuted(fault.code, f"{fault.code}: told to refuse {call}", split=fault.code == "too_large")
            case FaultKind.CUT_AFTER:
                with suppress(NotExecuted, Stale):
                    self._act(call, arguments)
            case FaultKind.LATE:
                self._delay(call, arguments, fault.wait)
            case FaultKind.TWICE:
                self._delay(call, arguments, fault.wait)
                return self._act(call, arguments)
            case FaultKind.PARTIAL:
                return self._act(call, {**arguments, "partial": True})
            case FaultKind.MOVED:
                self._records.touch(_object_of(arguments))
                return self._act(call, arguments)
            case FaultKind.SLOW:
                return {"done": False}
        raise LostAnswerError(f"the connection broke during {call}")

    def _act(self, call: str, arguments: Mapping[str, Any]) -> Reply:
        with transaction(self._database):
            return self._calls()[call](**arguments)

    def _calls(self) -> Mapping[str, Callable[..., Reply]]:
        jobs = self._jobs
        return {
            "write": lambda body, partial=False: self._write(Request.parse(body), partial),
            "create_upload": jobs.open,
            "upload": jobs.upload,
            "commit": jobs.commit,
            "abort": lambda job: jobs.end(job, "aborted"),
            "state": jobs.state,
            "open_job": jobs.open,
            "post": jobs.post,
            "close_job": lambda job: jobs.end(job, "closed"),
            "list_batches": jobs.batches,
            "look": jobs.look,
            "replace": lambda body, version: self._replace(Request.parse(body), version),
        }

    def _write(self, request: Request, partial: bool) -> Reply:
        return self._jobs.look(str(self._jobs.execute("write", request, partial=partial)))

    def _replace(self, request: Request, version: str) -> Reply:
        now = self._records.version(request.object_name)
        if now != version:
            raise Stale(f"{request.object_name} is at version {now}, not {version}")
        return self._jobs.look(str(self._jobs.execute("replace", request, replace=True)))

    def _delay(self, call: str, arguments: Mapping[str, Any], wait: int) -> None:
        entry = (wait, call, json.dumps(arguments))
        self._database.execute("insert into late (wait, call, arguments) values (?, ?, ?)", entry)

    def _arrivals(self) -> None:
        """Execute the late calls whose wait is over, and shorten the wait of the others by one call."""
        while (number := self._oldest("wait <= 1")) is not None:
            self._arrive(number)
        self._database.execute("update late set wait = wait - 1")

    def _arrive(self, number: int) -> None:
        call, arguments = self._database.execute("select call, arguments from late where id = ?", (number,)).fetchone()
        self._database.execute("delete from late where id = ?", (number,))
        with suppress(NotExecuted, Stale):
            self._act(call, json.loads(arguments))

    def _oldest(self, condition: str) -> int | None:
        found: int | None = self._database.execute(f"select min(id) from late where {condition}").fetchone()[0]
        return found


def _object_of(arguments: Mapping[str, Any]) -> str:
    return Request.parse(arguments["body"]).object_name if "body" in arguments else ""
