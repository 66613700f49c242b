"""Tables of any values arrive at the destination as they are, in whatever way they were written and are read."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector_sdk import Mode, ObjectSchema
from connector_sdk.testing.reference.shapes import SHAPES, Shape
from tests.connector_sdk.planning.bench import Bench, map_fields, people

from .tables import WAYS, Table, expected_values, fields, make_table, put_side_by_side, read_values

QUICK = 30
LONG = 3_000
TOGETHER = 100
"""Tables of one long test."""

BESIDE = 5
"""Tables of a long test that stand side by side in one file."""

RULES = ("V4", "V6", "V8", "V18")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """An upsert into sheets, whose fields are those that a table needs."""
    made = Bench(tmp_path, people(objects=("sheets",)))
    yield made
    made.store.close()


@pytest.mark.rule(*RULES)
@pytest.mark.parametrize("seed", range(QUICK))
def test_every_value_of_a_table_arrives_in_five_ways(bench: Bench, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    _check(bench, monkeypatch, seed, make_table(seed))


@pytest.mark.long
@pytest.mark.rule(*RULES)
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(LONG // TOGETHER))
def test_every_value_of_thousands_of_tables_arrives(bench: Bench, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    first = random.SystemRandom().randrange(10**9)
    print(f"seeds from {first}")
    for seed in range(first, first + TOGETHER, BESIDE):
        table = put_side_by_side([make_table(each) for each in range(seed, seed + BESIDE)])
        _check(bench, monkeypatch, seed, table)


def _check(bench: Bench, monkeypatch: pytest.MonkeyPatch, seed: int, table: Table) -> None:
    """Write a table in each way, run a sync of it, and compare each value with what arrived."""
    shape = _shape(table)
    monkeypatch.setitem(SHAPES, "sheets", shape)  # type: ignore[arg-type]
    columns = {each.name: f"c{each.name.lstrip(string.ascii_letters)}" for each in fields(table)}
    bench.change(fields=map_fields(**columns), match=people().match and type(bench.sync.match)("external_id", "k"))
    for way, write in WAYS.items():
        folder = bench.folder / f"{seed} {way}"
        folder.mkdir()
        model = write(table, folder, random.Random(seed))
        told = f"seed {seed}, {way}, {model}"
        own = Bench(folder, bench.sync)
        ran = own.run(model)
        assert set(ran.ledger.values()) == {"succeeded"}, (told, ran.lines)
        records = own.records("sheets")
        own.store.close()
        assert set(records) == set(table.rows), told
        for key, values in table.rows.items():
            for number, value in enumerate(values):
                assert read_values(table, records[key], number) == expected_values(table, value, number), (
                    told,
                    key,
                    number,
                )


def _shape(table: Table) -> Shape:
    external_id = SHAPES["people"].field("external_id")
    assert external_id is not None
    modes = frozenset({Mode.UPSERT})
    return Shape(
        ObjectSchema(name="sheets", label="Sheets", fields=(external_id, *fields(table)), modes=modes),
        "external_id",
        "s",
    )
