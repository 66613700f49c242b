"""Mode all: the model replaces the whole target, compared with what the target holds now."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector_sdk import (
    ActionCounts,
    Batch,
    ConfigError,
    ExitCode,
    FieldMapping,
    Finding,
    Guards,
    Level,
    Match,
    Mode,
    ObjectSchema,
    OnNull,
    PlanSummary,
    RunStopped,
)
from connector_sdk.history import show
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Fault, FaultKind, plugin

from .bench import Bench, map_fields, people

RED = {"k": "1", "e": "Red", "n": "red"}
BLUE = {"k": "2", "e": "Blue", "n": "blue"}


SYNC = evolve(
    people(Mode.ALL, fields=map_fields(name="e", label="n"), match=Match("name", "e")),
    objects=("tags",),
)


@pytest.fixture
def tags(bench: Bench) -> Bench:
    """Tags, named by `e` and labelled by `n`."""
    bench.sync = SYNC
    return bench


def _read_tags(bench: Bench) -> dict[str, str | None]:
    return {record["name"]: record.get("label") for record in bench.store.records("tags")}


@pytest.mark.parametrize("accept", [frozenset(), frozenset({"max_removed"})])
def test_a_list_cannot_be_taken_as_sent_for_that_would_empty_it(tags: Bench, accept: frozenset[str]) -> None:
    tags.store.put("tags", name="Red", label="red")
    for ask in (tags.plan, tags.run):
        with pytest.raises(ConfigError, match="baseline does not go with mode all"):
            ask([RED, BLUE], first_run=FirstRun.BASELINE, accept=accept)
    assert _read_tags(tags) == {"Red": "red"}


def test_the_target_becomes_what_the_model_is_whoever_wrote_it(tags: Bench) -> None:
    tags.store.put("tags", name="Green", label="somebody's")
    ran = tags.run([RED, BLUE])
    assert ran.ledger == {"1": "succeeded", "2": "succeeded", "Green": "succeeded"}
    assert _read_tags(tags) == {"Red": "red", "Blue": "blue"}


def test_every_value_that_joins_changes_stays_or_leaves_has_a_line(tags: Bench) -> None:
    for name, label in (("Red", "rot"), ("Blue", "blue"), ("Green", "green"), ("Grey", "grey")):
        tags.store.put("tags", name=name, label=label)
    rows = [{"k": "3", "e": "Pink", "n": "pink"}, RED, BLUE]
    planned = tags.plan(rows)
    ran = tags.run(rows)
    assert {line["key"]: line["action"] for line in ran.lines} == {
        "1": "updated", "2": "kept", "3": "created", "Green": "deactivated", "Grey": "deactivated",
    }  # fmt: skip
    assert planned.actions == ran.report.actions == ActionCounts(created=1, updated=1, deactivated=2)
    assert (planned.rows.planned, planned.rows.removed) == (5, 2)
    assert {kind: [each["key"] for each in lines] for kind, lines in planned.samples.items()} == {
        "created": ["3"], "updated": ["1"], "deactivated": ["Green", "Grey"],
    }  # fmt: skip


@pytest.mark.rule("T9")
def test_a_report_from_before_values_were_deactivated_is_read_as_it_was_written(tags: Bench) -> None:
    tags.store.put("tags", name="Green", label="green")
    run = tags.run([RED]).report
    with sqlite3.connect(tags.folder / ".connector" / "state.db") as state:
        ((kept,),) = state.execute("select report from run where id = ?", (run.run,)).fetchall()
        former = json.loads(kept)
        former["actions"] = {"created": 1, "updated": 0, "deleted": 1, "cleared": 0, "merged": 0}
        state.execute("update run set report = ? where id = ?", (json.dumps(former), run.run))
    state.close()
    read = show(tags.project([RED]), run.run)
    assert read.actions == ActionCounts(created=1, deleted=1)


def test_the_rows_arrive_in_the_order_of_the_model(tags: Bench) -> None:
    names = [f"tag {number * 7 % 100}" for number in range(100)]
    known = set(names[::2])
    for name in sorted(known):
        tags.store.put("tags", name=name, label="x")
    tags.run([{"k": name, "e": name, "n": "x"} for name in names])
    assert [name for name in _read_tags(tags) if name not in known] == names[1::2]


def test_a_null_leaves_alone_what_every_value_of_the_target_has(tags: Bench) -> None:
    def discover_schema(object_name: str) -> ObjectSchema:
        schema = plugin.discover_schema(object_name)
        return evolve(schema, fields=tuple(evolve(each, nullable=each.name != "label") for each in schema.fields))

    tags.hooks["discover_schema"] = discover_schema
    tags.store.put("tags", name="Red", label="somebody's")
    assert tags.run([{**RED, "n": None}]).ledger == {}
    assert tags.run([{**RED, "n": None}, BLUE]).line("1")["action"] == "kept"
    assert _read_tags(tags) == {"Red": "somebody's", "Blue": "blue"}


def test_a_destination_sees_the_list_before_it_is_written(tags: Bench) -> None:
    seen: list[Any] = []

    def check_plan(plan: PlanSummary, replacement: Batch | None) -> list[Finding]:
        seen.append(replacement and replacement.rows.to_pylist())
        return [Finding(Level.STOP, "not so fast")] if replacement and replacement.rows.num_rows > 1 else []

    tags.hooks["check_plan"] = check_plan
    tags.store.put("tags", name="Green", label="green")
    with pytest.raises(RunStopped, match="not so fast"):
        tags.run([RED, BLUE])
    tags.run([RED])
    tags.plan([RED])
    both = [{"name": "Red", "label": "red"}, {"name": "Blue", "label": "blue"}]
    assert seen == [both, both[:1], None]


def test_an_option_of_the_destination_can_release_a_guard_for_good(tags: Bench) -> None:
    tags.run([RED, BLUE])
    tags.change(guards=Guards())
    with pytest.raises(RunStopped, match="the model has 0 rows"):
        tags.run([])
    spec = evolve(plugin.SPEC, released_guards=lambda options: frozenset({"min_rows", "max_removed"}))
    tags.hooks["destination_spec"] = lambda: spec
    assert tags.run([]).report.actions == ActionCounts(deactivated=2)
    assert _read_tags(tags) == {}


@pytest.mark.parametrize("code", ["locked", "too_long"])
def test_a_list_is_never_cut(tags: Bench, code: str) -> None:
    tags.store.put("tags", name="Green", label="green")
    tags.store.add_fault(Fault(FaultKind.REFUSED, call="replace", code=code))
    ran = tags.run([RED, BLUE])
    if code == "locked":
        assert ran.ledger == {"1": "succeeded", "2": "succeeded", "Green": "succeeded"}
        assert _read_tags(tags) == {"Red": "red", "Blue": "blue"}
    else:
        assert ran.ledger == dict.fromkeys(["1", "2", "Green"], "rejected too_long")
        assert _read_tags(tags) == {"Green": "green"}


def test_what_leaves_the_target_is_named(tags: Bench) -> None:
    tags.store.put("tags", name="Green", label="somebody's")
    (finding,) = tags.plan([RED]).findings
    assert (finding.level, finding.message) == ("info", "1 deactivated: Green")


def test_nothing_is_written_where_nothing_differs(tags: Bench) -> None:
    tags.run([RED, BLUE])
    ran = tags.run([BLUE, RED])
    assert (ran.ledger, ran.report.rows.unchanged) == ({}, 2)
    assert len(tags.store.batches()) == 1


@pytest.mark.parametrize("change", ["a label", "a tag more", "a tag less"])
def test_a_change_by_hand_is_put_right(tags: Bench, change: str) -> None:
    tags.run([RED, BLUE])
    ids = {record["name"]: record["id"] for record in tags.store.records("tags")}
    if change == "a label":
        tags.store.change("tags", ids["Red"], label="rot")
    elif change == "a tag more":
        tags.store.put("tags", name="Green", label="green")
    else:
        tags.store.delete("tags", ids["Red"])
    assert tags.run([RED, BLUE]).report.rows.succeeded == (3 if change == "a tag more" else 2)
    assert _read_tags(tags) == {"Red": "red", "Blue": "blue"}


@pytest.mark.parametrize(("on_null", "differs"), [(OnNull.KEEP, False), (OnNull.CLEAR, True)])
def test_a_null_that_keeps_is_no_difference(tags: Bench, on_null: OnNull, differs: bool) -> None:
    tags.store.put("tags", name="Red", label="somebody's")
    tags.change(fields=(*map_fields(name="e"), FieldMapping(field="label", column="n", null=on_null)))
    assert bool(tags.run([{**RED, "n": None}]).ledger) is differs
    assert _read_tags(tags) == {"Red": None if differs else "somebody's"}
    assert tags.run([{**RED, "n": "red"}]).ledger == {"1": "succeeded"}
    assert _read_tags(tags) == {"Red": "red"}


def test_a_row_that_is_rejected_stops_the_replacement_until_it_is_accepted(tags: Bench) -> None:
    tags.run([RED, BLUE])
    rows = [RED, {**BLUE, "n": "x" * 100}]
    with pytest.raises(RunStopped, match="1 row is rejected and would be missing") as stopped:
        tags.run(rows)
    assert stopped.value.exit_code is ExitCode.GUARD
    assert _read_tags(tags) == {"Red": "red", "Blue": "blue"}
    assert tags.run(rows, accept={"rejected"}).ledger == {
        "1": "succeeded", "2": "rejected TOO_LONG", "Blue": "succeeded",
    }  # fmt: skip
    assert _read_tags(tags) == {"Red": "red"}


def test_names_that_the_target_takes_for_one_are_all_rejected(tags: Bench) -> None:
    report = tags.plan([RED, {**BLUE, "e": " red"}])
    assert report.rows.rejected == 2


def test_an_empty_model_is_stopped_by_the_guard(tags: Bench) -> None:
    tags.run([RED])
    tags.change(guards=evolve(tags.sync.guards, min_rows=1))
    with pytest.raises(RunStopped, match="the model has 0 rows"):
        tags.run([])
    assert _read_tags(tags) == {"Red": "red"}


def test_values_that_leave_the_target_are_counted_by_the_guard_against_it(tags: Bench) -> None:
    for number in range(20):
        tags.store.put("tags", name=f"old {number}", label="x")
    kept = [{"k": str(number), "e": f"old {number}", "n": "x"} for number in range(17)]
    tags.change(guards=Guards())
    with pytest.raises(
        RunStopped, match="3 of 20 records of the destination would be deactivated, and 10% are allowed"
    ) as stopped:
        tags.run(kept)
    assert stopped.value.exit_code is ExitCode.GUARD
    assert len(_read_tags(tags)) == 20
    assert tags.run([*kept, {"k": "17", "e": "old 17", "n": "x"}]).report.exit == ExitCode.OK
    assert len(_read_tags(tags)) == 18
    tags.run(kept[:10], accept=["max_removed"])
    assert len(_read_tags(tags)) == 10


def test_a_saved_replacement_that_leaves_rows_out_can_be_accepted_when_it_runs(tags: Bench) -> None:
    saved = tags.plan([RED, {**BLUE, "n": "x" * 100}], save=True)
    with pytest.raises(RunStopped, match="--accept rejected"):
        tags.run([], plan_id=saved.run)
    tags.run([], plan_id=saved.run, accept=["rejected"])
    assert _read_tags(tags) == {"Red": "red"}


def test_a_target_that_moves_while_it_is_written_is_read_again(tags: Bench) -> None:
    tags.store.add_fault(Fault(FaultKind.MOVED, call="replace", times=2))
    assert tags.run([RED]).ledger == {"1": "succeeded"}
    assert _read_tags(tags) == {"Red": "red"}


TAGS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["x", "y", None]), max_size=4)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TAGS, st.lists(TAGS.filter(bool), min_size=1, max_size=3))
def test_after_every_run_the_target_is_the_model(by_hand: dict[str, str], models: list[dict[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tags = Bench(Path(folder), SYNC)
        for name, label in by_hand.items():
            tags.store.put("tags", name=name, label=label)
        for model in models:
            before = _read_tags(tags)
            ran = tags.run([{"k": name, "e": name, "n": label} for name, label in model.items()])
            assert _read_tags(tags) == model
            assert bool(ran.ledger) == (before != model)
        tags.store.close()
