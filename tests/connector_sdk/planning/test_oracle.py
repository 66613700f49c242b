"""Whatever happens to a model between runs, each run does what the modes say: compared with an oracle."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connector_sdk import Mode, Removal
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import Bench, Ran, map_fields, people
from .oracle import FORMER, TOO_LONG, Oracle, Step

SPELLINGS = {"a": ("a", "A", " a"), "b": ("b", "B "), "c": ("c",)}
KEYS = st.sampled_from(["1", "2", "3", "1", "2", "3", "4", "", None])
MATCHES = st.sampled_from([*sum(SPELLINGS.values(), ()), "a", "b", "c", "c", "", None])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "k": KEYS,
            "e": MATCHES,
            "n": st.sampled_from(["x", "x", "y", "z", None]),
            "x": st.sampled_from(["p", "q", "", None, TOO_LONG]),
        }
    ),
    max_size=5,
)
FIELDS = st.sampled_from(
    [{"name": "n"}, {"name": "n", "about": "x"}, {"name": "n", "about": "x"}, {"name": "n", "about": "n"}]
)
REFUSED = st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(sorted(SPELLINGS)), max_size=2))
STEPS = st.lists(
    st.builds(Step, ROWS, FIELDS, REFUSED, st.sampled_from([False, False, False, True])), min_size=2, max_size=5
)


def examples(count: int) -> settings:
    """Return settings for so many examples, however long each takes."""
    return settings(max_examples=count, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def follow(steps: Sequence[Step], oracle: Oracle) -> None:
    """Run the steps, and compare every ledger and all records with the oracle."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), people(oracle.mode, on_removed=oracle.on_removed))
        for key in ("A", "c") if oracle.mode in (Mode.UPDATE, Mode.ARCHIVE) else ():
            bench.store.put("people", external_id=key, name="-")
            oracle.put(key=key, name="-", about=None)
        for step in steps:
            expected = oracle.step(step)
            assert ledger(run(bench, step)) == sorted(expected, key=str), step
            assert describe_records(bench) == sorted(map(describe_record, oracle.records.values())), step
        bench.store.close()


def run(bench: Bench, step: Step) -> Ran:
    """Run one step on the bench."""
    for match in step.refused:
        for each in SPELLINGS[match]:
            bench.store.add_fault(Fault(FaultKind.ROW, key=each, code="bad", times=99))
    if bench.sync.mode is not Mode.ARCHIVE:
        fields = map_fields(**step.fields)
        bench.sync = evolve(bench.sync, fields=fields)
    if bench.sync.mode is Mode.INSERT:
        bench.change(objects=("notes",), fields=map_fields(key="e", text="n"))
    ran = bench.run(step.rows, full=step.full, accept={"rekeyed"}, first_run=FirstRun.SEND)
    bench.store.clear_faults()
    return ran


def ledger(ran: Ran) -> list[tuple[str | None, str]]:
    """Return keys and outcomes. A record that was gone already counts as removed."""
    lines = [
        (
            line["key"] and line["key"].partition(FORMER)[0],
            "succeeded"
            if line["code"] in ("gone", "ALREADY_GONE")
            else " ".join(filter(None, (line["outcome"], line["code"]))),
        )
        for line in ran.lines
    ]
    return sorted(lines, key=str)


def describe_records(bench: Bench) -> list[str]:
    """Describe the records of the store in words."""
    if bench.sync.mode is Mode.INSERT:
        return sorted(
            describe_record({"key": each.get("key"), "text": each.get("text")}) for each in bench.store.records("notes")
        )
    records = bench.store.records("people")
    return sorted(
        describe_record({"key": each["external_id"], "name": each["name"], "about": each.get("about")})
        for each in records
    )


def describe_record(record: dict[str, str | None]) -> str:
    """Describe a record in words."""
    return ", ".join(f"{name}: {record.get(name)!r}" for name in ("key", "name", "about", "text"))


