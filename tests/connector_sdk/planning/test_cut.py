"""Batches: ranges of rows that never hold more rows or bytes than the destination takes."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_sdk import (
    Action,
    Attempt,
    Batch,
    Connection,
    DeliveryOptions,
    NotExecuted,
    Options,
    PlanReport,
    WriteResult,
)
from connector_sdk.engines.compare import columns_of
from connector_sdk.engines.sql import file
from connector_sdk.planning.batching.cut import Group, cut
from connector_sdk.state.records import NewBatch
from connector_sdk.testing.reference import plugin

from .bench import Bench, map_fields

CELLS = st.one_of(st.none(), st.text(max_size=40), st.text(min_size=100, max_size=300))
ROWS = st.lists(st.tuples(CELLS, st.one_of(st.none(), st.binary(max_size=200)), st.integers(0, 2**40)), max_size=60)


def _cut(
    rows: list[tuple[Any, ...]], sizes: list[int], batch_size: int, bytes_max: int | None, *, dictionary: bool = True
) -> list[NewBatch]:
    types = [pa.string(), pa.binary(), pa.int64()]
    columns = [pa.array([row[number] for row in rows], type_) for number, type_ in enumerate(types)]
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    groups = [
        Group(start, rows_, 0, "o", Action.UPSERT, n)
        for n, (start, rows_) in enumerate(zip(starts, sizes, strict=True))
    ]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder, "plan.parquet")
        table = pa.table(columns, names=["model.a", "model.b", "sent.c"])
        pq.write_table(table, path, row_group_size=7, use_dictionary=dictionary)
        sent = columns_of(connection, file(path))
        return list(cut(connection, path, sent, groups, batch_size, bytes_max))


def _bytes(row: tuple[Any, ...]) -> int:
    text, binary, number = row
    return len((text or "").encode()) + len(binary or b"") * 4 // 3 + len(str(number)) + 2 * len(row)


@settings(max_examples=30, deadline=None)
@given(ROWS, st.integers(1, 20), st.sampled_from([None, 200, 1_000, 5_000]), st.data())
def test_no_batch_is_larger_than_it_may_be_and_no_row_is_lost(
    rows: list[tuple[Any, ...]], batch_size: int, bytes_max: int | None, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(rows)))
    sizes = [each for each in (first, len(rows) - first) if each]
    batches = _cut(rows, sizes, batch_size, bytes_max, dictionary=data.draw(st.booleans()))
    covered = [row for batch in batches for start, stop in batch.ranges for row in range(start, stop)]
    assert covered == list(range(len(rows)))
    for batch in batches:
        ((start, stop),) = batch.ranges
        assert 1 <= stop - start <= batch_size
        assert stop - start == 1 or bytes_max is None or sum(map(_bytes, rows[start:stop])) <= bytes_max
        assert stop <= sizes[0] or start >= sizes[0], "a batch holds rows of two groups"


@pytest.mark.parametrize(
    "value",
    [
        "false", "date '9999-12-31'", "(-128)::tinyint", "(-32768)::smallint", "(-2147483648)::integer",
        "(-9223372036854775807)::bigint", "(-99999999.99)::decimal(10, 2)", "(-0.999999)::decimal(6, 6)",
        "timestamptz '2026-11-28 12:34:56.789+00'", "time '12:34:56.789'", "(-1.2345678901234567e37)::double",
        "(-1.2345678901234567e-16)::double", "(-2.2250738585072014e-308)::double", "(-1.17549435e-38)::float",
    ],
)  # fmt: skip
def test_a_value_of_a_type_takes_no_more_than_is_reckoned_with(tmp_path: Path, value: str) -> None:
    path = tmp_path / "plan.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy (select {value} as a from range(200)) to '{path}' (format parquet)")
        ((shown,),) = connection.execute(f"select max(a::varchar) from {file(path)}").fetchall()
        widest = len(f"{Decimal(shown):f}" if value.endswith(("double", "float")) else shown)
        row = widest + len(",") + (2 if value.startswith(("date", "time")) else 0)
        group = Group(0, 200, 0, "o", Action.UPSERT, 0)
        batches = list(cut(connection, path, columns_of(connection, file(path)), [group], 200, 20 * row))
    assert sum(each.rows for each in batches) == 200
    assert max(each.rows for each in batches) * row <= 20 * row


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 200), st.integers(1, 50))
def test_batches_are_as_full_as_they_may_be(rows: int, batch_size: int) -> None:
    batches = _cut([("x", None, 1)] * rows, [rows], batch_size, 10_000_000)
    assert len(batches) == -(-rows // batch_size)


@pytest.mark.parametrize("dictionary", [True, False])
def test_a_batch_is_cut_only_where_it_has_to_be(dictionary: bool) -> None:
    small, large = ("x", None, 1), ("x" * 900, None, 1)
    batches = _cut([small] * 10 + [large] * 3 + [small] * 7, [20], 10, 1_000, dictionary=dictionary)
    assert [each.ranges for each in batches] == [((0, 10),), ((10, 11),), ((11, 12),), ((12, 13),), ((13, 20),)]


def test_rows_that_do_not_fit_together_travel_alone() -> None:
    batches = _cut([("x" * 500, None, 1)] * 4, [4], 10, 1_000)
    assert [each.ranges for each in batches] == [((0, 1),), ((1, 2),), ((2, 3),), ((3, 4),)]


def _rows(count: int) -> pa.Table:
    keys = [f"{number:05}" for number in range(count)]
    return pa.table({"k": keys, "e": keys, "n": ["x"] * count})


def test_the_size_that_a_sync_asks_for_is_kept(bench: Bench) -> None:
    bench.change(delivery=DeliveryOptions(batch_size=30))
    bench.run(_rows(100))
    assert sorted(each.rows for each in bench.store.batches()) == [10, 30, 30, 30]


def test_the_bytes_that_a_sync_asks_for_are_kept(bench: Bench) -> None:
    bench.change(delivery=DeliveryOptions(batch_bytes=1_000), fields=map_fields(name="n"))
    rows = [{"k": str(n), "e": f"{n:02}", "n": "x" * 80} for n in range(30)]
    assert bench.run(rows).report.rows.succeeded == 30
    sizes = [each.rows for each in bench.store.batches()]
    assert max(sizes) * 90 <= 1_000 < (max(sizes) + 2) * 90


def test_a_row_that_is_too_large_even_alone_is_refused_and_the_others_are_sent(bench: Bench) -> None:
    def write_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        if "00000" in batch.rows.column("external_id").to_pylist():
            raise NotExecuted("too_large", "it does not fit into a request", split=True)
        return plugin.write_batch(connection, batch, options, attempt)

    bench.hooks["write_batch"] = write_batch
    ran = bench.run(_rows(4))
    assert ran.ledger == {"00000": "rejected too_large", **{f"{n:05}": "succeeded" for n in (1, 2, 3)}}
    assert sorted(bench.names()) == ["00001", "00002", "00003"]
    assert set(bench.store.execution_counts("people").values()) == {1}


def test_without_a_word_the_size_is_that_of_the_api(bench: Bench) -> None:
    report = bench.plan(_rows(401))
    assert report.cost.batches == 3


def _read_api_finding(report: PlanReport) -> str:
    (said,) = (each.message for each in report.findings if each.message.startswith("api auto"))
    return said


def test_the_api_may_be_left_to_the_rows_and_the_plan_says_why(bench: Bench) -> None:
    bench.change(delivery=DeliveryOptions(api="auto"))
    others = "3 batches with call; 1 batch with leased_job; replace does not write in mode upsert"
    assert _read_api_finding(bench.plan(_rows(401))) == f"api auto takes two_phase: 1 batch; {others}"
    bench.run(_rows(401))
    assert [each.rows for each in bench.store.batches()] == [401]
    assert "api auto takes call: 1 batch; 1 batch with two_phase" in _read_api_finding(bench.plan(_rows(403)))
    assert not [each for each in bench.plan(_rows(401)).findings if "api auto" in each.message], "nothing is sent"


def test_the_batches_that_decide_the_api_are_those_of_the_plan_bytes_included(bench: Bench) -> None:
    bench.change(delivery=DeliveryOptions(api="auto", batch_bytes=1_000), fields=map_fields(name="n"))
    report = bench.plan([{"k": str(n), "e": f"{n:02}", "n": "x" * 80} for n in range(30)])
    assert report.cost.batches > 2
    count = f"{report.cost.batches} batches"
    assert f"api auto takes call: {count}; {count} with two_phase" in _read_api_finding(report)


def test_a_saved_plan_keeps_the_api_that_its_rows_decided(bench: Bench) -> None:
    bench.change(delivery=DeliveryOptions(api="auto"))
    saved = bench.plan(_rows(401), save=True)
    bench.run(_rows(2), plan_id=saved.run)
    assert [each.rows for each in bench.store.batches()] == [401]


def test_rows_are_sent_in_the_order_of_the_model(bench: Bench) -> None:
    bench.change(delivery=DeliveryOptions(batch_size=10, parallelism=1))
    bench.run(_rows(50))
    assert [record["external_id"] for record in bench.store.records("people")] == [f"{n:05}" for n in range(50)]
