"""Whose record is it: what a row that leaves takes along, and what stays because it belongs to others, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from connector_sdk import Match, Merge, Mode, PlanReport, Removal
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Fault, FaultKind, plugin

from .bench import Bench, Ran, map_fields, people

Row = Mapping[str, str | None]
REMOVALS = [Removal.DELETE, Removal.CLEAR]


def row(key: str, group: str | None = "1", child: str = "true", text: str = "x") -> Row:
    """Return a row of a group: a child, unless it says otherwise."""
    return {"k": key, "e": key, "n": text, "s": group, "c": child}


A, B, D = row("A", child="false"), row("B"), row("D")
NOTHING = pa.table({name: pa.array([], pa.string()) for name in ("k", "e", "n", "s", "c")})
"""A model without rows."""


@pytest.fixture
def merging(bench: Bench) -> Bench:
    """A, B and D have records of their own, and each has a text of its own."""
    bench.change(merge=Merge("s", is_child="c"), fields=map_fields(name="n", about="n"), on_removed=Removal.DELETE)
    for key in ("A", "B", "D"):
        bench.store.put("people", external_id=key, name="by hand", about="by hand")
    return bench


def survivor(bench: Bench) -> dict[str, Any] | None:
    """Return the record that A had; None when it is gone."""
    return bench.records().get("A")


def check_kept(ran: Ran, key: str) -> str:
    """Check that the record of a row that left stays, and return why."""
    line = ran.line(key)
    assert (line["outcome"], line["code"]) == ("skipped", "RECORD_KEPT")
    return str(line["message"])


def unwritten_message(rows: str) -> str:
    """Return what a plan says of merged rows whose record no row of the model writes any more."""
    return f"these rows were merged into a row that left the model, so nothing is written for them: {rows}"


def read_messages(plan: PlanReport) -> list[str]:
    """Return the messages of the findings of a plan."""
    return [each.message for each in plan.findings]


class TestMergedRecords:
    @pytest.mark.rule("O1", "O2")
    @pytest.mark.parametrize("on_removed", REMOVALS)
    def test_a_record_goes_with_the_last_of_its_rows(self, merging: Bench, on_removed: Removal) -> None:
        merging.change(on_removed=on_removed)
        assert merging.run([A, B, D]).report.actions.merged == 2
        before = survivor(merging)
        ran = merging.run([B, D])
        assert check_kept(ran, "A") == "its record belongs to other rows, too: B, D"
        assert survivor(merging) == before
        ran = merging.run([D])
        assert check_kept(ran, "B") == "its record belongs to other rows, too: D"
        assert survivor(merging) == before
        assert merging.run(NOTHING).ledger == {"D": "succeeded"}
        last = survivor(merging)
        assert last is None if on_removed is Removal.DELETE else last and last["about"] is None

    @pytest.mark.rule("O1")
    def test_the_plan_says_why_it_stays(self, merging: Bench) -> None:
        merging.run([A, B, D])
        plan = merging.plan([B])
        said = "A: its record belongs to other rows, too: B; D: its record belongs to other rows, too: B"
        assert [each.message for each in plan.findings] == [
            unwritten_message("1 (B)"), f"records that stay although their rows left the model: 2 ({said})",
        ]  # fmt: skip
        assert (plan.rows.removed, plan.rows.skipped, plan.actions.deleted) == (2, 2, 0)
        assert plan.samples["skipped"][0]["message"] == "its record belongs to other rows, too: B"

    @pytest.mark.rule("O1")
    @pytest.mark.parametrize("order", [("A", "D", "B"), ("D", "A", "B"), ("B", "D", "A"), ("B", "A", "D")])
    def test_it_does_not_matter_in_which_order_they_leave(self, merging: Bench, order: tuple[str, ...]) -> None:
        merging.run([A, B, D])
        left = {"A": A, "B": B, "D": D}
        for key in order[:-1]:
            del left[key]
            check_kept(merging.run(list(left.values())), key)
            assert survivor(merging)
        assert merging.run(NOTHING).ledger == {order[-1]: "succeeded"}
        assert merging.names() == {}

    @pytest.mark.rule("O1")
    def test_rows_of_one_record_that_leave_together_delete_it_once(self, merging: Bench) -> None:
        merging.run([A, B, D])
        ran = merging.run(NOTHING)
        assert ran.line("A")["outcome"] == "succeeded"
        assert check_kept(ran, "B") == "its record is removed with that of A"
        assert ran.report.actions.deleted == 1
        assert merging.run(NOTHING).ledger == {}

    @pytest.mark.rule("O1")
    def test_nothing_is_written_to_it_while_its_parent_is_away(self, merging: Bench) -> None:
        merging.run([A, B, D])
        before = survivor(merging)
        merging.run([{**B, "n": "changed"}, {**D, "n": "changed"}])
        assert merging.run([{**B, "n": "again"}]).report.rows.succeeded == 0
        assert survivor(merging) == before

    @pytest.mark.rule("O1")
    @pytest.mark.parametrize(
        "rows",
        [
            [row("B", child="false", text="own"), D],
            [row("B", None, "false", "own"), D],
            [{**B, "n": "changed"}, D],
            [row("B", "2"), row("D", "2", "false")],
            [B, D],
        ],
    )
    def test_every_plan_says_that_nothing_is_written_for_rows_whose_parent_left(
        self, merging: Bench, rows: list[Row]
    ) -> None:
        merging.run([A, B, D])
        before = merging.records()
        for again in range(3):
            plan = merging.plan(rows)
            assert read_messages(plan)[0] == unwritten_message("2 (B, D)")
            assert "run once without them" in plan.findings[0].advice
            ran = merging.run(rows)
            assert (set(ran.ledger), ran.report.exit) == (set() if again else {"A"}, 0)
        assert merging.records() == before

    @pytest.mark.rule("O1")
    def test_a_plan_says_so_where_rows_are_not_merged_any_more(self, merging: Bench) -> None:
        merging.run([A, B, D])
        merging.run([B, D])
        merging.change(merge=None)
        for _ in range(2):
            assert read_messages(merging.plan([{**B, "n": "own"}, D])) == [unwritten_message("2 (B, D)")]
            assert merging.run([{**B, "n": "own"}, D]).lines == ()

    @pytest.mark.rule("O1")
    def test_a_plan_says_so_where_the_parent_has_another_record_now(self, merging: Bench) -> None:
        merging.run([A, B, D])
        moved = {**A, "e": "Z"}
        assert unwritten_message("2 (B, D)") in read_messages(merging.plan([moved, B, D], accept=["rekeyed"]))
        merging.run([moved, B, D], accept=["rekeyed"])
        assert read_messages(merging.plan([moved, B, D])) == [unwritten_message("2 (B, D)")]

    @pytest.mark.rule("O1")
    def test_nothing_is_said_while_a_row_writes_the_record(self, merging: Bench) -> None:
        merging.run([A, B, D])
        assert read_messages(merging.plan([A, B, D])) == []
        merging.run([B, D])
        for parent in (A, {**A, "k": "A2"}):
            assert not any("no row of the model" in each for each in read_messages(merging.plan([parent, B, D])))
        merging.change(merge=None)
        looked = merging.plan([{**A, "k": "A2"}, B, D], lookup=True)
        assert not any("no row of the model" in each for each in read_messages(looked))
        merging.change(merge=Merge("s", is_child="c"))
        merging.run([{**A, "k": "A2"}, B, D])
        assert read_messages(merging.plan([{**A, "k": "A2"}, B, D])) == []
        merging.change(merge=None)
        assert not any("no row of the model" in each for each in read_messages(merging.plan([{**A, "k": "A2"}, B, D])))

    @pytest.mark.rule("O1")
    def test_rows_that_were_left_out_of_one_run_are_written_again(self, merging: Bench) -> None:
        """What the advice of the finding says."""
        merging.run([A, B, D])
        merging.run(NOTHING)
        merging.run([row("B", child="false", text="own"), D])
        assert merging.names() == {"B": "own"}

    @pytest.mark.rule("O1", "O3")
    def test_a_plan_says_so_of_rows_that_are_inserted(self, bench: Bench) -> None:
        bench.sync = people(Mode.INSERT, fields=map_fields(external_id="e", name="n"), merge=Merge("s", is_child="c"))
        bench.run([row("A", None), row("B", None)], first_run=FirstRun.SEND)
        bench.run([A, B])
        for _ in range(2):
            (finding,) = bench.plan([row("B", None)]).findings
            assert finding.message.endswith("so nothing is written for them: 1 (B)")
            assert "give them new keys" in finding.advice
            assert bench.run([row("B", None)]).lines == ()

    @pytest.mark.rule("O1")
    def test_a_parent_that_returns_writes_its_record_again(self, merging: Bench) -> None:
        merging.run([A, B, D])
        merging.run([B, D])
        merging.run([{**A, "n": "back"}, B, D])
        assert merging.names() == {"A": "back"}
        check_kept(merging.run([B, D]), "A")
        assert merging.names() == {"A": "back"}

    @pytest.mark.rule("O1")
    def test_a_removal_that_was_refused_is_tried_again(self, merging: Bench) -> None:
        merging.run([A, B, D])
        merging.store.add_fault(Fault(FaultKind.ROW, key="A", code="bad", times=1))
        assert merging.run(NOTHING).line("A")["outcome"] == "rejected"
        assert merging.run(NOTHING).ledger == {"A": "succeeded"}
        assert merging.names() == {}

    @pytest.mark.rule("O1", "O2")
    @pytest.mark.parametrize("on_removed", REMOVALS)
    def test_a_record_that_another_row_claims_by_its_match_value_stays(self, bench: Bench, on_removed: Removal) -> None:
        """Not only merging gives a record several rows: so does a new key for an old match value."""
        bench.change(on_removed=on_removed, fields=map_fields(name="n", about="n"))
        bench.run([{"k": "1", "e": "a", "n": "x"}])
        ran = bench.run([{"k": "2", "e": "A", "n": "y"}])
        assert check_kept(ran, "1") == "its record belongs to other rows, too: 2"
        assert [each["about"] for each in bench.store.records("people")] == ["y"]

    @pytest.mark.rule("O1", "O2")
    @pytest.mark.parametrize("on_removed", REMOVALS)
    def test_a_record_that_a_row_without_a_key_claims_stays(self, bench: Bench, on_removed: Removal) -> None:
        """A key that is lost for a day does not cost the record: the row is refused, and still means it."""
        bench.change(on_removed=on_removed, fields=map_fields(name="n", about="n"))
        bench.run([{"k": "1", "e": "a", "n": "x"}])
        ran = bench.run([{"k": None, "e": " A", "n": "y"}])
        assert check_kept(ran, "1") == "its record belongs to other rows, too: row 1 of the model"
        assert [each["about"] for each in bench.store.records("people")] == ["x"]

    @pytest.mark.rule("O2")
    def test_what_nothing_is_done_about_has_no_line(self, merging: Bench) -> None:
        merging.change(on_removed=Removal.NOTHING)
        merging.run([A, B, D])
        assert merging.run([B]).lines == ()
        assert merging.run(NOTHING).lines == ()
        assert survivor(merging)

    @pytest.mark.rule("O2")
    def test_records_that_stay_do_not_count_for_the_guards(self, merging: Bench) -> None:
        from connector_sdk import Guards

        merging.change(guards=Guards(max_removed=0, min_rows=None))
        merging.run([A, B, D])
        check_kept(merging.run([B, D]), "A")


class TestRowsThatPart:
    @pytest.mark.rule("O3")
    @pytest.mark.parametrize("group", ["2", None])
    def test_a_child_that_left_its_group_gets_a_record_of_its_own(self, merging: Bench, group: str | None) -> None:
        merging.run([A, B, D])
        ran = merging.run([A, row("B", group, "false", "alone"), D])
        assert ran.ledger == {"B": "succeeded"}
        assert ran.report.actions.created == 1
        assert merging.names() == {"A": "x", "B": "alone"}
        assert merging.run([A, row("B", group, "false", "later"), D]).ledger == {"B": "succeeded"}
        assert merging.names() == {"A": "x", "B": "later"}

    @pytest.mark.rule("O3")
    def test_the_plan_names_it(self, merging: Bench) -> None:
        merging.run([A, B, D])
        plan = merging.plan([A, row("B", None), D])
        assert [each.message for each in plan.findings] == [
            "rows that left their group and get their own records: 1 (B)"
        ]

    @pytest.mark.rule("O3")
    def test_it_takes_its_own_record_along_when_it_leaves_and_no_other(self, merging: Bench) -> None:
        merging.run([A, B, D])
        merging.run([A, row("B", None), D])
        assert merging.run([A, D]).ledger == {"B": "succeeded"}
        assert merging.names() == {"A": "x"}

    @pytest.mark.rule("O3")
    def test_a_child_of_a_parent_that_left_stays_settled(self, merging: Bench) -> None:
        merging.run([A, B, D])
        ran = merging.run([row("B", "2"), row("D", "3")])
        assert set(ran.ledger) == {"A"}
        assert merging.names() == {"A": "x"}

    @pytest.mark.rule("O3")
    def test_a_child_that_moves_to_another_group_has_nothing_to_merge(self, merging: Bench) -> None:
        other = row("Z", "2", "false")
        merging.run([A, B, D, other])
        moved = [A, row("B", "2"), D, other]
        for _ in range(2):
            plan = merging.plan(moved)
            assert read_messages(plan) == ["rows that moved to another group after their record was merged: 1 (B)"]
            assert "take them out of the group" in plan.findings[0].advice
            ran = merging.run(moved)
            assert ran.ledger == {"B": "skipped NOTHING_TO_MERGE"}
            assert ran.line("B")["message"] == "there is nothing to merge: no people has the external_id B"
        assert merging.names() == {"A": "x", "Z": "x"}

    @pytest.mark.rule("O3")
    def test_rows_that_are_not_merged_any_more_at_all_get_records_again(self, merging: Bench) -> None:
        merging.run([A, B, D])
        merging.change(merge=None)
        assert merging.run([A, B, D]).ledger == {"B": "succeeded", "D": "succeeded"}
        assert set(merging.names()) == {"A", "B", "D"}

    @pytest.mark.rule("O3")
    def test_a_child_that_could_not_be_written_alone_is_tried_again(self, merging: Bench) -> None:
        merging.run([A, B, D])
        merging.store.add_fault(Fault(FaultKind.ROW, key="B", code="bad", times=1))
        alone = [A, row("B", None), D]
        assert merging.run(alone).ledger == {"B": "rejected bad"}
        assert merging.run(alone).ledger == {"B": "succeeded"}
        assert merging.run(alone).ledger == {}

    @pytest.mark.rule("O3")
    def test_an_inserted_child_that_left_its_group_is_inserted_again(self, bench: Bench) -> None:
        fields = map_fields(external_id="e", name="n")
        bench.sync = people(Mode.INSERT, fields=fields, merge=Merge("s", is_child="c"))
        bench.run([row("A", None), row("B", None)], first_run=FirstRun.SEND)
        bench.run([A, B])
        assert bench.names() == {"A": "x"}
        bench.run([A, row("B", None)])
        assert set(bench.names()) == {"A", "B"}


class TestRecordsThatBecameOthers:
    @pytest.fixture(params=REMOVALS)
    def guests(self, bench: Bench, request: pytest.FixtureRequest) -> Bench:
        """People and guests are written, new ones as guests; one was sent, k1."""
        bench.change(
            objects=("people", "guests"), create_in="guests", fields=map_fields(name="n", about="n"),
            on_removed=request.param,
        )  # fmt: skip
        bench.run([{"k": "k1", "e": "k1", "n": "x"}])
        return bench

    @pytest.fixture(params=REMOVALS)
    def alone(self, bench: Bench, request: pytest.FixtureRequest) -> Bench:
        """Guests are written and nothing else; one was sent, k1."""
        bench.change(objects=("guests",), fields=map_fields(name="n", about="n"), on_removed=request.param)
        bench.run([{"k": "k1", "e": "k1", "n": "x"}])
        return bench

    def convert(self, bench: Bench) -> dict[str, Any]:
        """Let the guest become one of the people, and return that record as a person finds it."""
        (guest,) = bench.store.records("guests")
        id_ = bench.store.convert(guest["id"])
        return next(each for each in bench.store.records("people") if each["id"] == id_)

    @pytest.mark.rule("O4")
    def test_a_removal_does_not_follow_to_the_record_that_another_one_became(self, guests: Bench) -> None:
        person = self.convert(guests)
        plan = guests.plan([])
        said = f"its record became {person['id']} of people, to which this row was never written"
        assert said in plan.findings[-1].message
        assert (plan.actions.deleted, plan.actions.cleared, plan.rows.skipped) == (0, 0, 1)
        assert check_kept(guests.run([]), "k1") == said
        assert guests.store.records("people") == (person,)
        assert guests.run([]).lines == ()

    @pytest.mark.rule("O4")
    def test_nor_where_it_becomes_another_one_between_plan_and_write(self, guests: Bench) -> None:
        guests.store.add_fault(Fault(FaultKind.CONVERTED, key="k1"))
        ran = guests.run([])
        (person,) = guests.store.records("people")
        assert person["about"] == "x"
        assert person["id"] in check_kept(ran, "k1")

    @pytest.mark.rule("O4")
    def test_a_record_that_the_sync_has_written_since_is_its_own(self, guests: Bench) -> None:
        self.convert(guests)
        guests.run([{"k": "k1", "e": "k1", "n": "y"}])
        ran = guests.run([])
        assert ran.ledger == {"k1": "succeeded"}
        about = [each["about"] for each in guests.store.records("people")]
        assert about in ([], [None])

    @pytest.mark.rule("O4")
    def test_a_guest_that_is_still_one_is_removed(self, guests: Bench) -> None:
        assert guests.run([]).ledger == {"k1": "succeeded"}

    @pytest.mark.rule("O4")
    def test_it_does_not_follow_to_an_object_that_the_sync_does_not_write(self, alone: Bench) -> None:
        person = self.convert(alone)
        plan = alone.plan([])
        reason = f"its record became {person['id']} of people, to which this row was never written"
        assert read_messages(plan)[-1] == f"records that stay although their rows left the model: 1 (k1: {reason})"
        assert (plan.actions.deleted, plan.actions.cleared, plan.rows.skipped) == (0, 0, 1)
        assert check_kept(alone.run([]), "k1") == reason
        assert alone.store.records("people") == (person,)
        assert alone.run([]).lines == ()

    @pytest.mark.rule("O4")
    def test_nor_where_that_happens_between_plan_and_write(self, alone: Bench) -> None:
        alone.store.add_fault(Fault(FaultKind.CONVERTED, key="k1"))
        ran = alone.run([])
        (person,) = alone.store.records("people")
        assert person["about"] == "x"
        assert person["id"] in check_kept(ran, "k1")
        assert alone.run([]).lines == ()

    @pytest.mark.rule("O4")
    def test_a_guest_that_is_still_one_is_removed_by_a_sync_of_guests(self, alone: Bench) -> None:
        assert alone.run([]).ledger == {"k1": "succeeded"}

    @pytest.mark.rule("O4")
    def test_a_changed_row_whose_record_became_another_one_is_refused_as_before(self, alone: Bench) -> None:
        self.convert(alone)
        assert alone.run([{"k": "k1", "e": "k1", "n": "y"}]).ledger == {"k1": "rejected converted"}

    @pytest.mark.rule("O4")
    def test_what_the_records_may_become_is_not_searched(self, alone: Bench) -> None:
        asked = []

        def match(
            connection: Any, objects: Any, field: str, values: pa.Array, is_reference: bool, successors: Any
        ) -> pa.Table:
            asked.append((tuple(objects), tuple(successors)))
            return plugin.match(connection, objects, field, values, is_reference, successors, {})

        alone.hooks["match"] = match
        alone.run([])
        assert asked == [(("guests",), ("people",))]

    @pytest.mark.rule("O4")
    def test_a_destination_that_cannot_say_what_records_became_answers_for_itself(self, alone: Bench) -> None:
        def match(connection: Any, objects: Any, field: str, values: pa.Array) -> pa.Table:
            return plugin.match(connection, objects, field, values, False, (), {})

        alone.hooks["match"] = match
        person = self.convert(alone)
        assert alone.plan([]).rows.skipped == 0
        assert alone.run([]).ledger == {"k1": "rejected converted"}
        assert alone.store.records("people") == (person,)

    @pytest.mark.rule("O4")
    def test_a_record_that_was_deleted_became_none(self, alone: Bench) -> None:
        """A person gave its key to a new guest."""
        (guest,) = alone.store.records("guests")
        alone.store.delete("guests", guest["id"])
        alone.store.put("guests", external_id="k1", name="by hand")
        assert not any("records that stay" in each for each in read_messages(alone.plan([])))
        assert alone.run([]).line("k1")["outcome"] == "skipped"
        assert [each["name"] for each in alone.store.records("guests")] == ["by hand"]

    @pytest.mark.rule("O4")
    def test_a_record_that_a_person_made_under_the_same_key_is_left_alone(self, bench: Bench) -> None:
        """The record of the row was deleted by hand, and its key given to a new one."""
        bench.change(on_removed=Removal.DELETE)
        bench.run([{"k": "1", "e": "a", "n": "x"}])
        (record,) = bench.store.records("people")
        bench.store.delete("people", record["id"])
        bench.store.put("people", external_id="a", name="by hand")
        ran = bench.run([])
        assert ran.line("1")["outcome"] == "skipped"
        assert bench.names() == {"a": "by hand"}


class TestArchivedRows:
    @pytest.fixture
    def archiving(self, bench: Bench) -> Bench:
        bench.sync = people(Mode.ARCHIVE)
        return bench

    @pytest.mark.rule("O5")
    def test_a_row_without_a_record_counts_as_unchanged_until_it_has_one(self, archiving: Bench) -> None:
        rows = [{"k": "1", "e": "a"}, {"k": "2", "e": "b"}]
        archiving.store.put("people", external_id="a", name="-")
        assert archiving.run(rows).ledger == {"1": "succeeded"}
        for _ in range(2):
            ran = archiving.run(rows)
            assert (ran.lines, ran.report.rows.unchanged) == ((), 2)
        archiving.store.put("people", external_id="b", name="-")
        assert archiving.run(rows).ledger == {"2": "succeeded"}
        assert archiving.run(rows).lines == ()

    @pytest.mark.rule("O5")
    def test_the_plan_says_that_it_is_looked_up_again(self, archiving: Bench) -> None:
        plan = archiving.plan([{"k": "1", "e": "a"}])
        assert [each.message for each in plan.findings] == [
            "rows without a record: 1; they count as unchanged, and each run looks them up again"
        ]
        assert plan.cost.lookups == 0, "the reference destination finds records without a call"

    @pytest.mark.rule("O5")
    def test_a_record_that_is_gone_when_it_is_to_be_deleted_is_done(self, archiving: Bench) -> None:
        id_ = archiving.store.put("people", external_id="a", name="-")
        archiving.store.add_fault(Fault(FaultKind.ROW, key="a", code="gone"))
        ran = archiving.run([{"k": "1", "e": "a"}])
        assert ran.line("1")["outcome"] == "skipped"
        archiving.store.delete("people", id_)
        archiving.store.put("people", external_id="a", name="another one")
        assert archiving.run([{"k": "1", "e": "a"}]).lines == ()

    @pytest.mark.rule("O5")
    def test_a_row_whose_id_no_record_has_is_done(self, archiving: Bench) -> None:
        archiving.change(match=Match("id", "e"))
        id_ = archiving.store.put("people", external_id="a", name="-")
        archiving.store.delete("people", id_)
        rows = [{"k": "1", "e": id_}, {"k": "2", "e": "p-999999"}]
        assert archiving.run(rows).ledger == {"1": "skipped ALREADY_GONE", "2": "skipped ALREADY_GONE"}
        assert archiving.run(rows).lines == ()

    @pytest.mark.rule("O5")
    def test_an_id_that_can_be_that_of_no_record_is_rejected_each_time(self, archiving: Bench) -> None:
        archiving.change(match=Match("id", "e"))
        for _ in range(2):
            assert archiving.run([{"k": "1", "e": "a-000001"}]).ledger == {"1": "rejected BAD_VALUE"}

    @pytest.mark.rule("O5")
    def test_a_row_that_returns_is_deleted_again(self, archiving: Bench) -> None:
        archiving.store.put("people", external_id="a", name="-")
        archiving.run([{"k": "1", "e": "a"}])
        archiving.run([])
        archiving.store.put("people", external_id="a", name="-")
        assert archiving.run([{"k": "1", "e": "a"}]).ledger == {"1": "succeeded"}
