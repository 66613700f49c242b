"""Fields that can be set only on new records, or only on those that exist."""

from __future__ import annotations

from typing import Any

from .bench import Bench, map_fields


def read_optional_fields(bench: Bench) -> dict[str, tuple[Any, Any]]:
    records = bench.store.records("people")
    return {each["external_id"]: (each.get("source"), each.get("verified")) for each in records}


def row(key: str, source: str = "web", verified: str = "Ada") -> dict[str, str | None]:
    return {"k": key, "e": key, "n": f"Name of {key}", "s": source, "v": verified}


def test_each_record_gets_the_fields_that_it_can_have(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", source="s", verified="v"))
    bench.store.put("people", external_id="k1", name="by hand")
    ran = bench.run([row("k1"), row("k2")])
    assert ran.ledger == {"k1": "succeeded", "k2": "succeeded"}
    assert read_optional_fields(bench) == {"k1": (None, "Ada"), "k2": ("web", None)}


def test_a_change_of_a_field_that_is_set_once_is_no_change_of_a_record(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", source="s"))
    bench.run([row("k1"), row("k2")])
    for source in ("shop", "fair", "shop"):
        ran = bench.run([row("k1", source=source), row("k2")])
        assert (ran.report.rows.planned, ran.report.rows.unchanged) == (0, 2)
    assert read_optional_fields(bench)["k1"][0] == "web"


def test_another_change_of_the_row_leaves_the_field_that_is_set_once_alone(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", source="s"))
    bench.run([row("k1")])
    ran = bench.run([{**row("k1", source="shop"), "n": "Another name"}])
    assert ran.ledger == {"k1": "succeeded"}
    assert read_optional_fields(bench)["k1"][0] == "web"


def test_a_record_that_somebody_deleted_is_made_anew_with_what_can_be_set_only_then(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", source="s", verified="v"))
    bench.run([row("k1"), row("k2")])
    (gone,) = (each["id"] for each in bench.store.records("people") if each["external_id"] == "k1")
    bench.store.delete("people", gone)
    changed = [{**row("k1"), "n": "Another name"}, {**row("k2"), "n": "Another name"}]
    assert bench.run(changed).ledger == {"k1": "skipped gone", "k2": "succeeded"}
    assert bench.run(changed).ledger == {"k1": "succeeded"}
    assert read_optional_fields(bench) == {"k1": ("web", None), "k2": ("web", "Ada")}
    assert bench.run(changed).report.rows.planned == 0


def test_plan_can_ask_which_records_are_there(bench: Bench) -> None:
    bench.store.put("people", external_id="k1", name="by hand")
    rows = [row("k1"), row("k2"), row("k3")]
    without = bench.plan(rows)
    assert (without.actions.created, without.actions.updated, without.created_or_updated) == (0, 0, 3)
    asked = bench.plan(rows, lookup=True)
    assert (asked.actions.created, asked.actions.updated, asked.created_or_updated) == (2, 1, 0)
    assert bench.store.execution_counts("people") == {}
