"""Saved plans run as they were shown, once, and only while everything they rest on is as it was."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from connector_sdk import ConfigError, ExitCode, Match, Mode, Removal, RunStopped
from connector_sdk.state.database import open_database
from connector_sdk.state.retention import SAVED_FOR
from connector_sdk.testing.reference import Store

from .bench import UNGUARDED, Bench, map_fields, people

ANN = {"k": "1", "e": "a", "n": "Ann"}
BOB = {"k": "2", "e": "b", "n": "Bob"}


def _expect_refusal(bench: Bench, plan_id: str, reason: str) -> None:
    with pytest.raises(RunStopped, match=reason) as stopped:
        bench.run([ANN], plan_id=plan_id)
    assert stopped.value.exit_code is ExitCode.GUARD


def test_a_saved_plan_sends_what_was_planned_whatever_the_model_says_now(bench: Bench) -> None:
    saved = bench.plan([ANN], save=True)
    assert saved.saved
    ran = bench.run([BOB], plan_id=saved.run)
    assert ran.report.run == saved.run
    assert ran.ledger == {"1": "succeeded"}
    assert bench.names() == {"a": "Ann"}
    assert bench.run([ANN]).ledger == {}


def test_a_plan_that_is_not_saved_leaves_nothing(bench: Bench) -> None:
    shown = bench.plan([ANN])
    assert list((bench.folder / ".connector" / "plans").iterdir()) == []
    with pytest.raises(ConfigError, match="there is no saved plan"):
        bench.run([ANN], plan_id=shown.run)


@pytest.mark.rule("C1")
def test_a_saved_plan_runs_once(bench: Bench) -> None:
    saved = bench.plan([ANN], save=True)
    bench.run([ANN], plan_id=saved.run)
    _expect_refusal(bench, saved.run, "was run already")


@pytest.mark.rule("C1")
def test_a_saved_plan_is_refused_after_another_run(bench: Bench) -> None:
    saved = bench.plan([ANN, BOB], save=True)
    bench.run([ANN])
    _expect_refusal(bench, saved.run, "the configuration or the snapshot changed")
    assert set(bench.names()) == {"a"}


@pytest.mark.parametrize(
    "change",
    [
        {"fields": map_fields(name="n", about="x")},
        {"on_removed": Removal.DELETE},
        {"guards": evolve(UNGUARDED, max_removed=1)},
        {"options": {"look_every": 1.0}},
    ],
    ids=["fields", "removal", "guards", "options"],
)
def test_a_saved_plan_is_refused_after_a_change_of_the_sync(bench: Bench, change: dict[str, object]) -> None:
    saved = bench.plan([ANN], save=True)
    bench.change(**change)
    _expect_refusal(bench, saved.run, "the configuration or the snapshot changed")


def test_a_saved_plan_is_refused_on_another_account(bench: Bench, tmp_path: Path) -> None:
    saved = bench.plan([ANN], save=True)
    bench.settings = {"path": str(tmp_path / "other.db")}
    _expect_refusal(bench, saved.run, "another account")
    assert Store.at(tmp_path / "other.db").records("people") == ()


@pytest.mark.rule("C1")
def test_a_saved_plan_is_refused_after_a_day(bench: Bench) -> None:
    saved = bench.plan([ANN], save=True)
    journal = open_database(bench.folder / ".connector" / "state.db")
    journal.execute("update run set created = '2020-01-01T00:00:00+00:00'")
    journal.close()
    assert SAVED_FOR.total_seconds() == 24 * 3600
    _expect_refusal(bench, saved.run, "older than 24 hours")


def test_a_saved_plan_that_a_guard_stops_needs_the_word_when_it_is_saved(bench: Bench) -> None:
    bench.change(guards=evolve(UNGUARDED, max_changed=0))
    bench.run([ANN])
    saved = bench.plan([{**ANN, "n": "Anna"}], save=True)
    _expect_refusal(bench, saved.run, "1 of 1 rows changed")
    accepted = bench.plan([{**ANN, "n": "Anna"}], save=True, accept={"max_changed"})
    assert bench.run([], plan_id=accepted.run).ledger == {"1": "succeeded"}


def test_the_plan_of_another_sync_is_not_run(bench: Bench) -> None:
    saved = bench.plan([ANN], save=True)
    bench.change(name="others")
    with pytest.raises(ConfigError, match="there is no saved plan"):
        bench.run([ANN], plan_id=saved.run)


@pytest.mark.rule("C1")
@pytest.mark.parametrize(
    "harm",
    [
        lambda plan: (plan / "plan.json").write_text("{"),
        lambda plan: (plan / "plan.json").unlink(),
        lambda plan: (plan / "plan.parquet").write_bytes(b"PAR1"),
        lambda plan: (plan / "plan.parquet").unlink(),
        lambda plan: _rewrite(plan / "plan.json", lambda about: about.pop("layout")),
        lambda plan: _rewrite(plan / "plan.json", lambda about: about.update(batches=7)),
        lambda plan: (plan / "schema.json").write_text("[]"),
    ],
    ids=["cut", "gone", "rows cut", "rows gone", "without a part", "with another part", "schemas of another version"],
)
def test_a_saved_plan_that_is_damaged_or_of_another_version_is_refused_or_run_as_it_was(
    bench: Bench, harm: Callable[[Path], object]
) -> None:
    saved = bench.plan([ANN], save=True)
    plan = bench.folder / ".connector" / "plans" / saved.run
    harm(plan)
    if (plan / "schema.json").read_text() == "[]":
        assert bench.run([ANN], plan_id=saved.run).ledger == {"1": "succeeded"}
        return
    with pytest.raises(RunStopped, match="plan again with --save") as stopped:
        bench.run([ANN], plan_id=saved.run)
    assert stopped.value.exit_code is ExitCode.GUARD
    assert bench.names() == {}


def _rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what is known about a plan as another version would have written it, with its checksum."""
    kept = json.loads(path.read_text())
    change(kept["plan"])
    kept["checksum"] = zlib.crc32(json.dumps(kept["plan"]).encode())
    path.write_text(json.dumps(kept))


@pytest.mark.rule("C1")
def test_a_saved_list_is_refused_when_the_target_moved_and_says_so_to_observers(bench: Bench) -> None:
    bench.sync = evolve(
        people(Mode.ALL, fields=map_fields(name="e", label="n"), match=Match("name", "e")), objects=("tags",)
    )
    saved = bench.plan([ANN], save=True)
    bench.store.put("tags", name="by hand", label="x")
    with pytest.raises(RunStopped, match=r"tags\.name: by hand was added — plan again with --save") as stopped:
        bench.run([ANN], plan_id=saved.run)
    assert stopped.value.exit_code is ExitCode.GUARD
    assert [each["name"] for each in bench.store.records("tags")] == ["by hand"]
