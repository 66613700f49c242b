"""Rows that lock the same record: together in a batch, or in batches that are never under way at the same time."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from attrs import define, evolve, field
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_sdk import Attempt, Batch, DeliveryOptions, FieldMapping, Find, Locking, OnNull, WriteResult
from connector_sdk.planning.batching.lanes import Cut, cut_by_record
from connector_sdk.testing.reference import Fault, FaultKind
from connector_sdk.testing.reference.writers import WRITERS, Handle, Options, SingleCall, Writer

from .bench import Bench, map_fields


def _cuts(children: Sequence[int], spare: int, size: int, first: int = 0, chunk: int = 3) -> list[Cut]:
    """Cut the rows of records, which have so many children each, and `spare` rows that lock nothing."""
    starts = [first + sum(children[:number]) for number in range(len(children))]
    chunks = [starts[at : at + chunk] for at in range(0, len(starts), chunk)]
    return list(cut_by_record(chunks, first, sum(children), first + sum(children) + spare, size))


def _rows_of(cut: Cut) -> list[int]:
    return [row for start, stop in cut.ranges for row in range(start, stop)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(0, 60), st.integers(1, 12), st.integers(0, 9))
def test_every_row_is_in_one_batch_and_records_are_shared_only_within_a_lane(
    children: list[int], spare: int, size: int, first: int
) -> None:
    cuts = _cuts(children, spare, size, first)
    record_of = [number for number, count in enumerate(children) for _ in range(count)] + [None] * spare
    assert sorted(row for cut in cuts for row in _rows_of(cut)) == list(range(first, first + len(record_of)))
    assert all(1 <= len(_rows_of(cut)) <= size for cut in cuts)
    lanes: dict[int | None, set[int | None]] = {}
    batches: Counter[int | None] = Counter()
    for cut in cuts:
        records = {record_of[row - first] for row in _rows_of(cut)}
        batches.update(records)
        for record in records - {None}:
            lanes.setdefault(record, set()).add(cut.lane)
    assert all(len(found) == 1 for found in lanes.values()), "a record is locked by two lanes"
    assert all(batches[record] == -(-count // size) for record, count in enumerate(children))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=30), st.integers(0, 60), st.integers(1, 12))
def test_rows_that_lock_nothing_fill_batches_up(children: list[int], spare: int, size: int) -> None:
    cuts = _cuts(children, spare, size)
    if sum(size - len(_rows_of(cut)) for cut in _cuts(children, 0, size)) >= spare:
        assert len(cuts) == len(_cuts(children, 0, size))
    else:
        assert len(cuts) == -(-(sum(children) + spare) // size)


def test_small_records_share_batches_of_lanes_of_their_own() -> None:
    cuts = _cuts([4, 4, 4, 4, 4], 0, 10)
    assert [cut.ranges for cut in cuts] == [((0, 8),), ((8, 16),), ((16, 20),)]
    assert all(one.lane != other.lane for one, other in pairwise(cuts))


def test_a_record_with_more_rows_than_a_batch_takes_several_in_one_lane() -> None:
    cuts = _cuts([3, 25, 3], 4, 10)
    assert [cut.ranges for cut in cuts] == [((0, 3), (31, 35)), ((3, 13),), ((13, 23),), ((23, 31),)]
    first, *big = [cut.lane for cut in cuts]
    assert len(set(big)) == 1
    assert first not in big


@define
class Watch:
    """Writes as `inner` does, slowly, and notes how many batches lock a record at the same time."""

    inner: Writer = field(factory=SingleCall)
    locked: str = "account"
    lock: threading.Lock = field(factory=threading.Lock)
    now: Counter[object] = field(factory=Counter)
    at_once: int = 0
    under_way: int = 0
    most_under_way: int = 0
    batches: list[int] = field(factory=list)

    def write(self, handle: Handle, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        """Write a batch."""
        values = batch.rows.column(self.locked).to_pylist() if self.locked in batch.rows.column_names else []
        records = {str(each).lower() for each in values if each is not None}
        with self.lock:
            self.now.update(records)
            self.at_once = max(self.at_once, *self.now.values(), 0)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            self.batches.append(batch.rows.num_rows)
        try:
            time.sleep(0.02)
            return self.inner.write(handle, batch, options, attempt)
        finally:
            with self.lock:
                self.under_way -= 1
                self.now.subtract(records)

    def recover(self, *arguments: Any) -> Any:
        """Find out what became of a batch."""
        return self.inner.recover(*arguments)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """What is under way in a run."""
    made = Watch()
    monkeypatch.setitem(WRITERS, "call", made)  # type: ignore[arg-type]
    return made


def _account(**more: Any) -> tuple[FieldMapping, ...]:
    return (*map_fields(name="n"), FieldMapping(field="account", find=Find("accounts", "r", "number"), **more))


def _rows(references: Sequence[str | None]) -> pa.Table:
    keys = [f"{number:04}" for number in range(len(references))]
    return pa.table({"k": keys, "e": keys, "n": ["x"] * len(keys), "r": pa.array(references, pa.string())})


def _shuffle_references(accounts: int, each: int, without: int = 0) -> list[str | None]:
    references = [f"A{number % accounts}" for number in range(accounts * each)] + [None] * without
    random.Random(7).shuffle(references)
    return references


@pytest.fixture
def children(bench: Bench) -> Bench:
    """People of twenty accounts, ten rows to a batch, eight batches at the same time."""
    for number in range(20):
        bench.store.put("accounts", number=f"A{number}", name="Acme")
    bench.change(fields=_account(), delivery=DeliveryOptions(batch_size=10, parallelism=8))
    return bench


class TestARun:
    def test_no_record_is_locked_by_two_batches_at_the_same_time(self, children: Bench, watch: Watch) -> None:
        ran = children.run(_rows(_shuffle_references(20, 20)))
        assert set(ran.ledger.values()) == {"succeeded"}
        assert watch.at_once == 1
        assert watch.most_under_way > 2
        assert len(watch.batches) == 40

    def test_switched_off_it_is(self, children: Bench, watch: Watch) -> None:
        children.change(delivery=DeliveryOptions(batch_size=10, parallelism=8, lock_aware=False))
        children.run(_rows(_shuffle_references(20, 20)))
        assert watch.at_once > 1

    def test_values_that_the_destination_takes_for_one_lock_one_record(self, children: Bench, watch: Watch) -> None:
        children.run(_rows(["A1", "a1", " A1 ", "A1"] * 20))
        assert watch.at_once == 1
        assert watch.most_under_way == 1

    def test_rows_that_are_tried_again_do_not_meet_either(self, children: Bench, watch: Watch) -> None:
        for number in range(0, 400, 3):
            children.store.add_fault(Fault(FaultKind.ROW, key=f"{number:04}", code="locked"))
        ran = children.run(_rows(_shuffle_references(20, 20)))
        assert set(ran.ledger.values()) == {"succeeded"}
        assert watch.at_once == 1

    def test_new_and_known_rows_of_one_record_do_not_meet_either(self, children: Bench, watch: Watch) -> None:
        children.change(fields=(*_account(), FieldMapping(field="source", column="n")))
        references = _shuffle_references(20, 20)
        children.run(_rows(references[:200]))
        children.run(_rows(references).set_column(2, "n", pa.array(["y"] * 400)))
        assert watch.at_once == 1
        assert {record["name"] for record in children.store.records("people")} == {"y"}

    def test_a_batch_that_is_cut_for_its_size_stays_in_its_lane(self, children: Bench, watch: Watch) -> None:
        children.change(
            delivery=DeliveryOptions(batch_size=1_000, parallelism=8), fields=(*_account(), *map_fields(about="a"))
        )
        rows = _rows(_shuffle_references(4, 600)).append_column("a", pa.array(["é" * 900] * 2_400))
        children.run(rows)
        assert watch.at_once == 1
        assert watch.most_under_way > 1
        assert len(watch.batches) > 4

    def test_rows_that_lock_nothing_fill_batches_up(self, children: Bench, watch: Watch) -> None:
        children.change(fields=_account(null=OnNull.KEEP))
        children.run(_rows(_shuffle_references(20, 6, without=120)))
        assert len(watch.batches) == 24
        assert watch.at_once == 1

    def test_of_two_references_that_lock_the_first_in_the_mapping_counts(
        self, children: Bench, watch: Watch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from connector_sdk.testing.reference.shapes import SHAPES

        shape = SHAPES["people"]
        locking = evolve(shape, schema=evolve(shape.schema, locking=Locking(frozenset({"account", "mentor"}))))
        monkeypatch.setitem(SHAPES, "people", locking)  # type: ignore[arg-type]
        for number in range(20):
            children.store.put("people", external_id=f"m{number}", name="Mentor")
        mentor = FieldMapping(field="mentor", find=Find("people", "m", "external_id"))
        references, mentors = _shuffle_references(20, 20), [f"m{number % 20}" for number in range(400)]
        rows = _rows(references).append_column("m", pa.array(mentors))
        children.change(fields=(*_account(), mentor))
        children.run(rows)
        assert watch.at_once == 1
        watch.locked = "mentor"
        children.change(fields=(mentor, *_account()))
        children.run(rows, full=True)
        assert watch.at_once == 1
