"""Open everything that one run of a sync works with, and close it in reverse order."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from attrs import define, evolve, field, frozen

from connector_sdk.contract.connection import Connection
from connector_sdk.contract.errors import ConfigError, ExitCode, Problem, RunStopped
from connector_sdk.contract.project import CsvForm, Model, Outline, Project, Sync
from connector_sdk.contract.schema import ObjectSchema
from connector_sdk.contract.spec import Mode
from connector_sdk.hooks.destination import Destination
from connector_sdk.hooks.observers import Observers
from connector_sdk.lifecycle.connect import OpenConnection, find_destination, hold_connection
from connector_sdk.observing.calls import CallRecorder
from connector_sdk.observing.host import RunHost
from connector_sdk.project.checks import check_sync
from connector_sdk.project.delivery import DeliverySettings, delivery_settings
from connector_sdk.settings.structure import structure
from connector_sdk.settings.suggest import suggest_list, suggestion
from connector_sdk.state.database import open_database
from connector_sdk.state.folder import StateFolder, state_folder
from connector_sdk.state.inspection import require_own
from connector_sdk.state.journal import Journal, moment, now
from connector_sdk.state.lock import Lock, hold_lock
from connector_sdk.state.records import UNKNOWN_KEY, RemovedToday, SyncState
from connector_sdk.state.rollback_guard import RollbackGuard
from connector_sdk.state.snapshot_file import snapshot_file

_PLAIN = (CsvForm(), ())
"""The defaults of a model's settings. They stay out of hashes, so that plans of older versions can still be run."""

_DAY = timedelta(hours=24)
_PLANS = 2
"""The number of the way in which plans are made out of rows. A plan that was saved with another number is stale."""


