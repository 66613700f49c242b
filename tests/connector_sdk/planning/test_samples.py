"""What a plan shows of its rows is what is sent for them, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve

from connector_sdk import (
    Attempt,
    Batch,
    Connection,
    FieldMapping,
    Find,
    Match,
    Merge,
    Mode,
    ObjectSchema,
    OnNull,
    PlanReport,
    Removal,
    WriteResult,
)
from connector_sdk.testing.reference import plugin

from .bench import Bench, map_fields, people

SET_ONCE = map_fields(name="n", source="s", verified="v")
KEPT_AND_CLEARED = (
    *map_fields(name="n", about="a"), FieldMapping(field="email", column="m", null=OnNull.KEEP),
)  # fmt: skip


def row(key: str, **more: str | None) -> dict[str, str | None]:
    return {"k": key, "e": key, "n": f"Name of {key}", "s": "web", "v": "Ada", "a": "text", "m": "a@b.c", **more}


def read_samples(report: PlanReport) -> dict[str, dict[str, Any]]:
    """Return the samples of a plan by key, without the record ids."""
    lines = (line for lines in report.samples.values() for line in lines)
    return {
        line["key"]: {word: each for word, each in line.items() if word not in ("key", "record_id")} for line in lines
    }


def record_writes(bench: Bench) -> list[dict[str, Any]]:
    """Record which fields of each row the destination gets, except those that it must leave alone."""
    given: list[dict[str, Any]] = []

    def write_batch(connection: Connection, batch: Batch, options: Any, attempt: Attempt) -> WriteResult:
        keeps = {each.field for each in batch.columns if each.on_null is OnNull.KEEP}
        for cells in batch.rows.to_pylist():
            given.append({field: each for field, each in cells.items() if each is not None or field not in keeps})
        return plugin.write_batch(connection, batch, options, attempt)

    bench.hooks["write_batch"] = write_batch
    return given


def sent_fields(report: PlanReport) -> list[Mapping[str, Any]]:
    """Return the fields of all samples of rows that are sent, in a comparable order."""
    decided = ("rejected", "skipped")
    found = [line for kind, lines in report.samples.items() if kind not in decided for line in lines]
    words = ("key", "record_id", "message")
    return sort_lines({field: each for field, each in line.items() if field not in words} for line in found)


def sort_lines(lines: Any) -> list[Mapping[str, Any]]:
    return sorted(lines, key=lambda line: str(sorted(line.items(), key=str)))


@pytest.mark.rule("T5")
def test_a_field_that_can_be_set_only_once_is_shown_of_new_records_alone(bench: Bench) -> None:
    bench.change(fields=SET_ONCE)
    bench.store.put("people", external_id="k1", name="by hand")
    planned = bench.plan([row("k1"), row("k2")], lookup=True)
    assert {kind: [line["key"] for line in lines] for kind, lines in planned.samples.items()} == {
        "updated": ["k1"], "created": ["k2"],
    }  # fmt: skip
    assert read_samples(planned) == {
        "k1": {"name": "Name of k1", "verified": "Ada"},
        "k2": {"external_id": "k2", "name": "Name of k2", "source": "web"},
    }


@pytest.mark.rule("T5")
def test_a_field_that_new_records_cannot_have_is_not_shown_of_them(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", verified="v"))
    bench.run([row("k1")])
    planned = bench.plan([row("k1", n="Another"), row("k2")])
    assert read_samples(planned) == {
        "k1": {"name": "Another", "verified": "Ada"},
        "k2": {"external_id": "k2", "name": "Name of k2"},
    }


@pytest.mark.rule("T5")
def test_a_null_is_shown_where_it_empties_a_field_and_not_where_it_leaves_it_alone(bench: Bench) -> None:
    bench.change(fields=KEPT_AND_CLEARED)
    planned = bench.plan([row("k1", a=None, m=None), row("k2")])
    assert read_samples(planned) == {
        "k1": {"external_id": "k1", "name": "Name of k1", "about": None},
        "k2": {"external_id": "k2", "name": "Name of k2", "about": "text", "email": "a@b.c"},
    }


@pytest.mark.rule("T5")
def test_a_null_of_an_insert_is_left_out(bench: Bench) -> None:
    bench.sync = people(Mode.INSERT, fields=map_fields(external_id="e", name="n", about="a"))
    assert read_samples(bench.plan([row("k1", a=None)])) == {"k1": {"external_id": "k1", "name": "Name of k1"}}


@pytest.mark.rule("T5")
@pytest.mark.parametrize(
    ("on_removed", "kind", "fields"),
    [(Removal.CLEAR, "cleared", {"about": None, "email": None}), (Removal.DELETE, "deleted", {})],
)
def test_of_a_row_that_left_what_would_be_emptied_is_shown(
    bench: Bench, on_removed: Removal, kind: str, fields: dict[str, None]
) -> None:
    bench.change(fields=KEPT_AND_CLEARED, on_removed=on_removed)
    bench.run([row("k1"), row("k2")])
    planned = bench.plan([row("k2")])
    (record_id,) = (each["id"] for each in bench.store.records("people") if each["external_id"] == "k1")
    assert planned.samples == {kind: ({"key": "k1", "record_id": record_id, **fields},)}


@pytest.mark.rule("T5")
def test_of_rows_that_are_archived_nothing_but_the_record_is_shown(bench: Bench) -> None:
    bench.sync = people(Mode.ARCHIVE)
    record_id = bench.store.put("people", external_id="k1", name="by hand")
    assert bench.plan([row("k1")]).samples == {"deleted": ({"key": "k1", "record_id": record_id},)}


@pytest.mark.rule("T5")
def test_each_of_several_objects_shows_its_own_fields(bench: Bench) -> None:
    """A guest has a table, a person a tier; the match value of a record that is there is not sent again."""
    bench.change(objects=("people", "guests"), create_in="guests", fields=map_fields(name="n", table="t", tier="x"))
    bench.store.put("people", external_id="p", name="Old")
    bench.store.put("guests", external_id="g", name="Old")
    given = {"t": "7", "x": "Gold"}
    assert read_samples(bench.plan([row("p", **given), row("g", **given), row("new", **given)])) == {
        "p": {"name": "Name of p", "tier": "Gold"},
        "g": {"name": "Name of g", "table": "7"},
        "new": {"external_id": "new", "name": "Name of new", "table": "7"},
    }


@pytest.mark.rule("T5")
def test_of_a_row_that_is_merged_only_where_it_goes_is_shown(bench: Bench) -> None:
    bench.change(merge=Merge("g", is_child="c"), fields=map_fields(name="n"))
    for key in ("a", "p"):
        bench.store.put("people", external_id=key, name="Old")
    merged = bench.plan([row("a", g="1", c="true"), row("p", g="1", c=None)]).samples["merged"]
    assert [{word: each for word, each in line.items() if word != "record_id"} for line in merged] == [
        {"key": "a", "merged_into": "p"}
    ]


@pytest.mark.rule("T5")
@pytest.mark.parametrize("broken", [{"n": None}, {"m": "no address"}])
def test_a_row_that_is_not_sent_shows_why_and_no_values(bench: Bench, broken: dict[str, str | None]) -> None:
    bench.change(fields=KEPT_AND_CLEARED)
    (line,) = bench.plan([row("k1", **broken)]).samples["rejected"]
    assert set(line) == {"key", "code", "message"}


@pytest.mark.rule("T5")
def test_a_reference_to_a_record_that_is_still_to_be_made_names_the_row(bench: Bench) -> None:
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field="mentor", find=Find("people", "r", "external_id"))))
    known = bench.store.put("people", external_id="there", name="by hand")
    planned = bench.plan([row("child", r="parent"), row("parent", r=None), row("other", r="there")])
    assert {key: fields["mentor"] for key, fields in read_samples(planned).items()} == {
        "child": "the record of row parent",
        "parent": None,
        "other": known,
    }


@pytest.mark.rule("T5")
def test_a_row_with_a_new_match_value_shows_that_and_its_former_record_shows_nothing(bench: Bench) -> None:
    bench.change(fields=SET_ONCE, on_removed=Removal.DELETE)
    bench.run([row("k1")])
    planned = bench.plan([row("k1", e="k9")], accept={"rekeyed"})
    (new,), (former,) = planned.samples["created or updated"], planned.samples["deleted"]
    assert new == {"key": "k1", "external_id": "k9", "name": "Name of k1", "source": "web"}
    assert set(former) == {"key", "record_id"}


@pytest.mark.rule("T5")
def test_a_value_that_comes_back_shows_what_its_list_gets(bench: Bench) -> None:
    """In a list that is replaced, what leaves is named by its key, and nothing else of it is sent."""
    bench.sync = evolve(
        people(Mode.ALL, fields=map_fields(name="e", label="n"), match=Match("name", "e")), objects=("tags",)
    )
    bench.store.put("tags", name="Green", label="green")
    planned = bench.plan([{"k": "1", "e": "Red", "n": "red"}])
    assert planned.samples == {
        "created": ({"key": "1", "name": "Red", "label": "red"},),
        "deactivated": ({"key": "Green"},),
    }


@pytest.mark.rule("T5")
@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.UPDATE, Mode.INSERT])
def test_what_is_shown_is_what_the_destination_is_given(bench: Bench, mode: Mode) -> None:
    more = {Mode.UPSERT: map_fields(source="s", verified="v"), Mode.INSERT: map_fields(external_id="e")}
    bench.sync = people(mode, fields=(*KEPT_AND_CLEARED, *more.get(mode, ())))
    if mode is not Mode.INSERT:
        for key in ("k1", "k2"):
            bench.store.put("people", external_id=key, name="by hand")
    rows = [row("k1", a=None, m=None), row("k2"), row("k3", m=None), row("k4", n="x" * 81)]
    given = record_writes(bench)
    planned = bench.plan(rows)
    assert given == []
    bench.run_open(rows)
    assert given
    assert sent_fields(planned) == sort_lines(given)


@pytest.mark.rule("T5")
def test_values_that_a_choice_does_not_know_are_told_only_where_they_are_sent(bench: Bench) -> None:
    """The warning says that they are sent: so it must not speak of a value that a record that is there is not given."""

    def discover_schema(object_name: str) -> ObjectSchema:
        schema = plugin.discover_schema(object_name)
        fields = tuple(evolve(each, updatable=False) if each.name == "interests" else each for each in schema.fields)
        return evolve(schema, fields=fields)

    bench.hooks["discover_schema"] = discover_schema
    bench.change(fields=map_fields(name="n", interests="x"))
    bench.store.put("people", external_id="k1", name="by hand")
    assert bench.plan([row("k1", x="Golf"), row("k2", x="Chess")]).findings == ()
    (finding,) = bench.plan([row("k1", x="Golf"), row("k2", x="Chess;Tennis")]).findings
    assert finding.message == "interests does not have these values yet: 'Tennis'"


@pytest.mark.rule("T5")
def test_a_value_of_one_object_is_no_novelty_of_another(bench: Bench) -> None:
    bench.change(objects=("people", "guests"), create_in="guests", fields=map_fields(name="n", interests="x"))
    bench.store.put("guests", external_id="g", name="Old")
    assert bench.plan([row("g", x="Golf")]).findings == ()


@pytest.mark.rule("T5")
@pytest.mark.parametrize(
    ("number", "said"), [(pa.array([0.1 + 0.2]), "0.30000000000000004"), (pa.array([1e-10]), "0.0000000001"),
                         (pa.array([5.0]), "5"), (pa.array([Decimal("1.50")]), "1.5")],
)  # fmt: skip
def test_numbers_are_shown_in_plain_digits(bench: Bench, number: pa.Array, said: str) -> None:
    bench.change(fields=map_fields(name="n", score="x"))
    table = pa.table({"k": ["k1"], "e": ["k1"], "n": ["Ash"], "x": number})
    assert read_samples(bench.plan(table))["k1"]["score"] == said


def test_a_plan_of_a_table_shows_numbers_and_dates_as_they_are(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", age="x"))
    table = pa.table({"k": ["k1"], "e": ["k1"], "n": ["Ash"], "x": pa.array([41], pa.int64())})
    assert read_samples(bench.plan(table)) == {"k1": {"external_id": "k1", "name": "Ash", "age": "41"}}
