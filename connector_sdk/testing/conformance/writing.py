"""Tests of writing: one line per row, in order; nulls, texts and keys mean what the contract says."""

# ruff: noqa: D102 - the name of a test is its sentence

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve

from connector_sdk import EmptyText, Field, FieldType, Mode, OnNull, Stale
from connector_sdk.testing.conformance.kit import Kit, ways
from connector_sdk.testing.conformance.samples import AWKWARD, Row
from connector_sdk.testing.conformance.subject import Subject, Target, Way

_CREATING = (Mode.INSERT, Mode.UPSERT)

_NUMBERS = tuple(map(Decimal, ("0.1", "0.0000001", "-2.505", "5", "0")))
"""Numbers that a four-byte float can distinguish, some with more decimals than a field shows."""


class Writing(Kit):
    """Tests of batches without errors."""

    @ways(_CREATING)
    def test_a_batch_is_answered_with_one_line_per_row_in_the_order_of_the_rows(
        self, subject: Subject, way: Way
    ) -> None:
        target = subject.target(way)
        rows = subject.samples.rows(target.fields, 3)
        lines = subject.write(subject.batch(target, rows))
        assert [line["status"] for line in lines] == ["succeeded"] * 3, lines
        if target.match_field and Mode.UPSERT in target.schema.modes:
            ids = [line["record_id"] for line in lines]
            assert subject.find_ids(target, [row[target.match_field] for row in rows]) == [[id_] for id_ in ids]

    @ways(_CREATING)
    def test_a_batch_of_one_row_is_answered_with_one_line(self, subject: Subject, way: Way) -> None:
        target = subject.target(way)
        lines = subject.write(subject.batch(target, subject.samples.rows(target.fields, 1)))
        assert [line["status"] for line in lines] == ["succeeded"]

    @ways([Mode.INSERT])
    def test_an_insert_answers_the_ids_of_new_records(self, subject: Subject, way: Way) -> None:
        target = subject.target(way)
        lines = subject.write(subject.batch(target, subject.samples.rows(target.fields, 2)))
        assert all(line["created"] is not False for line in lines)
        if target.schema.modes & {Mode.UPDATE, Mode.ARCHIVE}:
            ids = [line["record_id"] for line in lines]
            assert None not in ids, "later updates and deletions need the id"
            assert len(set(ids)) == 2

    @ways([Mode.UPSERT])
    def test_an_upsert_repeated_changes_the_same_records(self, subject: Subject, way: Way) -> None:
        target = subject.target(way)
        rows = subject.samples.rows(target.fields, 2)
        first, second = (subject.write(subject.batch(target, rows)) for _ in range(2))
        assert [line["status"] for line in first + second] == ["succeeded"] * 4
        assert all(line["created"] in (True, None) for line in first)
        assert all(line["created"] in (False, None) for line in second)
        assert [line["record_id"] for line in first] == [line["record_id"] for line in second]

    @ways([Mode.UPSERT])
    def test_match_pairs_its_answers_with_the_values_by_position(self, subject: Subject, way: Way) -> None:
        target = subject.target(way)
        rows = subject.samples.rows(target.fields, 2)
        one, two = (line["record_id"] for line in subject.write(subject.batch(target, rows)))
        (missing,) = subject.samples.rows(target.fields, 1, start=50)
        keys = [row[target.match_field or ""] for row in (rows[1], missing, rows[0], rows[1])]
        assert subject.find_ids(target, keys) == [[two], [], [one], [two]]
        assert subject.find_ids(target, []) == []

    @ways([Mode.UPDATE])
    def test_an_update_changes_the_records_that_are_named(self, subject: Subject, way: Way) -> None:
        target = subject.target(way)
        _, ids = subject.create(target, 2)
        fields = [each for each in target.fields if not each.unique]
        rows = subject.samples.rows(fields, 2, start=7)
        lines = subject.write(subject.batch(target, rows, fields=fields, ids=ids[::-1]))
        assert [line["status"] for line in lines] == ["succeeded"] * 2, lines
        assert [line["record_id"] or id_ for line, id_ in zip(lines, ids[::-1], strict=True)] == ids[::-1]

    @ways([Mode.ARCHIVE])
    def test_a_deletion_is_answered_row_by_row_and_the_records_are_gone(self, subject: Subject, way: Way) -> None:
        target = subject.target(way)
        rows, ids = subject.create(target, 2)
        lines = subject.write(subject.batch(target, [], ids=ids))
        assert [line["status"] for line in lines] == ["succeeded"] * 2, lines
        if target.match_field:
            assert subject.find_ids(target, [row[target.match_field] for row in rows]) == [[], []]

    @ways([Mode.UPSERT])
    def test_records_are_merged_into_another_one_and_merging_them_again_is_no_error(
        self, subject: Subject, way: Way
    ) -> None:
        target = subject.target(way)
        rows, (kept, *gone) = subject.create(target, 4)
        for _ in range(2):
            lines = subject.write(subject.make_merge_batch(target, gone, [kept] * 3))
            assert [line["status"] for line in lines] == ["succeeded"] * 3, lines
            assert [line["record_id"] for line in lines] == [kept] * 3
        found = subject.find_ids(target, [row[target.match_field or ""] for row in rows])
        assert [id_ for ids in found for id_ in ids] == [kept]

    @ways([Mode.UPSERT])
    def test_a_null_clears_or_is_left_alone_as_the_column_says(self, subject: Subject, way: Way) -> None:
        target = subject.target(way)
        text = _spare_text(target)
        for on_null, expected in ((OnNull.CLEAR, None), (OnNull.KEEP, "before")):
            row = {**subject.samples.rows(target.fields, 1)[0], text.name: "before"}
            assert self._write_and_read(subject, target, row, text, OnNull.CLEAR) == "before"
            assert self._write_and_read(subject, target, {**row, text.name: None}, text, on_null) == expected

    @ways([Mode.UPSERT])
    def test_empty_text_is_what_the_spec_says_it_is(self, subject: Subject, way: Way) -> None:
        target = subject.target(way)
        text = _spare_text(target)
        row = {**subject.samples.rows(target.fields, 1)[0], text.name: ""}
        kept = subject.destination.spec.empty_text is EmptyText.KEPT
        assert self._write_and_read(subject, target, row, text, OnNull.CLEAR) == ("" if kept else None)

    @ways(_CREATING)
    def test_no_text_is_altered_on_the_way(self, subject: Subject, way: Way) -> None:
        """A destination must fail a row whose text it cannot store. It must not store another text."""
        target = subject.target(way)
        text = _spare_text(target)
        rows = subject.samples.rows(target.fields, len(AWKWARD))
        sent = [{**row, text.name: value} for row, value in zip(rows, AWKWARD, strict=True)]
        lines = subject.write(subject.batch(target, sent))
        stored = {row["id"]: row[text.name] for row in self._read(subject, target, text)}
        taken = [(value, stored.get(line["record_id"])) for value, line in zip(AWKWARD, lines, strict=True)
                 if line["status"] == "succeeded"]  # fmt: skip
        assert [after for _, after in taken] == [before for before, _ in taken]

    @ways(_CREATING)
    def test_decimals_that_a_field_does_not_show_are_stored_all_the_same(self, subject: Subject, way: Way) -> None:
        """Decimals may also arrive as floats. A float means the number that its shortest text shows."""
        target = subject.target(way)
        number = _find_number(target)
        for turn, type_ in enumerate((pa.float64(), pa.float32(), pa.decimal128(38, 12))):
            rows = subject.samples.rows(target.fields, len(_NUMBERS), start=turn * len(_NUMBERS))
            batch = subject.batch(target, rows)
            values = pa.array([_as_type(each, type_) for each in _NUMBERS], type_)
            place = [each.name for each in target.fields].index(number.name)
            lines = subject.write(evolve(batch, rows=batch.rows.set_column(place, number.name, values)))
            assert [line["status"] for line in lines] == ["succeeded"] * len(rows), lines
            held = {row["id"]: row[number.name] for row in self._read(subject, target, number)}
            stored = [Decimal(str(held[line["record_id"]])) for line in lines]
            assert stored == list(_NUMBERS), type_

    @ways(_CREATING)
    def test_batches_may_be_written_at_the_same_time(self, subject: Subject, way: Way) -> None:
        if way.api.parallel_max == 1:
            pytest.skip("the api takes one batch at a time")
        target = subject.target(way)
        batches = [subject.batch(target, subject.samples.rows(target.fields, 3, start=n * 3)) for n in range(4)]
        with ThreadPoolExecutor(min(4, way.api.parallel_max)) as threads:
            answers = list(threads.map(subject.write, batches))
        assert [line["status"] for lines in answers for line in lines] == ["succeeded"] * 12
        ids = [line["record_id"] for lines in answers for line in lines if line["record_id"]]
        assert len(set(ids)) == len(ids)

    @ways([Mode.ALL])
    def test_the_rows_become_the_whole_list(self, subject: Subject, way: Way) -> None:
        target = subject.target(way)
        rows = subject.samples.rows(target.fields, 3)
        for wanted in (rows[:2], rows[1:]):
            version = self._replace(subject, target, wanted)
            assert _keys(self._read_all(subject, target)[0], target) == _keys(wanted, target)
        with pytest.raises(Stale):
            subject.write(subject.batch(target, rows[:1], version=version))
        assert _keys(self._read_all(subject, target)[0], target) == _keys(rows[1:], target)

    def _replace(self, subject: Subject, target: Target, rows: list[Row]) -> str:
        """Replace the list, and return its former version."""
        _, version = self._read_all(subject, target)
        lines = subject.write(subject.batch(target, rows, version=version))
        assert [line["status"] for line in lines] == ["succeeded"] * len(rows), lines
        return version

    def _read_all(self, subject: Subject, target: Target) -> tuple[list[Row], str]:
        names = [each.name for each in target.fields]
        rows, version = subject.destination.read_records(subject.connection, target.schema.name, names)
        return list(rows.read_all().to_pylist()), version

    def _write_and_read(self, subject: Subject, target: Target, row: Row, text: Field, on_null: OnNull) -> Any:
        fields = [each for each in target.fields if each.required or each.name in (target.match_field, text.name)]
        (line,) = subject.write(subject.batch(target, [row], fields=fields, on_null=on_null))
        assert line["status"] == "succeeded", line
        return {row["id"]: row[text.name] for row in self._read(subject, target, text)}[line["record_id"]]

    def _read(self, subject: Subject, target: Target, text: Field) -> list[Row]:
        """Read the id and one more field of all records."""
        names = [each.name for each in target.schema.fields]
        if "id" in names:
            return self.present(subject, target.schema.name, ["id", text.name])
        key = target.match_field or pytest.skip("records without an id or a key cannot be told apart")
        found = self.present(subject, target.schema.name, [key, text.name])
        ids = subject.find_ids(target, [row[key] for row in found])
        return [{"id": id_, text.name: row[text.name]} for row, (id_, *_) in zip(found, ids, strict=True)]


def _find_number(target: Target) -> Field:
    """Find a field that stores more decimals than it shows. Skips the test if there is none."""
    for each in target.fields:
        if each.stores_more_decimals and (each.precision or 38) > (each.scale or 0):
            return each
    pytest.skip(f"{target.schema.name} has no field that stores more decimals than it shows")


def _as_type(number: Decimal, type_: pa.DataType) -> Decimal | float:
    return float(number) if pa.types.is_floating(type_) else number


def _spare_text(target: Target) -> Field:
    """Return a text field that may hold any text. Skips the test if there is none."""
    for each in target.fields:
        roomy = each.length is None or each.length >= max(len(text) for text in AWKWARD)
        bound = each.unique or each.required or each.pattern or not each.nullable
        if each.type is FieldType.TEXT and roomy and not bound:
            return each
    pytest.skip(f"{target.schema.name} has no text field that may hold anything")


def _keys(rows: list[Row], target: Target) -> pa.Array:
    return sorted(row[target.match_field or ""] for row in rows)