@define
class Stopwatch:
    """The time at which the present run of a session began, and the seconds since then."""

    clock: Callable[[], float] = time.monotonic
    started: str = field(init=False)
    _since: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Start to time the next run."""
        self.started, self._since = now(), self.clock()

    @property
    def seconds(self) -> float:
        """The seconds that the run has taken so far."""
        return self.clock() - self._since


@frozen
class Session:
    """A sync with its open connection and its state. `lock` is None if other runs are not excluded."""

    project: Project
    sync: Sync
    model: Model
    folder: StateFolder
    journal: Journal
    destination: Destination
    connection: Connection
    host: RunHost
    settings: DeliverySettings
    options: Any
    schemas: Mapping[str, ObjectSchema]
    observers: Observers
    lock: Lock | None
    watch: Stopwatch
    guard: RollbackGuard

    @property
    def id(self) -> str | None:
        """The id of this session in the lock of its sync, and in the runs that it works on."""
        return self.lock.session if self.lock else None

    @property
    def resends(self) -> bool:
        """Whether rows that may have been created are sent again instead of held."""
        return self.destination.resends(self.options)

    def keep_locked(self) -> AbstractContextManager[None]:
        """Return a share of the lock for a thread, which may outlive the session."""
        return self.lock.share() if self.lock else nullcontext()

    @property
    def target(self) -> Mapping[str, str]:
        """What the sync writes to, as text. A snapshot of one target says nothing about another target."""
        return {
            "destination": self.destination.name,
            "account": self.connection.account,
            "model": self.model.name,
            "objects": ", ".join(self.sync.objects),
            "primary key": ", ".join(self.model.primary_key),
            "match field": self.sync.match.field if self.sync.match else "",
            "mode": _family(self.sync.mode),
        }

    @property
    def written_to(self) -> str:
        """The destination, account and objects that the sync writes to, as text.

        Rows that are there already would exist twice if they were sent again.
        """
        return " ".join(self.target[each] for each in ("destination", "account", "objects"))

    @property
    def config(self) -> str:
        """A hash of everything that decides what a plan of this sync contains, except for the rows."""
        model = evolve(self.model, data=None)
        reading = [each for each in (model.csv, model.partitions) if each not in _PLAIN]
        parts = (_PLANS, self.sync, model, sorted(self.target.items()), *reading)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def state(self) -> SyncState | None:
        """Return the state in which the last run left the sync, None without one."""
        return self.journal.sync(self.sync.name)

    @property
    def generation(self) -> int:
        """The number of runs that changed the state of the sync."""
        previous = self.state()
        return previous.generation if previous else 0

    @property
    def may_have_unknown_rows(self) -> bool:
        """Whether the destination may have rows whose keys are unknown."""
        return any(each.key == UNKNOWN_KEY for each in self.journal.held_rows(self.sync.name))

    def count_removed_today(self) -> RemovedToday:
        """Count the rows that runs of the last 24 hours removed. Removals dated in the future count, too."""
        found = self.journal.list_removed(self.sync.name, moment(datetime.now(UTC) - _DAY))
        return RemovedToday(sum(each.rows for each in found), found[0].known if found else 0)

    def snapshot(self) -> Path | None:
        """Return the file of the present snapshot, None without one. Raises `RunStopped` if the file was changed."""
        return snapshot_file(self.folder, self.state())

    def guard_target(self, previous: SyncState) -> None:
        """Raise `RunStopped` if the snapshot belongs to another target, because it says nothing about this one.

        If just the name of the model changed, the plan has a finding that says how much of the model is known.
        """
        now, then = self.target, previous.target
        words = [word for word in now if word != "model" and now[word] != then.get(word)]
        if words:
            changes = "; ".join(f"{word} was {then.get(word, 'not recorded')!r} and is {now[word]!r}" for word in words)
            start = "--start-over --accept account" if "account" in words else "--start-over"
            raise RunStopped(
                f"{self.sync.name} wrote to another target before, according to {self.folder.database.name}: {changes}",
                hint=f"restore the former setting, or pass {start} to forget what was sent; no record was removed",
                exit_code=ExitCode.GUARD,
            )


@contextmanager
def journal_of(project: Project | Outline, state: Path | None = None) -> Iterator[tuple[StateFolder, Journal]]:
    """Open the state of a project for reading or writing, and close it at the end."""
    folder = state_folder(project, state)
    with closing(Journal(open_database(folder.database))) as journal:
        yield folder, journal


@contextmanager
def open_session(
    project: Project,
    name: str,
    *,
    state: Path | None,
    destinations: Mapping[str, Destination] | None,
    observers: Sequence[object],
    exclusive: bool,
) -> Iterator[Session]:
    """Check a sync, open its state and its connection, and discover its objects. `exclusive` excludes other runs.

    Raises `ConfigError` with every problem that is known at that point.
    """
    watch = Stopwatch()
    sync, model = find_sync(project, name)
    destination = find_destination(project, sync.connection, destinations)
    settings, options = check_settings(project, sync, destination)
    with ExitStack() as stack:
        folder = state_folder(project, state)
        lock = stack.enter_context(hold_lock(folder.lock(name), name)) if exclusive else None
        require_own(folder.path)
        journal = stack.enter_context(closing(Journal(open_database(folder.database))))
        guard = RollbackGuard(journal.folder_id(), folder.path, project.folder)
        recorder = stack.enter_context(closing(CallRecorder(folder.calls)))
        watching = Observers([recorder, *observers])
        opened = stack.enter_context(hold_connection(project, sync.connection, destination, watching))
        schemas = discover(opened, sync)
        opened.destination.check_sync(opened.connection, sync, options)
        yield Session(
            project=project, sync=sync, model=model, folder=folder, journal=journal, destination=opened.destination,
            connection=opened.connection, host=opened.host, settings=settings, options=options, schemas=schemas,
            observers=watching, lock=lock, watch=watch, guard=guard,
        )  # fmt: skip


def find_sync(project: Project, name: str) -> tuple[Sync, Model]:
    """Return a sync and its model by the name of the sync. Raises `ConfigError` if there is no such sync."""
    if name not in project.syncs:
        raise ConfigError([Problem(f"there is no sync {name}", ("syncs",), suggestion(name, sorted(project.syncs)))])
    sync = project.syncs[name]
    return sync, project.models[sync.model]


def check_settings(project: Project, sync: Sync, destination: Destination) -> tuple[DeliverySettings, Any]:
    """Check what can be checked without the destination's server, and return the settings and options.

    The checks cover mode, removals, options and limits.
    """
    problems = list(check_sync(project, sync, destination.spec, narrows_lookups=destination.narrows_lookups))
    options: Any = None
    try:
        options = structure(destination.spec.options, sync.options, ("syncs", sync.name, "options"))
    except ConfigError as error:
        problems += error.problems
    try:
        settings = delivery_settings(sync, destination.spec)
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from None
    if problems:
        raise ConfigError(problems)
    return settings, options


def discover(opened: OpenConnection, sync: Sync) -> dict[str, ObjectSchema]:
    """Return the schemas of the objects that a sync writes to. Raises `ConfigError` for all that do not exist."""
    schemas, problems = {}, []
    for name in sync.objects:
        try:
            schemas[name] = opened.destination.discover_schema(opened.connection, name)
        except ConfigError as error:
            place = ("syncs", sync.name, "object")
            listed = suggest_list(name)
            problems += [evolve(each, path=each.path or place, hint=listed or each.hint) for each in error.problems]
    if problems:
        raise ConfigError(problems)
    return schemas


def _family(mode: Mode) -> str:
    return "upsert, update" if mode in (Mode.UPSERT, Mode.UPDATE) else mode.value
