"""Whatever happens to rows, groups and records from day to day, the org ends as an independent oracle says."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st

from connector_sdk import FieldMapping, Merge, Removal

from .bench import Bench, people
from .histories import Day, Org, Person

KEYS = st.integers(1, 6)
TYPES: dict[str, pa.DataType] = {
    "bigint": pa.int64(), "double": pa.float64(), "text": pa.string(), "decimal": pa.decimal128(18, 2),
    "smallint": pa.int16(),
}  # fmt: skip
FIELDS = (FieldMapping(field="name", value="-"), FieldMapping(field="about", column="n"))


def days(*, merges: bool) -> st.SearchStrategy[list[Day]]:
    """Return a strategy for histories, of merges or of conversions."""
    texts, groups = st.sampled_from(["x", "x", "y", "z"]), st.sampled_from([None, "1", "1", "1", "2"])
    row = st.builds(Person, texts, groups, st.booleans()) if merges else st.builds(Person, texts)
    few = st.lists(KEYS, max_size=2, unique=True).map(tuple)
    day = st.builds(
        Day, st.dictionaries(KEYS, row, max_size=5), st.just(()) if merges else few,
        st.one_of(st.just(()), st.just(()), few), st.sampled_from(list(TYPES)),
    )  # fmt: skip
    return st.lists(day, min_size=2, max_size=6)


def table(day: Day) -> pa.Table:
    """Return the model of a day."""
    keys = pa.array(day.rows, pa.int64())
    keys = keys.cast(pa.decimal128(38, 0)) if day.type_ == "decimal" else keys
    typed = keys.cast(TYPES[day.type_])
    rows = list(day.rows.values())
    return pa.table({
        "k": typed, "e": typed, "n": pa.array([each.text for each in rows], pa.string()),
        "s": pa.array([each.group for each in rows], pa.string()),
        "c": pa.array([each.child for each in rows], pa.bool_()),
    })  # fmt: skip


def act_by_hand(bench: Bench, day: Day) -> None:
    """Do in the store what people did before the run."""
    for key in day.deleted:
        for object_name in ("people", "guests"):
            for each in bench.store.records(object_name):
                if each["external_id"] == str(key) and bench.store.find_successors([each["id"]]) == [None]:
                    bench.store.delete(object_name, each["id"])
    for key in day.converted:
        (people_,) = bench.store.find("people", "external_id", [str(key)])
        (guests,) = bench.store.find("guests", "external_id", [str(key)])
        if guests and not people_ and bench.store.find_successors(guests) == [None]:
            bench.store.convert(guests[0])


def live(bench: Bench) -> list[tuple[str, str, str | None]]:
    """Return object, key and text of every record of the store."""
    found = ((name, each) for name in ("people", "guests") for each in bench.store.records(name))
    return sorted((name, each["external_id"], each.get("about")) for name, each in found)


def follow(history: Sequence[Day], on_removed: Removal, *, merges: bool) -> None:
    """Follow a history, and compare the store with the oracle after each day."""
    how = {"merge": Merge("s", is_child="c")} if merges else {"objects": ("people", "guests"), "create_in": "guests"}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), people(fields=FIELDS, on_removed=on_removed, **how))
        org = Org(on_removed, merges)
        for day in history:
            org.by_hand(day)
            act_by_hand(bench, day)
            org.run(day)
            bench.run(table(day))
            assert live(bench) == org.live(), day
        bench.store.close()


pytestmark = pytest.mark.timeout(1800)


def examples(count: int) -> settings:
    """Return settings for so many examples, however long each takes."""
    return settings(max_examples=count, deadline=None, suppress_health_check=[HealthCheck.too_slow])


MERGED = (
    Day({2: Person("x"), 3: Person("x"), 6: Person("x")}),
    Day({2: Person("x", "1"), 3: Person("x"), 6: Person("x", "1", child=True)}),
)
REFUSED = Day({2: Person("x"), 3: Person("x", "1"), 6: Person("x", "1")})
NOTHING_LEFT = Day({2: Person("x"), 3: Person("x", "1"), 6: Person("x", "1", child=True)})
ALONE = Day({6: Person("x")})


@pytest.mark.rule("O1", "O2", "O3", "V1")
@examples(30)
@example([*MERGED, REFUSED, ALONE], Removal.NOTHING)
@example([*MERGED, REFUSED, ALONE], Removal.DELETE)
@example([*MERGED, NOTHING_LEFT, ALONE], Removal.DELETE)
@given(days(merges=True), st.sampled_from(Removal))
def test_groups_that_merge_shrink_and_part_end_as_the_oracle_says(history: list[Day], on_removed: Removal) -> None:
    follow(history, on_removed, merges=True)


@pytest.mark.rule("O4", "V1")
@examples(20)
@given(days(merges=False), st.sampled_from(Removal))
def test_records_that_become_others_end_as_the_oracle_says(history: list[Day], on_removed: Removal) -> None:
    follow(history, on_removed, merges=False)


def follow_many(count: int, *, merges: bool) -> None:
    """Follow `count` histories, drawn with a seed of their own, so that each part of a test draws other ones."""

    @examples(count)
    @given(days(merges=merges), st.sampled_from(Removal))
    def follow_one(history: list[Day], on_removed: Removal) -> None:
        follow(history, on_removed, merges=merges)

    drawn = random.SystemRandom().randrange(10**9)
    print(f"seed {drawn}")
    seed(drawn)(follow_one)()


@pytest.mark.long
@pytest.mark.parametrize("part", range(6))
def test_many_histories_of_groups_end_as_the_oracle_says(part: int) -> None:
    follow_many(100, merges=True)


@pytest.mark.long
@pytest.mark.parametrize("part", range(4))
def test_many_histories_of_conversions_end_as_the_oracle_says(part: int) -> None:
    follow_many(100, merges=False)
