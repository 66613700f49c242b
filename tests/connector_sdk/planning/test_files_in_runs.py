"""Runs over files: what a file says arrives, what does no harm stops nothing, and what is wrong ends with 64."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector_sdk import ConfigError, ExitCode, Match, Model, Removal

from .bench import Bench, map_fields, people

HUGE = 2**127 - 1


def expect_problem(bench: Bench, model: Model) -> str:
    """Check that a run ends with 64 for one problem, and return that."""
    with pytest.raises(ConfigError) as raised:
        bench.run(model)
    (problem,) = raised.value.problems
    assert raised.value.exit_code is ExitCode.CONFIG
    assert problem.hint
    return f"{'.'.join(map(str, problem.path))}: {problem.message}"


@pytest.mark.rule("V5")
def test_a_project_below_a_folder_such_as_a_column_sends_what_its_files_say(tmp_path: Path) -> None:
    folder = tmp_path / "n=EU" / "key=1" / "record_id=2" / "outcome=succeeded"
    folder.mkdir(parents=True)
    bench = Bench(folder, people(match=Match("external_id", "k"), on_removed=Removal.DELETE))
    model = Model(name="rows", primary_key=("k",), file="*.csv")
    (folder / "a.csv").write_text("k,n\n1,Ada\n2,Grace\n3,Mary\n", encoding="utf-8")
    assert bench.run(model).ledger == dict.fromkeys("123", "succeeded")
    assert bench.names() == {"1": "Ada", "2": "Grace", "3": "Mary"}
    assert bench.run(model).ledger == {}
    (folder / "a.csv").write_text("k,n\n1,Ada\n2,Hopper\n", encoding="utf-8")
    assert bench.run(model).ledger == {"2": "succeeded", "3": "succeeded"}
    assert bench.names() == {"1": "Ada", "2": "Hopper"}
    bench.store.close()


@pytest.mark.rule("V4", "V19")
def test_columns_of_files_that_do_not_fit_end_a_run_only_where_they_are_used(bench: Bench) -> None:
    for number, more in enumerate(({"x": [3], "y": ["007"]}, {"x": [2.5], "y": [7]}, {"x": [1]})):
        table = pa.table({"k": [str(number)], "e": [str(number)], "n": ["Ada"], **more})
        pq.write_table(table, bench.folder / f"{number}.parquet")
    model = Model(name="rows", primary_key=("k",), file="*.parquet")
    bench.change(fields=map_fields(name="n", about="x"))
    assert set(bench.run(model).ledger.values()) == {"succeeded"}
    assert {key: Decimal(record["about"]) for key, record in bench.records().items()} == {
        "0": Decimal(3),
        "1": Decimal("2.5"),
        "2": Decimal(1),
    }
    bench.change(fields=map_fields(name="n", about="y"))
    told = expect_problem(bench, model)
    assert told.startswith("syncs.people.fields.about: the column y of model rows cannot be used: ")
    assert "2.parquet has no such column, and 0.parquet has one" in told
    (bench.folder / "2.parquet").unlink()
    assert "0.parquet has it as VARCHAR, 1.parquet as BIGINT" in expect_problem(bench, model)


@pytest.mark.rule("V7")
@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("models.rows.primary_key", {}),
        ("syncs.others.match.column", {"match": Match("external_id", "d")}),
        ("syncs.others.fields.about", {"fields": map_fields(name="n", about="d")}),
    ],
    ids=["the key", "the match column", "a field"],
)
def test_a_doubled_column_ends_a_run_wherever_it_is_used(bench: Bench, where: str, change: dict[str, object]) -> None:
    (bench.folder / "a.csv").write_text("k,e,n,d,D\n1,1,Ada,x,y\n", encoding="utf-8")
    model = Model(name="rows", primary_key=("k",), file="a.csv")
    assert bench.run(model).ledger == {"1": "succeeded"}
    bench.change(name="others", **change)
    bench.primary_key = ("k",) if change else ("d",)
    assert expect_problem(bench, model).startswith(
        f"{where}: the column d of model rows cannot be used: the header of a.csv"
    )


@pytest.mark.rule("V17", "V8")
@pytest.mark.parametrize("kind", ["SQL", "JSON", "data", "Parquet"])
def test_a_number_that_is_too_large_for_every_type_stops_nothing_where_it_is_not_mapped(
    bench: Bench, kind: str
) -> None:
    wide = pa.table(
        {"k": ["1"], "e": ["1"], "n": ["Ada"], "x": pa.array([Decimal(f"{HUGE}0000000000")], pa.decimal256(76, 0))}
    )
    pq.write_table(wide, bench.folder / "a.parquet")
    (bench.folder / "a.json").write_text(f'{{"k": "1", "e": "1", "n": "Ada", "x": {HUGE}00000}}', encoding="utf-8")
    model = {
        "SQL": Model(
            name="rows", primary_key=("k",), sql=f"select '1' as k, '1' as e, 'Ada' as n, {HUGE}::hugeint as x"
        ),
        "JSON": Model(name="rows", primary_key=("k",), file="a.json"),
        "data": Model(name="rows", primary_key=("k",), data=wide),
        "Parquet": Model(name="rows", primary_key=("k",), file="a.parquet"),
    }[kind]
    assert bench.run(model).ledger == {"1": "succeeded"}
    bench.change(fields=map_fields(name="n", about="x"))
    assert bench.run(model).ledger == {"1": "succeeded"}
    assert str(HUGE)[:30] in bench.records()["1"]["about"]
    assert bench.run(model).ledger == {}


@pytest.mark.rule("V18")
def test_a_malformed_line_ends_a_run_with_its_place(bench: Bench) -> None:
    (bench.folder / "a.csv").write_text("k;e;n\n1;1;Ada\n2;2\n", encoding="utf-8")
    told = expect_problem(bench, Model(name="rows", primary_key=("k",), file="a.csv"))
    assert told == "models.rows.file: a.csv, line 3: it has 2 cells, and the first line has 3"


def test_a_new_version_plans_nothing_for_numbers_of_json_that_were_right(bench: Bench) -> None:
    """Floating point that prints as it is written stays floating point: it is compared as before."""
    lines = [f'{{"k": "{number}", "e": "{number}", "n": "Ada", "x": {number * 0.1!r}}}' for number in range(20)]
    (bench.folder / "a.json").write_text("\n".join(lines), encoding="utf-8")
    bench.change(fields=map_fields(name="n", about="x"))
    rows = pa.table(
        {
            **{each: [str(number) for number in range(20)] for each in ("k", "e")},
            "n": ["Ada"] * 20,
            "x": [number * 0.1 for number in range(20)],
        }
    )
    assert bench.run(rows).report.rows.succeeded == 20
    assert bench.run(Model(name="rows", primary_key=("k",), file="a.json")).ledger == {}
