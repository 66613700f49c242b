"""A destination looks at the settings of a sync before any row is read."""

from __future__ import annotations

import pyarrow as pa
import pytest
from attrs import evolve

from connector_sdk import ConfigError, Model, Problem, Sync
from connector_sdk.check import check

from .bench import Bench, map_fields


@pytest.fixture
def refusing(bench: Bench) -> Bench:
    """A destination that finds two things wrong with every sync."""

    def check_sync(sync: Sync) -> list[Problem]:
        place = ("syncs", sync.name, "options")
        return [Problem("others use it too", (*place, "shared"), "set shared: true"), Problem("too slow", place)]

    bench.hooks["check_sync"] = check_sync
    return bench


def test_what_it_finds_is_told_with_its_place_by_check_plan_and_run_and_nothing_is_written(refusing: Bench) -> None:
    rows = [{"k": "1", "e": "a", "n": "x"}]
    for act in (
        lambda: check(refusing.project(rows), destinations=refusing.destinations),
        lambda: refusing.plan(rows),
        lambda: refusing.run(rows),
    ):
        with pytest.raises(ConfigError) as raised:
            act()
        assert [str(each.path[-1]) for each in raised.value.problems] == ["shared", "options"]
    assert refusing.records() == {}


def test_check_tells_it_together_with_what_is_wrong_with_the_mapping(refusing: Bench) -> None:
    refusing.change(fields=map_fields(nonsense="n"))
    with pytest.raises(ConfigError) as raised:
        check(refusing.project([{"k": "1"}]), destinations=refusing.destinations)
    assert {each.path[-1] for each in raised.value.problems} == {"shared", "options", "nonsense"}


def test_check_names_what_is_wrong_with_a_model_although_the_login_fails(bench: Bench) -> None:
    def connect() -> object:
        raise ConfigError([Problem("the token is wrong", ("token",))])

    bench.hooks["connect"] = connect
    bench.change(fields=map_fields(name="NAME", about="nowhere"))
    with pytest.raises(ConfigError) as raised:
        check(bench.project(pa.table({"k": ["1"], "e": ["a"], "name": ["Ann"]})), destinations=bench.destinations)
    said = [(each.path[0], each.path[-1], each.hint) for each in raised.value.problems]
    assert said == [
        ("connections", "token", ""),
        ("syncs", "name", "did you mean name?"),
        ("syncs", "about", "it has: k, e, name"),
    ]


def test_a_model_of_two_syncs_is_wrong_once(bench: Bench) -> None:
    def connect() -> object:
        raise ConfigError("the token is wrong")

    bench.hooks["connect"] = connect
    bench.others["again"] = evolve(bench.sync, name="again")
    model = Model(name="rows", primary_key=("k",), file="missing.parquet", folder=str(bench.folder))
    with pytest.raises(ConfigError) as raised:
        check(bench.project(model), destinations=bench.destinations)
    assert str(raised.value).count("missing.parquet") == 1
