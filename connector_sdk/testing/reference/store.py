"""An account of the reference service: its records, what it executed, and its faults."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from connector_sdk import Action, ConfigError, Field
from connector_sdk.testing.reference import faults
from connector_sdk.testing.reference.database import connect, transaction
from connector_sdk.testing.reference.faults import Fault
from connector_sdk.testing.reference.jobs import Reply
from connector_sdk.testing.reference.records import Records
from connector_sdk.testing.reference.service import Service
from connector_sdk.testing.reference.shapes import SHAPES
from connector_sdk.testing.reference.values import Wire, comparable, from_wire, to_wire
from connector_sdk.testing.reference.wire import Line

MEMORY = ":memory:"
"""The prefix of paths that name a store in memory, which lives as long as the process."""

_in_memory: dict[str, Store] = {}


@frozen
class Executed:
    """A batch as the service executed it, and the call that it came through."""

    number: int
    call: str
    object_name: str
    action: str
    rows: int


class Store:
    """One account of the service. Stores with the same path are the same account, even in several processes."""

    def __init__(self, path: str) -> None:
        """Open the account at `path`, or create it. Use `Store.at` to share an account in memory."""
        self._lock = threading.RLock()
        self._database = connect("" if path.startswith(MEMORY) else path)
        self._path = path
        self._records = Records(self._database)
        self._service = Service(self._database, self._records, self._lock)

    @classmethod
    def at(cls, path: str | Path) -> Store:
        """Open the account at a path. Each call with the same `:memory:NAME` returns the same store in this process."""
        name = str(path)
        if not name.startswith(MEMORY):
            return cls(name)
        if name not in _in_memory:
            _in_memory[name] = cls(name)
        return _in_memory[name]

    def close(self) -> None:
        """Close the file. An account in memory stays open."""
        if not self._path.startswith(MEMORY):
            self._database.close()

    @property
    def account(self) -> str:
        """The id of the account."""
        return str(self._account()[0])

    @property
    def token(self) -> str:
        """The token that a login must have; empty means none."""
        return str(self._account()[1])

    @property
    def calls_left(self) -> int | None:
        """The number of calls left in the quota; None if there is no quota."""
        left: int | None = self._account()[2]
        return left

    def become(self, *, account: str | None = None, token: str | None = None, calls_left: int | None = None) -> None:
        """Change the account's id, the token that it requires, or its quota of calls."""
        with self._change():
            self._database.execute(
                "update account set id = coalesce(?, id), token = coalesce(?, token), "
                "calls_left = coalesce(?, calls_left)",
                (account, token, calls_left),
            )

    def add_fault(self, fault: Fault) -> None:
        """Add a fault."""
        with self._change():
            faults.add(self._database, fault)

    def clear_faults(self) -> None:
        """Remove all faults. Late calls stay late."""
        with self._change():
            faults.clear(self._database)

    def deliver_late(self) -> None:
        """Execute all late calls now."""
        self._service.deliver_late()

    def request(self, call: str, **arguments: Any) -> Reply:
        """Make a call as a client does.

        Raises `NotExecuted` if the service refuses the call, `Stale` if the object changed, and `LostAnswerError` if
        the answer is lost.
        """
        return self._service.request(call, arguments)

    def records(self, object_name: str) -> tuple[dict[str, Any], ...]:
        """Return the live records of an object, oldest first, as Python values by field. Omits inactive ones."""
        query = "select id, fields from record where object = ? and not deleted and active order by number"
        with self._lock:
            found = self._database.execute(query, (object_name,)).fetchall()
        return tuple({"id": id_, **_python(object_name, json.loads(fields))} for id_, fields in found)

    def merged_keys(self, object_name: str) -> dict[str, str]:
        """Return the keys of merged records, each with the key of the record that it was merged into."""
        query = (
            "select gone.key, kept.key from record gone join record kept on kept.id = gone.merged_into"
            " where gone.object = ? order by gone.number"
        )
        with self._lock:
            return dict(self._database.execute(query, (object_name,)).fetchall())

    def execution_counts(self, object_name: str) -> dict[str, int]:
        """Return how often rows of each key were executed, over all actions. Refused rows do not count."""
        found: Counter[str] = Counter()
        with self._lock:
            query = "select key, times from executed where object = ?"
            for key, times in self._database.execute(query, (object_name,)):
                found[key] += times
        return dict(found)

    def batches(self) -> tuple[Executed, ...]:
        """Return the executed batches, in order."""
        query = "select number, call, object, action, rows from batch order by number"
        with self._lock:
            return tuple(Executed(*each) for each in self._database.execute(query).fetchall())

    def version(self, object_name: str) -> str:
        """Return the version of an object, which changes whenever its records change."""
        with self._lock:
            return self._records.version(object_name)

    def find(self, object_name: str, field: str, values: Sequence[Any]) -> list[list[str]]:
        """Find the ids of the records that have each of the values."""
        return self._find(object_name, field, values, self._records.find)

    def search(self, object_name: str, field: str, values: Sequence[Any]) -> list[list[str]]:
        """Find the ids of the records that have each of the values, by the equality rules of reference searches."""
        return self._find(object_name, field, values, self._records.search)

    def filter_ids(self, object_name: str, ids: Sequence[str], conditions: Mapping[str, Any]) -> list[str]:
        """Return those of the ids whose records have these values in these fields."""
        fields = [(self._field(object_name, name), to_wire(value)) for name, value in conditions.items()]
        with self._lock:
            held = {each: self._records.fields(each) or {} for each in ids}
        return [
            id_
            for id_, found in held.items()
            if all(comparable(field, found.get(field.name)) == comparable(field, value) for field, value in fields)
        ]

    def find_successors(self, ids: Sequence[str]) -> list[str | None]:
        """Return the record that each record was merged into or became, or None if there is none."""
        with self._lock:
            return [self._records.find_successor(each) for each in ids]

    def put(self, object_name: str, **values: Any) -> str:
        """Create a record by hand, and return its id. No fault applies, and it does not count as executed."""
        return self._by_hand(object_name, Action.CREATE, None, values)

    def change(self, object_name: str, id_: str, **values: Any) -> None:
        """Change a record by hand."""
        self._by_hand(object_name, Action.UPDATE, id_, values)

    def delete(self, object_name: str, id_: str) -> None:
        """Delete a record by hand."""
        self._by_hand(object_name, Action.DELETE, id_, {})

    def convert(self, guest: str) -> str:
        """Convert a guest to one of the people by hand, and return the id of that record."""
        with self._change():
            return self._records.convert_guest(guest)

    def _by_hand(self, object_name: str, action: Action, id_: str | None, values: Mapping[str, Any]) -> str:
        line: Line = {"id": id_, "set": {name: to_wire(value) for name, value in values.items()}, "by": {}}
        with self._change():
            return self._records.by_hand(object_name, action, line)

    def _find(
        self, object_name: str, field: str, values: Sequence[Any], find: Callable[[str, Field, Wire], list[str]]
    ) -> list[list[str]]:
        shape = self._field(object_name, field)
        with self._lock:
            return [find(object_name, shape, to_wire(value)) for value in values]

    def _field(self, object_name: str, field: str) -> Field:
        shape = SHAPES[object_name].field(field)
        if shape is None:
            raise ConfigError(f"{object_name} has no field {field}")
        return shape

    def _account(self) -> tuple[Any, ...]:
        with self._lock:
            found: tuple[Any, ...] = self._database.execute("select id, token, calls_left from account").fetchone()
            return found

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self._lock, transaction(self._database):
            yield


def _python(object_name: str, fields: Mapping[str, Wire]) -> dict[str, Any]:
    shape = SHAPES[object_name]
    known = [each for each in shape.schema.fields if each.name in fields]
    return {each.name: from_wire(each, fields[each.name]) for each in known}
