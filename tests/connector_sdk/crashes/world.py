"""A sync, its destination and what disturbs them, in one process: a state machine drives and audits them.

A kill is true to life. At a crash point everything on disk is copied, and the run is made to end. Then the copy takes
the place of what that end left behind. Calls that reached the destination before the kill have happened.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import define, field, frozen

from connector_sdk import (
    ConnectionConfig,
    ConnectorError,
    DeliveryOptions,
    ExitCode,
    FieldMapping,
    Guards,
    Match,
    Merge,
    Mode,
    Model,
    Project,
    Removal,
    RunReport,
    RunStopped,
    Sync,
)
from connector_sdk.contract.crashpoint import listen
from connector_sdk.lifecycle.session import journal_of
from connector_sdk.resolve import Decision, Settlement, held_rows, resolve
from connector_sdk.run import FirstRun, run
from connector_sdk.state.records import HeldRow, RunState
from connector_sdk.state.snapshot_file import snapshot_file
from connector_sdk.testing.reference import Store
from connector_sdk.testing.reference.store import MEMORY

from .scenarios import DESTINATIONS, PACE

UNGUARDED = Guards(max_removed=None, min_rows=None, max_removed_per_day=None)
TOKEN = "the token of the account"


@frozen
class Way:
    """A mode through an api. If `exactly` is set, a planned row is executed once at most, whatever happens.

    With `merges`, rows of a group are one record. With `converts`, rows go to guests, who may become people.
    """

    mode: Mode
    api: str
    exactly: bool = True
    on_removed: Removal = Removal.NOTHING
    merges: bool = False
    converts: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether each row has one record, which stays the same."""
        return not (self.merges or self.converts)

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects that the sync writes to."""
        return ("people", "guests") if self.converts else (self.object_name,)

    @property
    def object_name(self) -> str:
        return "notes" if self.mode is Mode.INSERT else "people"

    @property
    def key_field(self) -> str:
        return "key" if self.mode is Mode.INSERT else "external_id"

    @property
    def text_field(self) -> str:
        return "text" if self.mode is Mode.INSERT else "about"


WAYS = (
    Way(Mode.INSERT, "call"),
    Way(Mode.INSERT, "two_phase"),
    Way(Mode.INSERT, "leased_job"),
    Way(Mode.UPSERT, "call", exactly=False, on_removed=Removal.DELETE),
    Way(Mode.UPSERT, "two_phase", on_removed=Removal.DELETE),
    Way(Mode.UPSERT, "leased_job", on_removed=Removal.DELETE),
    Way(Mode.UPSERT, "two_phase", on_removed=Removal.DELETE, merges=True),
    Way(Mode.UPSERT, "leased_job", on_removed=Removal.CLEAR, merges=True),
    Way(Mode.UPSERT, "two_phase", on_removed=Removal.CLEAR, converts=True),
    Way(Mode.UPSERT, "leased_job", on_removed=Removal.DELETE, converts=True),
)


class Killed(BaseException):
    """The process ends here; nothing of it may continue."""


@define
class World:
    """A folder with a project and its state, and an account of the reference destination in memory.

    `rows` is the model: keys with the version of their row. `groups` has the group of a key, and whether its row is a
    child there. `mapped` is the column that fills the text. `written` collects the ids of records that rows were
    accepted for. `wronged` collects those that were wrongly deleted or emptied: they were not the sync's own, or a row
    of the model still meant them.
    """

    root: Path
    way: Way
    store: Store = field(init=False)
    rows: dict[str, int] = field(factory=dict)
    groups: dict[str, tuple[str, bool]] = field(factory=dict)
    written: set[str] = field(factory=set)
    wronged: set[str] = field(factory=set)
    mapped: str = "text"
    token: str = ""
    ran: bool = False
    ledgers: dict[str, list[dict[str, Any]]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.store = Store.at(f"{MEMORY}{self.root}")
        os.environ["XDG_STATE_HOME"] = str(self.root / "live" / "home")
        (self.root / "live").mkdir()

    @property
    def live(self) -> Path:
        """Everything that a process can leave on disk."""
        return self.root / "live"

    def run(self, kill: int = 0, rival: int = 0, **asked: Any) -> tuple[RunReport, ...] | ConnectorError | None:
        """Run the sync. Return its reports, what stopped it before it began, or None if it was killed.

        `kill` is the number of the crash point at which the run is killed. At the point `rival`, another process tries
        to run the sync, too. If the run has fewer points, neither happens.
        """
        first = FirstRun.SEND if self.way.mode is Mode.INSERT else None
        os.environ["REFERENCE_TOKEN"] = self.token
        self.ran = True
        before, means, leaving = self._texts(), self._keys_by_record(), self.leaving_keys()
        try:
            with self._disturb(kill, rival):
                return run(self.project(), "sync", **{"first_run": first, **asked, **_QUIETLY})
        except ConnectorError as error:
            return error
        except Killed:
            shutil.rmtree(self.live)
            (self.root / "dead").rename(self.live)
            return None
        finally:
            self._read_ledgers()
            self._judge(before, means, leaving)

    def _judge(self, before: Mapping[str, str | None], means: Mapping[str, set[str]], leaving: set[str]) -> None:
        """Find records that were wrongly deleted or emptied. A record that was merged into another one is not lost."""
        after = self._texts()
        for id_, text in before.items():
            lost = id_ not in after or (after[id_] is None and text is not None)
            (became,) = self.store.find_successors([id_])
            if lost and became is None and (id_ not in self.written or means.get(id_, set()) - leaving):
                self.wronged.add(id_)
        for ledger in self.ledgers.values():
            self.written |= {line["record_id"] for line in ledger if line["outcome"] == "succeeded"}
        self.written |= set(self._keys_by_record(all_rows=True)) | self._open_records()

    def _texts(self) -> dict[str, str | None]:
        """Return the text of every record by its id."""
        return {
            each["id"]: each.get(self.way.text_field) for name in self.way.objects for each in self.store.records(name)
        }

    def _keys_by_record(self, *, all_rows: bool = False) -> dict[str, set[str]]:
        """Return the records that count as accepted, with the keys of the rows in the model that mean each of them."""
        found: dict[str, set[str]] = {}
        for line in self._snapshot():
            key = line["key"].partition("\x1f")[0]
            if line["record_id"] and (all_rows or key in self.rows):
                found.setdefault(line["record_id"], set()).add(key)
        return found

    def _open_records(self) -> set[str]:
        """Return the records that open runs have written to so far."""
        found: set[str] = set()
        with journal_of(self.project()) as (_, journal):
            for run_id in self.open_runs():
                for table in journal.outcomes(run_id):
                    lines = table.select(["record_id", "outcome"]).to_pylist()
                    found |= {line["record_id"] for line in lines if line["outcome"] == "succeeded"}
        return found

    def project(self) -> Project:
        """Return the project as it is now."""
        texts = {key: f"{key} v{version}" for key, version in self.rows.items()}
        data = pa.table({
            "key": pa.array(texts, pa.string()),
            "text": pa.array(texts.values(), pa.string()),
            "other": pa.array([f"{each} other" for each in texts.values()], pa.string()),
            "group": pa.array([self.groups.get(key, (None, False))[0] for key in texts], pa.string()),
            "child": pa.array([self.groups.get(key, (None, False))[1] for key in texts], pa.bool_()),
        })  # fmt: skip
        way = self.way
        fields = [FieldMapping(field=way.text_field, column=self.mapped)]
        fields += [FieldMapping(field="key", column="key")] if way.mode is Mode.INSERT else []
        fields += [FieldMapping(field="name", value="A name")] if way.mode is Mode.UPSERT else []
        sync = Sync(
            name="sync", model="model", connection="crm", objects=way.objects, mode=way.mode, fields=tuple(fields),
            create_in="guests" if way.converts else None,
            merge=Merge("group", is_child="child") if way.merges else None,
            match=None if way.mode is Mode.INSERT else Match(way.key_field, "key"),
            on_removed=way.on_removed, guards=UNGUARDED,
            delivery=DeliveryOptions(api=way.api, batch_size=2, parallelism=1),
        )  # fmt: skip
        settings = {"path": f"{MEMORY}{self.root}", **({"token": "${REFERENCE_TOKEN}"} if self.token else {})}
        crm = ConnectionConfig("crm", "reference", settings)
        return Project(
            connections={"crm": crm},
            models={"model": Model(name="model", primary_key=("key",), data=data, folder=str(self.live))},
            syncs={"sync": sync},
            folder=str(self.live),
        )

    # -- what is true

    def records(self) -> dict[str, list[dict[str, Any]]]:
        """Return the records at the destination by key."""
        found: dict[str, list[dict[str, Any]]] = {}
        for name in self.way.objects:
            for each in self.store.records(name):
                found.setdefault(each[self.way.key_field], []).append(each)
        return found

    def count_executions(self) -> dict[str, int]:
        """Return how often a row of each key was executed."""
        return dict(sum((Counter(self.store.execution_counts(name)) for name in self.way.objects), Counter[str]()))

    # -- what is believed

    def accepted_versions(self) -> dict[str, int | None]:
        """Return the keys of the snapshot, each with the version that counts as accepted if the mode keeps it."""
        lines = self._snapshot()
        return {each["key"]: version_of(each.get("model.text")) for each in lines if not each.get("merged")}

    def _snapshot(self) -> list[dict[str, Any]]:
        """Return the rows that count as accepted."""
        with journal_of(self.project()) as (folder, journal):
            path = snapshot_file(folder, journal.sync("sync"))
        return pq.read_table(path).to_pylist() if path else []

    def count_planned(self) -> Counter[str]:
        """Return how often each key was planned to be sent, in runs that have ended and in those that are open."""
        lines = [line for ledger in self.ledgers.values() for line in ledger if line["batch"] is not None]
        found = Counter(line["key"] for line in lines)
        found.update(line["key"] for line in self._open_lines() if line["outcome"] is None)
        return found

    def leaving_keys(self) -> set[str]:
        """Return the keys whose records open runs remove. They count as accepted until such a run has ended."""
        return {line["key"] for line in self._open_lines() if line["effect"] == "left"}

    def _open_lines(self) -> Iterator[dict[str, str | None]]:
        """Yield the lines of the plans of open runs."""
        for each in self.open_runs():
            plan = self.live / ".connector" / "plans" / each / "plan.parquet"
            yield from pq.read_table(plan, columns=["key", "effect", "outcome"]).to_pylist()

    def open_runs(self) -> list[str]:
        """Return the runs that were interrupted."""
        with journal_of(self.project()) as (_, journal):
            return [each.id for each in journal.runs("sync") if each.state is RunState.RUNNING]

    def read_held_rows(self) -> list[HeldRow]:
        """Return the rows that wait for a person."""
        with journal_of(self.project()) as (_, journal):
            return list(journal.held_rows("sync"))

    def settle(self) -> None:
        """Settle each held row by what became of it at the destination, as a person does."""
        self.store.deliver_late()
        for run_id in self.ledgers:
            for each in held_rows(self.project(), run_id):
                sent = self.count_executions().get(each.key, 0) > 0
                decision = Settlement(Decision.SENT if sent else Decision.NOT_SENT)
                resolve(self.project(), run_id, decision, keys=[each.key])

    def _read_ledgers(self) -> None:
        """Remember the ledgers of runs that have ended, because the state folder keeps them only for a while."""
        with journal_of(self.project()) as (folder, journal):
            for each in journal.runs("sync"):
                path = folder.ledger(each.id)
                if each.id not in self.ledgers and each.state in _ENDED and path.exists():
                    self.ledgers[each.id] = pq.read_table(path).to_pylist()

    @contextmanager
    def _disturb(self, kill: int, rival: int) -> Iterator[None]:
        met, dead = 0, False

        def meet(name: str) -> None:
            nonlocal met, dead
            met += 1
            if met == kill:
                dead = True
                shutil.copytree(self.live, self.root / "dead")
            if dead:
                raise Killed
            if met == rival and not name.startswith("before"):
                listen(None)
                _expect_locked(lambda: run(self.project(), "sync", **_QUIETLY))
                listen(meet)

        listen(meet)
        try:
            yield
        finally:
            listen(None)


_QUIETLY: dict[str, Any] = {"destinations": DESTINATIONS, "pace": PACE}
_ENDED = (RunState.FINISHED, RunState.ABANDONED)


def _expect_locked(act: Callable[[], object]) -> None:
    with pytest.raises(RunStopped) as refused:
        act()
    assert refused.value.exit_code is ExitCode.LOCKED, refused.value


def version_of(text: str | None) -> int | None:
    """Return the version in the text of a row or a record; None if a person wrote it."""
    words = (text or "").split(" ")
    return int(words[1][1:]) if len(words) > 1 and words[1][:1] == "v" else None


def keys_of(lines: Sequence[dict[str, Any]], *outcomes: str) -> set[str]:
    """Return the keys whose lines have one of these outcomes."""
    return {each["key"] for each in lines if each["outcome"] in outcomes}
