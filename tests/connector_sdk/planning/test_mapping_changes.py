"""A change of the mapping makes the rows that it touches changed ones, until each of them is accepted."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from connector_sdk import FieldMapping, Find, Match, Mode, OnNull, Sync
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import Bench, map_fields, people

NAME = FieldMapping(field="name", column="n")
ROWS = [{"k": "1", "e": "a", "n": "Ann", "x": "p"}, {"k": "2", "e": "b", "n": "Bob", "x": "q"}]
BOTH = {"1": "succeeded", "2": "succeeded"}


def _lookup(**find: Any) -> FieldMapping:
    return FieldMapping(field="mentor", find=Find("people", **find))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((), (FieldMapping(field="about", column="x"),)),
        ((), (FieldMapping(field="about", value="same for all"),)),
        ((FieldMapping(field="about", column="x"),), (FieldMapping(field="about", column="n"),)),
        ((FieldMapping(field="about", value="one"),), (FieldMapping(field="about", value="two"),)),
        ((FieldMapping(field="about", value="one"),), (FieldMapping(field="about", column="x"),)),
        ((FieldMapping(field="about", column="x"),), (FieldMapping(field="about", column="x", null=OnNull.KEEP),)),
        ((FieldMapping(field="about", column="x"),), (FieldMapping(field="about", column="x", truncate=True),)),
        ((), (_lookup(equals="m", where="external_id"),)),
        ((_lookup(equals="m", where="external_id"),), (_lookup(equals="o", where="external_id"),)),
    ],
    ids=[
        "a column added", "a constant added", "another column", "another constant", "a constant becomes a column",
        "nulls kept", "truncated", "a lookup added", "a lookup by another column",
    ],
)  # fmt: skip
def test_every_row_is_sent_again(
    bench: Bench, before: tuple[FieldMapping, ...], after: tuple[FieldMapping, ...]
) -> None:
    bench.store.put("people", external_id="boss", name="Boss")
    rows = [{**row, "m": "boss", "o": "boss"} for row in ROWS]
    bench.change(fields=(NAME, *before))
    assert bench.run(rows).ledger == BOTH
    bench.change(fields=(NAME, *after))
    assert bench.run(rows).ledger == BOTH
    assert bench.run(rows).ledger == {}


def test_another_field_of_a_lookup_that_follows_another_sync_is_a_change(bench: Bench) -> None:
    bench.change(fields=(NAME, _lookup(equals="m")))
    bench.store.put("people", external_id="7", name="Boss", badge=7)
    rows = [{**row, "m": "7"} for row in ROWS]
    bench.run(rows)
    bench.sync = people(fields=(NAME, _lookup(equals="m", where="external_id")))
    assert bench.run(rows).ledger == {}
    bench.sync = people(fields=(NAME, _lookup(equals="m", where="badge")))
    assert bench.run(rows).ledger == BOTH


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.UPDATE])
def test_a_field_that_is_removed_changes_nothing(bench: Bench, mode: Mode) -> None:
    for each in ("a", "b"):
        bench.store.put("people", external_id=each, name="-")
    bench.sync = people(mode, fields=map_fields(name="n", about="x"))
    bench.run(ROWS)
    bench.change(fields=map_fields(name="n"))
    assert bench.run(ROWS).ledger == {}
    assert bench.records()["a"]["about"] == "p"


def test_a_field_that_comes_back_is_sent_again(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", about="x"))
    bench.run(ROWS)
    bench.change(fields=map_fields(name="n"))
    bench.run([{**row, "x": "changed meanwhile"} for row in ROWS])
    bench.change(fields=map_fields(name="n", about="x"))
    assert bench.run(ROWS).ledger == BOTH


def test_the_order_of_the_fields_means_nothing(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", about="x"))
    bench.run(ROWS)
    bench.change(fields=map_fields(about="x", name="n"))
    assert bench.run(ROWS).ledger == {}


def test_rows_that_are_rejected_in_between_are_still_to_be_sent(bench: Bench) -> None:
    bench.run(ROWS)
    bench.change(fields=(NAME, FieldMapping(field="about", value="new")))
    bench.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad", times=2))

    assert bench.run(ROWS).ledger == {"1": "rejected bad", "2": "succeeded"}
    assert bench.run(ROWS).ledger == {"1": "rejected bad"}
    assert bench.run(ROWS).ledger == {"1": "succeeded"}
    assert bench.run(ROWS).ledger == {}
    assert {each["about"] for each in bench.records().values()} == {"new"}


def test_rows_that_are_rejected_while_planning_are_still_to_be_sent(bench: Bench) -> None:
    bench.run(ROWS)
    bench.change(fields=map_fields(name="n", email="x"))
    mended = [ROWS[0], {**ROWS[1], "x": "bob@example.org"}]

    assert bench.run(ROWS).ledger == {"1": "rejected BAD_VALUE", "2": "rejected BAD_VALUE"}
    assert bench.run(mended).ledger == {"1": "rejected BAD_VALUE", "2": "succeeded"}
    assert bench.run(mended).ledger == {"1": "rejected BAD_VALUE"}


def test_mapping_there_and_back_again_sends_what_was_rejected_meanwhile(bench: Bench) -> None:
    one, two = (FieldMapping(field="about", value=value) for value in ("one", "two"))
    bench.change(fields=(NAME, one))
    bench.run(ROWS)
    bench.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad"))
    bench.change(fields=(NAME, two))
    bench.run(ROWS)
    bench.change(fields=(NAME, one))
    assert bench.run(ROWS).ledger == BOTH
    assert {each["about"] for each in bench.records().values()} == {"one"}


def test_a_constant_alone_is_no_change(bench: Bench) -> None:
    bench.change(fields=(NAME, FieldMapping(field="about", value="same")))
    bench.run(ROWS)
    assert bench.run(ROWS).ledger == {}


def _make_table(type_: pa.DataType, *values: object) -> pa.Table:
    table = pa.table({"k": ["1", "2"], "e": ["a", "b"], "n": ["Ann", "Bob"]})
    return table.append_column("x", pa.array(values, type_))


AGES: Sync = people(fields=map_fields(name="n", age="x"))


@pytest.mark.parametrize("type_", [pa.int16(), pa.float64(), pa.decimal128(21, 2), pa.string()])
def test_another_type_of_the_same_values_is_no_change(bench: Bench, type_: pa.DataType) -> None:
    bench.sync = AGES
    bench.run(_make_table(pa.int64(), 30, 40))
    texts = ["30", "40"] if type_ == pa.string() else pa.array([30, 40], pa.int64()).cast(type_).to_pylist()
    assert bench.run(_make_table(type_, *texts)).ledger == {}


def test_a_value_that_only_another_type_can_hold_is_a_change(bench: Bench) -> None:
    bench.sync = people(fields=map_fields(name="n", balance="x"))
    bench.run(_make_table(pa.int64(), 1, 2))
    assert bench.run(_make_table(pa.float64(), 1.25, 2.0)).ledger == {"1": "succeeded"}
    assert str(bench.records()["a"]["balance"]) == "1.25"
    assert bench.run(_make_table(pa.float64(), 1.25, 2.0)).ledger == {}


def test_a_change_that_the_new_type_cannot_show_is_tried_until_it_is_accepted(bench: Bench) -> None:
    bench.sync = people(fields=map_fields(name="n", about="x"))
    bench.run(_make_table(pa.string(), "tall", "small"))
    bench.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad", times=1))
    assert bench.run(_make_table(pa.int64(), None, 7)).ledger == {"1": "rejected bad", "2": "succeeded"}
    assert bench.run(_make_table(pa.int64(), None, 7)).ledger == {"1": "succeeded"}
    assert bench.records()["a"]["about"] is None


def test_a_match_by_another_column_with_the_same_values_is_no_change(bench: Bench) -> None:
    bench.run([{**row, "other": row["e"]} for row in ROWS])
    bench.change(match=Match("external_id", "other"))
    assert bench.run([{**row, "other": row["e"]} for row in ROWS]).ledger == {}
