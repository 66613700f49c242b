"""Guards that look beyond one run: keys in another spelling, removals of a day, another model, another account."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from attrs import evolve

from connector_sdk import ExitCode, Guards, Match, Mode, Model, Removal, RunStopped
from connector_sdk.run import FirstRun, run
from connector_sdk.testing.reference import Store

from .bench import Bench, map_fields, people

KEYS = [str(number) for number in range(1, 41)]
Row = Mapping[str, str | None]


def rows(keys: Sequence[str]) -> list[Row]:
    return [{"k": key, "e": key, "n": "x"} for key in keys]


@pytest.fixture
def inserting(bench: Bench) -> Bench:
    """An insert of notes."""
    bench.sync = people(Mode.INSERT, objects=("notes",), fields=map_fields(key="e", text="n"))
    return bench


def stop(bench: Bench, given: Sequence[Row] | pa.Table, **asked: object) -> RunStopped:
    """Run, be stopped by a guard, and return what it said; nothing is executed."""
    before = {each: bench.store.execution_counts(each) for each in ("people", "notes")}
    with pytest.raises(RunStopped) as stopped:
        bench.run(given, **asked)
    assert stopped.value.exit_code is ExitCode.GUARD
    assert {each: bench.store.execution_counts(each) for each in ("people", "notes")} == before
    return stopped.value


class TestRespelled:
    @pytest.mark.rule("V3")
    @pytest.mark.parametrize("mode", [Mode.INSERT, Mode.UPSERT])
    @pytest.mark.parametrize(
        ("known", "respelled"),
        [
            ("1", "001"),
            ("ab-12", "AB12"),
            ("6f9619ff-8b86-d011-b42d-00cf4fc964ff", "{6F9619FF-8B86-D011-B42D-00CF4FC964FF}"),
            ("x", " x "),
            ("1", "1.0"),
            ("1.00", "1"),
            ("2026-01-31", "2026-01-31T00:00:00Z"),
            ("2026-01-31", "2026-01-31 00:00:00"),
            ("2026-01-31", "2026-01-31T00:00:00.000+0000"),
            ("2026-01-31", "2026-01-31 00:00:00+00:00"),
            ("2026-01-31", "2026-01-31 00:00:00+00"),
            ("caf\u00e9", "cafe\u0301"),
            ("\ufb01x", "fix"),
            ("\uff21\uff11", "a1"),
            ("stra\u00dfe", "STRASSE"),
            ("12\u00a0345", "12345"),
            ("0", "00"),
        ],
    )  # fmt: skip
    def test_a_known_key_in_another_spelling_stops_the_run(
        self, bench: Bench, mode: Mode, known: str, respelled: str
    ) -> None:
        if mode is Mode.INSERT:
            bench.sync = people(mode, objects=("notes",), fields=map_fields(key="e", text="n"))
        else:
            bench.change(match=Match("external_id", "m"))
        bench.run([{"k": known, "e": known, "n": "x", "m": "one"}], first_run=FirstRun.SEND)
        stopped = stop(bench, [{"k": respelled, "e": respelled, "n": "x", "m": "two"}])
        assert f"{known!r} is {respelled!r} now" in stopped.message
        assert stopped.hint == "spell them in the model as before, or if that is meant: --accept respelled"
        ran = bench.run([{"k": respelled, "e": respelled, "n": "x", "m": "two"}], accept={"respelled"})
        assert ran.report.actions.created == 1

    @pytest.mark.rule("V3")
    def test_three_pairs_of_old_and_new_spelling_are_shown(self, inserting: Bench) -> None:
        inserting.run(rows(KEYS), first_run=FirstRun.SEND)
        stopped = stop(inserting, rows([f"00{key}" for key in KEYS]))
        assert stopped.message.startswith("40 new keys are known keys in another spelling")
        assert stopped.message.endswith("'1' is '001' now, '10' is '0010' now, '11' is '0011' now, ...")
        assert len(inserting.store.records("notes")) == 40

    @pytest.mark.rule("V3")
    def test_one_respelled_key_among_many_new_ones_is_enough(self, inserting: Bench) -> None:
        inserting.run(rows(KEYS), first_run=FirstRun.SEND)
        given = [*rows([key for key in KEYS if key != "7"]), *rows(["7.0", *(f"new {key}" for key in KEYS)])]
        assert "1 new keys" in stop(inserting, given).message

    @pytest.mark.rule("V3")
    def test_a_respelled_row_that_would_be_rejected_stops_the_run_too(self, bench: Bench) -> None:
        bench.change(match=Match("external_id", "m"))
        given = [{"k": key, "n": "x", "m": str(place)} for place, key in enumerate(("a-1", "b-2", "A-1", "B-2"))]
        bench.run(given[:2])
        stopped = stop(bench, [{**each, "n": None} for each in given[2:]])
        assert "'a-1' is 'A-1' now, 'b-2' is 'B-2' now" in stopped.message

    @pytest.mark.rule("V3")
    def test_a_window_of_new_keys_each_day_passes(self, inserting: Bench) -> None:
        for day in range(4):
            first = FirstRun.SEND if not day else None
            ran = inserting.run(rows([f"2026-01-0{day + 1} {key}" for key in KEYS]), first_run=first)
            assert ran.report.actions.created == 40

    @pytest.mark.rule("V3")
    @pytest.mark.parametrize(("known", "new"), [("0-11", "1-1"), ("a 12", "a1 2"), ("1.10", "1.1"), ("10", "1")])
    def test_keys_that_only_look_alike_pass(self, inserting: Bench, known: str, new: str) -> None:
        inserting.run(rows([known]), first_run=FirstRun.SEND)
        assert inserting.run(rows([new])).ledger == {new: "succeeded"}

    @pytest.mark.rule("V3")
    def test_a_spelling_that_is_known_beside_the_other_one_passes(self, inserting: Bench) -> None:
        inserting.run(rows(["7"]), first_run=FirstRun.SEND)
        assert inserting.run(rows(["7", "007"])).ledger == {"007": "succeeded"}

    @pytest.mark.rule("V3")
    @pytest.mark.parametrize("keys", [("abc", "ABC"), ("x", " X")])
    def test_a_spelling_that_the_match_field_takes_for_the_same_passes(
        self, bench: Bench, keys: tuple[str, str]
    ) -> None:
        bench.change(on_removed=Removal.DELETE)
        bench.run(rows(keys[:1]))
        bench.run(rows(keys[1:]))
        assert len(bench.names()) == 1

    @pytest.mark.rule("V3")
    def test_a_date_column_that_becomes_a_timestamp_stops_the_run(self, inserting: Bench) -> None:
        days = pa.array([f"2026-01-{day:02}" for day in range(1, 11)]).cast(pa.date32())
        table = pa.table({"k": days, "e": days, "n": ["x"] * 10})
        inserting.run(table, first_run=FirstRun.SEND)
        moments = days.cast(pa.timestamp("us"))
        stopped = stop(inserting, table.set_column(0, "k", moments))
        assert "'2026-01-01' is '2026-01-01T00:00:00Z' now" in stopped.message

    @pytest.mark.rule("V3")
    @pytest.mark.parametrize(
        ("known", "respelled"),
        [
            (("01", "a-b"), ("1", "AB")),
            (("1.0", "-x"), ("1", "x")),
            (("2026-01-31", "x"), ("2026-01-31 00:00:00", "x")),
            (("2026-01-31T00:00:00Z", "2026-02-01T00:00:00+00:00"), ("2026-01-31", "2026-02-01")),
        ],
    )  # fmt: skip
    def test_the_parts_of_a_key_of_several_columns_are_compared_one_by_one(
        self, inserting: Bench, known: tuple[str, str], respelled: tuple[str, str]
    ) -> None:
        inserting.primary_key = ("k", "e")
        given = [{"k": key, "e": other, "n": "x"} for key, other in (known, respelled)]
        inserting.run(given[:1], first_run=FirstRun.SEND)
        stopped = stop(inserting, given[1:])
        said = [json.dumps(each, separators=(",", ":")) for each in (known, respelled)]
        assert f"'{said[0]}' is '{said[1]}' now" in stopped.message

    @pytest.mark.rule("V3")
    def test_a_plan_shows_it_and_a_full_run_stops_too(self, inserting: Bench) -> None:
        inserting.run(rows(["1"]), first_run=FirstRun.SEND)
        assert [each.guard for each in inserting.plan(rows(["01"])).findings] == ["respelled"]
        bench = inserting
        bench.sync = people()
        bench.sync = evolve(bench.sync, name="others", match=Match("external_id", "m"))
        bench.run([{"k": "1", "e": "1", "n": "x", "m": "one"}])
        assert "'1' is '01' now" in stop(bench, [{"k": "01", "e": "1", "n": "x", "m": "two"}], full=True).message


class TestRemovedInADay:
    @pytest.fixture
    def deleting(self, bench: Bench) -> Bench:
        """A thousand people were sent; what leaves is deleted."""
        bench.change(on_removed=Removal.DELETE, guards=Guards())
        bench.run(self.window(0))
        return bench

    @staticmethod
    def window(first: int) -> list[Row]:
        return rows([f"k{number:04}" for number in range(first, 1_000)])

    def backdate(self, bench: Bench, **ago: float) -> None:
        """Let what was removed have been removed so long ago."""
        at = (datetime.now(UTC) - timedelta(**ago)).isoformat(timespec="milliseconds")
        with sqlite3.connect(bench.folder / ".connector" / "state.db") as database:
            database.execute("update removal set at = ?", (at,))

    @pytest.mark.rule("O6")
    def test_removals_of_several_runs_within_a_day_add_up(self, deleting: Bench) -> None:
        deleting.run(self.window(80))
        deleting.run(self.window(160))
        stopped = stop(deleting, self.window(240))
        assert stopped.message == (
            "240 of 1,000 rows would be removed within 24 hours, 160 of them by earlier runs, and 20% are allowed"
            " (k0160, k0161, k0162, ...)"
        )
        assert stopped.hint.endswith("or if that is meant: --accept max_removed_per_day")
        assert len(deleting.names()) == 840

    @pytest.mark.rule("O6")
    def test_what_was_removed_earlier_than_a_day_ago_does_not_count(self, deleting: Bench) -> None:
        deleting.run(self.window(80))
        deleting.run(self.window(160))
        self.backdate(deleting, hours=25)
        deleting.run(self.window(230))
        assert len(deleting.names()) == 770

    @pytest.mark.rule("O6")
    def test_what_seems_to_lie_in_the_future_counts(self, deleting: Bench) -> None:
        deleting.run(self.window(80))
        deleting.run(self.window(160))
        self.backdate(deleting, hours=-48)
        assert "160 of them by earlier runs" in stop(deleting, self.window(240)).message

    @pytest.mark.rule("O6")
    @pytest.mark.parametrize("name", ["max_removed", "max_removed_per_day"])
    def test_what_was_accepted_does_not_count(self, deleting: Bench, name: str) -> None:
        first = 300 if name == "max_removed" else 80
        deleting.run(self.window(first), accept={name})
        if name == "max_removed_per_day":
            deleting.run(self.window(160))
            deleting.run(self.window(240), accept={name})
            deleting.run(self.window(280))
        else:
            deleting.run(self.window(360))
        assert stop(deleting, self.window(460 if name == "max_removed" else 345))

    @pytest.mark.rule("O6")
    def test_cleared_rows_count_too(self, bench: Bench) -> None:
        bench.change(on_removed=Removal.CLEAR, guards=Guards(), fields=map_fields(name="n", about="n"))
        bench.run(self.window(0))
        bench.run(self.window(90))
        bench.run(self.window(160))
        assert "max_removed_per_day" in stop(bench, self.window(230)).hint

    @pytest.mark.rule("O6")
    def test_rows_that_leave_while_nothing_is_removed_do_not_count(self, bench: Bench) -> None:
        bench.change(guards=Guards())
        for first in (0, 90, 180, 270, 360):
            bench.run(self.window(first))
        assert len(bench.names()) == 1_000

    @pytest.mark.rule("O6")
    def test_a_limit_of_ones_own_holds_and_none_switches_it_off(self, deleting: Bench) -> None:
        deleting.change(guards=Guards(max_removed_per_day=100))
        deleting.run(self.window(80))
        assert "100 are allowed" in stop(deleting, self.window(101)).message
        deleting.change(guards=Guards(max_removed_per_day=None))
        for first in (101, 180, 260, 330, 390):
            deleting.run(self.window(first))

    @pytest.mark.rule("O6")
    def test_by_default_a_day_may_remove_what_one_run_may(self, deleting: Bench) -> None:
        deleting.change(guards=Guards(max_removed="50%"))
        deleting.run(self.window(450))
        assert "max_removed_per_day" in stop(deleting, self.window(550)).hint

    @pytest.mark.rule("O6")
    def test_a_saved_plan_counts_when_it_is_run(self, deleting: Bench) -> None:
        plan = deleting.plan(self.window(90), save=True)
        deleting.run(self.window(90), plan_id=plan.run)
        deleting.run(self.window(170))
        assert "170 of them by earlier runs" in stop(deleting, self.window(250)).message

    def test_archived_rows_are_no_removals(self, bench: Bench) -> None:
        bench.sync = people(Mode.ARCHIVE, guards=Guards())
        for number in range(50):
            bench.store.put("people", external_id=f"k{number:04}", name="-")
        assert bench.run(rows([f"k{number:04}" for number in range(50)])).report.actions.deleted == 50
        assert bench.run(rows(["k1"])).report.state == "finished"


class TestModel:
    def run_as(self, bench: Bench, model: str, given: Sequence[Row], **asked: object) -> object:
        """Run the sync with its model under another name."""
        project = bench.project(given)
        (named,) = project.models.values()
        sync = evolve(bench.sync, model=model)
        models = {model: Model(name=model, primary_key=named.primary_key, data=named.data, folder=named.folder)}
        project = evolve(project, models=models, syncs={sync.name: sync})
        return run(project, sync.name, destinations=bench.destinations, **asked)  # type: ignore[arg-type]

    @pytest.mark.rule("O7")
    def test_an_insert_that_is_pointed_at_another_model_stops(self, inserting: Bench) -> None:
        inserting.run(rows(KEYS), first_run=FirstRun.SEND)
        with pytest.raises(RunStopped) as stopped:
            self.run_as(inserting, "leads", rows([f"lead {key}" for key in KEYS]))
        assert stopped.value.exit_code is ExitCode.GUARD
        assert stopped.value.message == (
            "people sent rows of the model rows before, and leads has 0 of the 40 keys that are known"
            " (known: 1, 10, 11; in the model: lead 1, lead 10, lead 11)"
        )
        assert "--accept model" in stopped.value.hint
        assert "--start-over" in stopped.value.hint
        assert len(inserting.store.records("notes")) == 40

    @pytest.mark.rule("O7")
    def test_a_renamed_model_is_accepted_with_all_that_is_known(self, inserting: Bench) -> None:
        inserting.run(rows(KEYS), first_run=FirstRun.SEND)
        given = rows([*KEYS, "41"])
        with pytest.raises(RunStopped, match="renamed has 40 of the 40 keys"):
            self.run_as(inserting, "renamed", given)
        self.run_as(inserting, "renamed", given, accept={"model"})
        self.run_as(inserting, "renamed", given)
        assert len(inserting.store.records("notes")) == 41

    @pytest.mark.rule("O7")
    @pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.INSERT])
    def test_two_syncs_that_swap_their_names_stop(self, bench: Bench, mode: Mode) -> None:
        """Each is pointed at the model of the other, for their state goes by their names."""
        if mode is Mode.INSERT:
            bench.sync = people(mode, objects=("notes",), fields=map_fields(key="e", text="n"))
        first = FirstRun.SEND if mode is Mode.INSERT else None
        self.run_as(bench, "one", rows(["a", "b"]), first_run=first)
        with pytest.raises(RunStopped, match="sent rows of the model one before"):
            self.run_as(bench, "two", rows(["c", "d"]))

    @pytest.mark.rule("O7")
    def test_state_that_names_no_model_adopts_the_present_one(self, inserting: Bench) -> None:
        inserting.run(rows(["a"]), first_run=FirstRun.SEND)
        with sqlite3.connect(inserting.folder / ".connector" / "state.db") as database:
            database.execute("update sync set target = json_remove(target, '$.model')")
        assert inserting.run(rows(["a", "b"])).ledger == {"b": "succeeded"}
        with pytest.raises(RunStopped, match="sent rows of the model rows before"):
            self.run_as(inserting, "other", rows(["c"]))

    @pytest.mark.rule("O7")
    def test_other_key_columns_are_released_by_starting_over_only(self, inserting: Bench) -> None:
        inserting.run(rows(["a"]), first_run=FirstRun.SEND)
        inserting.primary_key = ("e",)
        with pytest.raises(RunStopped, match="primary key was 'k' and is 'e'"):
            inserting.run(rows(["a"]), accept={"model"})

    @pytest.mark.rule("O7")
    def test_starting_over_needs_no_word_about_the_model(self, bench: Bench) -> None:
        bench.run(rows(["a"]))
        self.run_as(bench, "other", rows(["b"]), start_over=True)
        assert set(bench.names()) == {"a", "b"}


class TestAccount:
    def move(self, bench: Bench, path: Path) -> None:
        """Let the connection lead to another account."""
        Store.at(path).close()
        bench.settings = {"path": str(path)}

    @pytest.mark.rule("O8")
    @pytest.mark.parametrize("mode", [Mode.INSERT, Mode.UPSERT])
    def test_another_account_needs_to_be_accepted_when_a_sync_starts_over(
        self, bench: Bench, tmp_path: Path, mode: Mode
    ) -> None:
        if mode is Mode.INSERT:
            bench.sync = people(mode, objects=("notes",), fields=map_fields(key="e", text="n"))
        bench.run(rows(KEYS), first_run=FirstRun.SEND)
        self.move(bench, tmp_path / "other.db")
        stopped = stop(bench, rows(KEYS), start_over=True, first_run=FirstRun.SEND)
        assert "(40 rows: 1, 2, 3, ...)" in stopped.message
        assert stopped.hint.endswith("--start-over --accept account")
        ran = bench.run(rows(KEYS), start_over=True, accept={"account"}, first_run=FirstRun.SEND)
        assert ran.report.rows.succeeded == 40

    @pytest.mark.rule("O8")
    @pytest.mark.parametrize("asked", [{}, {"accept": {"account"}}])
    def test_accepting_the_account_alone_is_not_enough(
        self, bench: Bench, tmp_path: Path, asked: dict[str, object]
    ) -> None:
        bench.run(rows(["a"]))
        self.move(bench, tmp_path / "other.db")
        stopped = stop(bench, rows(["a"]), **asked)
        assert "--start-over --accept account" in stopped.hint

    @pytest.mark.rule("O8")
    def test_starting_over_in_the_same_account_needs_one_word(self, bench: Bench) -> None:
        bench.run(rows(["a"]))
        assert bench.run(rows(["a"]), start_over=True).ledger == {"a": "succeeded"}

    @pytest.mark.rule("O8")
    def test_a_plan_of_a_sync_that_leads_elsewhere_says_so(self, bench: Bench, tmp_path: Path) -> None:
        bench.run(rows(["a"]))
        self.move(bench, tmp_path / "other.db")
        with pytest.raises(RunStopped, match=r"another target before, according to state\.db: account was"):
            bench.plan(rows(["a"]))
