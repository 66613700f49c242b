"""Columns of a model may have any name: what SQL reserves, what needs quotes, what the plan calls its own columns."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector_sdk import FieldMapping, Find, Match, Mode, Removal

from .bench import Bench, map_fields, people

NAMES = [
    "select", "from", "at", "order", "group", "user", "table", "end", "null", "case", "limit",
    'a"b', "it's", "a b", "a.b", "a;b", "{x}", "{{x}}", "%s", "$1", "?", "-- x", "\u00e4\u00f6\u00fc", "\u540d\u524d",
    "model.x", "model.k", "sent.name", "sent.external_id", "key", "match", "position", "record_id", "effect", "action",
    "object", "outcome", "code", "message", "advice", "verdict", "row", "found", "value", "same", "generation", "held",
    "file_row_number", "filename", "rowid", "m", "s", "c", "model", "Key", "POSITION", "sf__Id", "x" * 200,
    "level", "line", "trail", "missing", "parent.mentor", "keys_1",
]  # fmt: skip


def _table(key: str, match: str, name: str, values: list[str]) -> pa.Table:
    return pa.table({key: ["1", "2"], match: ["a", "b"], name: values})


@pytest.mark.parametrize(("key", "match", "value"), list(zip(NAMES[::3], NAMES[1::3], NAMES[2::3], strict=True)))
def test_a_column_of_any_name_can_be_key_match_and_value(bench: Bench, key: str, match: str, value: str) -> None:
    bench.primary_key = (key,)
    fields = (
        FieldMapping(field="name", column=value),
        FieldMapping(field="mentor", find=Find("people", value, "external_id")),
    )
    bench.sync = people(match=Match("external_id", match), fields=fields, on_removed=Removal.DELETE)
    for each in "abxyz":
        bench.store.put("people", external_id=each, name="-")

    assert bench.run(_table(key, match, value, ["x", "y"])).ledger == {"1": "succeeded", "2": "succeeded"}
    assert bench.run(_table(key, match, value, ["x", "z"]).slice(1)).ledger == {"1": "succeeded", "2": "succeeded"}
    assert bench.names() == {"b": "z", "x": "-", "y": "-", "z": "-"}


@pytest.mark.parametrize(("key", "match", "parent"), list(zip(NAMES[::3], NAMES[1::3], NAMES[2::3], strict=True)))
def test_a_column_of_any_name_can_refer_to_other_rows(bench: Bench, key: str, match: str, parent: str) -> None:
    bench.primary_key = (key,)
    mentor = FieldMapping(field="mentor", find=Find("people", parent, "external_id"))
    bench.sync = people(match=Match("external_id", match), fields=(*map_fields(name=match), mentor))
    rows = _table(key, match, parent, ["b", ""])
    assert bench.run(rows).ledger == {"1": "succeeded", "2": "succeeded"}
    assert bench.records()["a"]["mentor"] == bench.records()["b"]["id"]


@pytest.mark.parametrize("name", ["match", "record_id", "outcome", "model.x"])
@pytest.mark.parametrize("mode", [Mode.UPDATE, Mode.ARCHIVE])
def test_records_are_looked_up_for_columns_of_any_name(bench: Bench, name: str, mode: Mode) -> None:
    bench.primary_key = (name,)
    fields = map_fields(about=name) if mode is Mode.UPDATE else ()
    bench.sync = people(mode, match=Match("external_id", name), fields=fields)
    bench.store.put("people", external_id="1", name="-")
    without_record = {"2": "skipped NO_RECORD"} if mode is Mode.UPDATE else {}
    assert bench.run(pa.table({name: ["1", "2"]})).ledger == {"1": "succeeded", **without_record}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12))
def test_no_name_at_all_breaks_a_plan(bench: Bench, name: str) -> None:
    bench.primary_key = (name,)
    bench.sync = people(match=Match("external_id", name), fields=map_fields(name=name))
    assert bench.plan(pa.table({name: ["1", "2"]})).rows.planned == 2