ORACLES = st.one_of(
    st.builds(Oracle, st.just(Mode.UPSERT), st.sampled_from(Removal)),
    st.builds(Oracle, st.just(Mode.UPDATE), st.sampled_from([Removal.NOTHING, Removal.CLEAR])),
    st.builds(Oracle, st.sampled_from([Mode.ARCHIVE, Mode.INSERT])),
)


def shape_steps(steps: Sequence[Step], mode: Mode) -> list[Step]:
    """Return the steps as a mode knows them: archive writes no fields, insert one of its own."""
    if mode in (Mode.UPSERT, Mode.UPDATE):
        return list(steps)
    fields = {"text": "n"} if mode is Mode.INSERT else {}
    return [evolve(each, fields=fields, full=False) for each in steps]


MOVED_AND_REFUSED = [
    Step([{"k": "4", "e": "c", "n": "z", "x": "q"}], {"name": "n"}, frozenset(), False),
    Step([{"k": "4", "e": "b", "n": "x", "x": "p"}], {"name": "n"}, frozenset({"b"}), False),
]


FORMER_RECORD_REFUSED = [
    Step([{"k": "3", "e": "c", "n": "x", "x": "p"}], {"name": "n"}),
    Step([{"k": "3", "e": "b", "n": "x", "x": "p"}], {"name": "n"}, frozenset({"c"})),
    Step([], {"name": "n"}),
]
FORMER_RECORD_CLAIMED = [
    *FORMER_RECORD_REFUSED[:2],
    Step([{"k": "3", "e": "b", "n": "x", "x": "p"}, {"k": "4", "e": "C", "n": "y", "x": "p"}], {"name": "n"}),
    Step([{"k": "4", "e": "c", "n": "y", "x": "p"}], {"name": "n"}),
]
MOVED_TWICE_AND_REFUSED = [
    *FORMER_RECORD_REFUSED[:2],
    Step([{"k": "3", "e": "a", "n": "x", "x": "p"}], {"name": "n"}, frozenset({"b", "c"})),
    Step([{"k": "3", "e": "a", "n": "x", "x": "p"}], {"name": "n"}),
]


@pytest.mark.rule("T15")
@pytest.mark.parametrize("on_removed", [Removal.CLEAR, Removal.DELETE])
@pytest.mark.parametrize(
    "steps",
    [FORMER_RECORD_REFUSED, FORMER_RECORD_CLAIMED, MOVED_TWICE_AND_REFUSED],
    ids=["refused", "claimed", "twice"],
)
def test_a_former_record_that_could_not_be_removed_is_tried_again(steps: list[Step], on_removed: Removal) -> None:
    follow(steps, Oracle(Mode.UPSERT, on_removed))


@examples(10)
@example(MOVED_AND_REFUSED, Removal.DELETE)
@given(STEPS, st.sampled_from(Removal))
def test_upsert_does_what_the_table_says(steps: list[Step], on_removed: Removal) -> None:
    follow(steps, Oracle(Mode.UPSERT, on_removed))


@examples(7)
@given(STEPS, st.sampled_from([Removal.NOTHING, Removal.CLEAR]))
def test_update_does_what_the_table_says(steps: list[Step], on_removed: Removal) -> None:
    follow(steps, Oracle(Mode.UPDATE, on_removed))


@examples(4)
@given(STEPS)
def test_archive_does_what_the_table_says(steps: list[Step]) -> None:
    follow(shape_steps(steps, Mode.ARCHIVE), Oracle(Mode.ARCHIVE))


@examples(4)
@given(STEPS)
def test_insert_does_what_the_table_says(steps: list[Step]) -> None:
    follow(shape_steps(steps, Mode.INSERT), Oracle(Mode.INSERT))


@pytest.mark.long
@examples(150)
@given(STEPS, ORACLES)
def test_every_mode_does_what_the_table_says_for_a_long_time(steps: list[Step], oracle: Oracle) -> None:
    follow(shape_steps(steps, oracle.mode), oracle)
