"""Floats, lists and JSON arrive at the destination as they are, and are compared as such."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from connector_sdk import ConfigError

from .bench import Bench, map_fields, people


@pytest.fixture
def typed(bench: Bench) -> Bench:
    bench.sync = people(fields=map_fields(name="n", height="h", nicknames="l", profile="j"))
    return bench


def rows(height: float | None, nicknames: list[str | None] | None, profile: Any) -> pa.Table:
    return pa.table({
        "k": ["a"], "e": ["a"], "n": ["Ann"], "h": pa.array([height], pa.float64()),
        "l": pa.array([nicknames], pa.list_(pa.string())),
        "j": pa.array([profile], pa.struct([("likes", pa.list_(pa.string()))])),
    })  # fmt: skip


def read_fields(bench: Bench) -> tuple[Any, Any, Any]:
    record = bench.records()["a"]
    profile = record["profile"]
    return record["height"], record["nicknames"], profile and json.loads(profile)


def test_they_arrive_and_what_did_not_change_is_not_sent_again(typed: Bench) -> None:
    model = rows(1.75, ["Annie", "A;B", "Annie"], {"likes": ["tea"]})
    assert typed.run(model).report.rows.succeeded == 1
    assert read_fields(typed) == (1.75, ["Annie", "A;B", "Annie"], {"likes": ["tea"]})
    assert typed.run(model).report.rows.planned == 0


@pytest.mark.parametrize(
    "changed",
    [
        (1.76, ["a", "b"], {"likes": ["tea"]}),
        (1.75, ["b", "a"], {"likes": ["tea"]}),
        (1.75, ["a", "b", None], {"likes": ["tea"]}),
        (1.75, [], {"likes": ["tea"]}),
        (1.75, ["a", "b"], {"likes": []}),
        (None, None, None),
    ],
)
def test_a_change_of_one_of_them_is_sent(typed: Bench, changed: tuple[Any, Any, Any]) -> None:
    typed.run(rows(1.75, ["a", "b"], {"likes": ["tea"]}))
    assert typed.run(rows(*changed)).report.rows.succeeded == 1
    assert read_fields(typed) == changed


def test_a_text_is_no_list_and_the_error_says_how_to_make_one(typed: Bench) -> None:
    table = rows(1.75, None, None)
    table = table.set_column(table.schema.get_field_index("l"), "l", pa.array(["Annie"]))
    with pytest.raises(ConfigError, match=r"which takes a list of texts.*\[cast"):
        typed.run(table)


def test_a_number_that_is_not_finite_rejects_its_row(typed: Bench) -> None:
    ran = typed.run(rows(float("inf"), None, None))
    assert ran.report.rows.rejected == 1
