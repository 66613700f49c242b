"""A sync as a state machine: whatever order things go wrong in, the promises hold after every step.

The judge is the destination: which records it has and how often it executed a row of each key. G1 to G8 are the
promises as the manual numbers them (docs/syncs/reliability.md).
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from connector_sdk import ConnectorError, ExitCode, Mode, Removal, RunReport
from connector_sdk.testing.reference import Fault, FaultKind
from connector_sdk.testing.reference.wire import RefusedError

from .world import TOKEN, WAYS, Way, World, keys_of, version_of

KEYS = [f"k{number}" for number in range(7)]
POINTS = st.integers(1, 45)
CALLS = ("", "write", "create_upload", "upload", "commit", "abort", "open_job", "post", "close_job", "list_batches",
         "look")  # fmt: skip
CUT = (FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER, FaultKind.PARTIAL)
DELAYED = (FaultKind.LATE, FaultKind.SLOW)
REPEATABLE = ("create_upload", "upload", "commit", "abort", "close_job", "list_batches")
"""The calls that may arrive once more after their answer. A repeat of any other call would look like a new one."""
_TRIES = 6


class SyncMachine(RuleBasedStateMachine):
    """One sync, for its whole life."""

    world: World

    @initialize(way=st.sampled_from(WAYS), rows=st.sets(st.sampled_from(KEYS), min_size=2))
    def begin(self, way: Way, rows: set[str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.world = World(self.folder, way)
        self.clock = 0
        self.newest: dict[str, int] = {}
        self.edited: set[str] = set()
        self.doubted: set[str] = set()
        self.gone: set[str] = set()
        self.write(rows)

    # -- the model

    @rule(keys=st.sets(st.sampled_from(KEYS), min_size=1, max_size=3))
    def write(self, keys: set[str]) -> None:
        """Add rows, or change those that are there."""
        self.clock += 1
        self.world.rows |= dict.fromkeys(sorted(keys), self.clock)

    @rule(keys=st.sets(st.sampled_from(KEYS), min_size=1, max_size=2))
    def remove(self, keys: set[str]) -> None:
        """Remove rows from the model."""
        self.world.rows = {key: version for key, version in self.world.rows.items() if key not in keys}

    @rule(column=st.sampled_from(["text", "other"]))
    def map_to(self, column: str) -> None:
        """Fill the text from another column."""
        self.world.mapped = column

    @precondition(lambda self: self.world.way.merges)
    @rule(keys=st.sets(st.sampled_from(KEYS), min_size=1, max_size=3), group=st.sampled_from(["1", "2", None]))
    def group(self, keys: set[str], group: str | None) -> None:
        """Put rows into a group, which is one record, or take them out. The first of a group is its parent."""
        for key in keys:
            self.world.groups[key] = (group or "", False)
            if group is None:
                del self.world.groups[key]
        for name in ("1", "2"):
            members = sorted(key for key, (of, _) in self.world.groups.items() if of == name)
            self.world.groups |= {key: (name, key != members[0]) for key in members}

    @precondition(lambda self: self.world.way.converts)
    @rule(key=st.sampled_from(KEYS))
    def convert(self, key: str) -> None:
        """Let a guest become one of the people, as a user of the destination may."""
        (people,), (guests,) = (self.world.store.find(name, "external_id", [key]) for name in ("people", "guests"))
        if guests and not people:
            self.world.store.convert(guests[0])
            self.edited.add(key)

    @precondition(lambda self: self.world.way.converts)
    @rule(key=st.sampled_from(KEYS))
    def convert_between_plan_and_write(self, key: str) -> None:
        """Let a guest become one of the people just before its row is executed."""
        self.world.store.add_fault(Fault(FaultKind.CONVERTED, key=key))
        self.edited.add(key)

    # -- what goes wrong at the destination

    @rule(kind=st.sampled_from(CUT), call=st.sampled_from(CALLS), skip=st.integers(0, 3))
    def lose_answers(self, kind: FaultKind, call: str, skip: int) -> None:
        """Lose an answer, before or after the call was executed, or the answer of half a batch."""
        self.world.store.add_fault(Fault(kind, call, skip=skip))

    @rule(kind=st.sampled_from(DELAYED), call=st.sampled_from(CALLS), skip=st.integers(0, 3), wait=st.integers(1, 6))
    def delay(self, kind: FaultKind, call: str, skip: int, wait: int) -> None:
        """Let a call arrive when the run no longer waits for it, or let a job take its time."""
        self.world.store.add_fault(Fault(kind, call, skip=skip, wait=wait))

    @rule(call=st.sampled_from(REPEATABLE), skip=st.integers(0, 3), wait=st.integers(1, 6))
    def repeat(self, call: str, skip: int, wait: int) -> None:
        """Let a call arrive once more after its answer."""
        self.world.store.add_fault(Fault(FaultKind.TWICE, call, skip=skip, wait=wait))

    @rule(code=st.sampled_from(["throttled", "suspended", "too_large"]), skip=st.integers(0, 5))
    def refuse(self, code: str, skip: int) -> None:
        """Refuse a call: for now, until a person does something, or because its body is too large."""
        self.world.store.add_fault(Fault(FaultKind.REFUSED, code=code, skip=skip))

    @rule(key=st.sampled_from(KEYS), code=st.sampled_from(["locked", "bad_value"]), times=st.integers(1, 5))
    def refuse_row(self, key: str, code: str, times: int) -> None:
        """Refuse a row."""
        self.world.store.add_fault(Fault(FaultKind.ROW, key=key, code=code, times=times))

    @rule()
    def use_the_quota_up(self) -> None:
        """Leave no call of the quota: nothing may be sent."""
        self.world.store.become(calls_left=0)
        self.run_without_sending()
        self.world.store.become(calls_left=1_000_000)

    @rule()
    def expire(self) -> None:
        """Let the token expire. Every run fails until the project has the new one."""
        self.world.store.become(token=TOKEN)
        self.world.token = "a token that has expired"
        stopped = self.run_without_sending()
        assert isinstance(stopped, ConnectorError)
        assert stopped.exit_code is ExitCode.UNREACHABLE
        self.world.token = TOKEN

    # -- a person at the destination

    @precondition(lambda self: self.world.records())
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        """Write into a record by hand."""
        key = data.draw(st.sampled_from(sorted(self.world.records())))
        record = self.world.records()[key][0]
        with suppress(RefusedError):  # a guest who became one of the people is not changed any more
            object_name = "guests" if record["id"].startswith("g-") else self.world.way.object_name
            self.world.store.change(object_name, record["id"], **{self.world.way.text_field: "by hand"})
        self.edited.add(key)

    @precondition(lambda self: self.world.records())
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """Delete a record by hand."""
        key = data.draw(st.sampled_from(sorted(self.world.records())))
        for record in self.world.records()[key]:
            with suppress(RefusedError):
                object_name = "guests" if record["id"].startswith("g-") else self.world.way.object_name
                self.world.store.delete(object_name, record["id"])
        self.edited.add(key)

    @precondition(lambda self: self.world.way.mode is Mode.UPSERT and not self.world.way.converts)
    @rule(key=st.sampled_from(KEYS))
    def create(self, key: str) -> None:
        """Create the record of a row by hand, before the sync does."""
        if key not in self.world.records():
            self.world.store.put("people", external_id=key, name="by hand")
            self.edited.add(key)

    # -- runs

    @rule()
    def run(self) -> None:
        self.account(self.world.run())

    @precondition(lambda self: self.world.way.mode is not Mode.INSERT)
    @rule()
    def run_in_full(self) -> None:
        """Send every row again. An insert would make twins of them."""
        self.account(self.world.run(full=True))

    @rule(kill=POINTS)
    def run_and_be_killed(self, kill: int) -> None:
        self.account(self.world.run(kill))

    @rule(first=POINTS, second=POINTS)
    def be_killed_twice(self, first: int, second: int) -> None:
        self.account(self.world.run(first))
        self.account(self.world.run(second))

    @rule(rival=POINTS)
    def run_beside_another(self, rival: int) -> None:
        """Check G8: another process that tries meanwhile is refused."""
        self.account(self.world.run(rival=rival))

    @precondition(lambda self: self.world.open_runs())
    @rule()
    def abandon(self) -> None:
        """Settle an interrupted run without continuing it. Rows in doubt may then be unknown in any mode."""
        self.doubted |= set(self.world.count_planned())
        self.account(self.world.run(abandon=True))

    @precondition(lambda self: self.world.read_held_rows())
    @rule()
    def settle(self) -> None:
        """Settle the held rows, as a person does who looks at the destination."""
        self.world.settle()
        assert not self.world.read_held_rows()

    def run_without_sending(self) -> object:
        """Run the sync, and check that nothing is sent unless an open run is continued."""
        resumes, before = bool(self.world.open_runs()), self.world.count_executions()
        ended = self.world.run()
        assert resumes or self.world.count_executions() == before
        return ended

    def account(self, ended: tuple[RunReport, ...] | ConnectorError | None) -> None:
        """Check G1: a run that ended has exactly one outcome for each planned row."""
        for report in ended if isinstance(ended, tuple) else ():
            rows = report.rows
            assert rows.read + rows.removed == rows.unchanged + rows.planned or report.state == "not begun"
            told = rows.succeeded + rows.rejected + rows.skipped + rows.unprocessed + rows.unknown
            assert told == rows.planned
            if report.state in ("finished", "abandoned"):
                ledger = self.world.ledgers[report.run]
                assert len(ledger) == len({each["row"] for each in ledger}) == rows.planned
                assert report.exit or not keys_of(ledger, "rejected", "unprocessed", "unknown")
        assert not isinstance(ended, ConnectorError) or ended.exit_code not in (ExitCode.BUG, ExitCode.LOCKED), ended

    # -- promises

    @invariant()
    def check_promises(self) -> None:
        """Check everything that a run can break, after each step in which there was one."""
        if self.world.ran:
            self.check_no_record_is_taken_from_its_owner()
            self.check_no_row_is_executed_too_often()
            if self.world.way.is_plain:
                self.check_no_older_version_lands_after_a_newer_one()
            self.check_what_counts_as_accepted_is_there()
            self.check_only_lost_answers_without_an_anchor_are_unknown()
            self.world.ran = False

    def check_no_record_is_taken_from_its_owner(self) -> None:
        """Check that no record was wrongly deleted or emptied.

        The run may do so only to records that it had accepted before, and that no row of the model means any more.
        """
        assert not self.world.wronged

    def check_no_row_is_executed_too_often(self) -> None:
        """Check G3 and G4: an insert once for ever, a planned row once where that is promised, no record twice."""
        way, executed = self.world.way, self.world.count_executions()
        if way.mode is Mode.INSERT:
            assert all(times == 1 for times in executed.values()), executed
        elif way.exactly:
            planned = self.world.count_planned()
            assert all(times <= planned[key] for key, times in executed.items()), (executed, planned)
        assert way.converts or all(len(each) == 1 for each in self.world.records().values())

    def check_no_older_version_lands_after_a_newer_one(self) -> None:
        """Check G5: no record has an older version than it had before."""
        for key, (record,) in self.world.records().items():
            version = version_of(record.get(self.world.way.text_field))
            if version is not None:
                assert version >= self.newest.get(key, 0), key
                self.newest[key] = version

    def check_what_counts_as_accepted_is_there(self) -> None:
        """Check G2: a row that counts as accepted was executed, and its record has that version or a newer one."""
        records, executed = self.world.records(), self.world.count_executions()
        excused = self.edited | self.doubted | self.world.leaving_keys()
        for key, version in self.world.accepted_versions().items():
            assert executed.get(key), f"{key} counts as accepted and was never executed"
            if key not in excused and version is not None and self.world.way.is_plain:
                assert key in records, f"{key} counts as accepted and is not there"
                there = version_of(records[key][0][self.world.way.text_field])
                assert there is not None
                assert there >= version

    def check_only_lost_answers_without_an_anchor_are_unknown(self) -> None:
        """Check G7: only an api without an anchor leaves rows unknown, and only of an insert or of an abandoned run."""
        for ledger in self.world.ledgers.values():
            for key in keys_of(ledger, "unknown"):
                assert self.world.way.api == "call", key
                assert self.world.way.mode is Mode.INSERT or key in self.doubted, key

    def teardown(self) -> None:
        """Check G6: without faults, runs end by themselves, and the destination has what the model says."""
        if not hasattr(self, "world"):
            return
        try:
            self._come_to_rest()
        finally:
            shutil.rmtree(self.folder)

    def _come_to_rest(self) -> None:
        world = self.world
        world.store.clear_faults()
        world.store.deliver_late()
        world.groups = {}
        for _ in range(_TRIES):
            before = world.count_executions()
            ended = world.run()
            self.account(ended)
            assert isinstance(ended, tuple), ended
            if len(ended) == 1 and ended[0].rows.planned == 0:
                break
            world.settle()
        else:
            raise AssertionError(f"there is still something to send: {ended}")
        assert not world.open_runs()
        assert world.count_executions() == before
        self.world.ran = True
        self.check_promises()
        if world.way.mode is Mode.UPSERT:
            self.account(world.run(full=True))
        self._check_records()

    def _check_records(self) -> None:
        world, records = self.world, self.world.records()
        if world.way.mode is Mode.INSERT:
            assert {key: world.count_executions().get(key) for key in world.rows} == dict.fromkeys(world.rows, 1)
            return
        suffix = " other" if world.mapped == "other" else ""
        for key, version in world.rows.items():
            assert f"{key} v{version}{suffix}" in [each["about"] for each in records[key]]
        if not world.way.is_plain:
            return
        left = set(records) - set(world.rows) - self.edited - self.doubted
        assert not (left and world.way.on_removed is Removal.DELETE), left
