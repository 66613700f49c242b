from __future__ import annotations

import json

import pytest

from connector_sdk.testing.crash import batter, exhaust

from ..conftest import Unharmed
from .emulated import Emulated

SCENARIO = f"{__package__}.crashes:make_scenario"
MERGES = f"{__package__}.merge_crashes:make_scenario"
WAYS = [
    (api, mode)
    for api in ("bulk", "bulk2", "rest")
    for mode in ("insert", "upsert", "update", "archive")
    if (api, mode) != ("bulk2", "insert")
]

ROUNDS, TRIALS = 4, 5
"""How often faults are drawn, and how many runs each draw has; each run is killed up to five times."""
CUTS = ("before", "during", "after")


@pytest.mark.long
@pytest.mark.parametrize(("api", "mode"), WAYS)
def test_a_run_killed_at_any_crash_point_loses_and_doubles_nothing(
    emulated: Emulated, api: str, mode: str, unharmed: Unharmed
) -> None:
    report = unharmed(exhaust(SCENARIO, json.dumps(dict(emulated.ready)), api, mode))
    assert report.points > 10


@pytest.mark.long
@pytest.mark.parametrize(("api", "mode"), WAYS)
def test_a_run_killed_again_and_again_under_lost_answers_loses_and_doubles_nothing(
    emulated: Emulated, api: str, mode: str, unharmed: Unharmed
) -> None:
    ready = json.dumps(dict(emulated.ready))
    for seed in range(ROUNDS):
        unharmed(batter(SCENARIO, ready, api, mode, str(seed), *CUTS, trials=TRIALS, seed=seed))


def test_a_job_of_the_bulk_api_2_survives_a_few_kills_under_lost_answers(
    emulated: Emulated, unharmed: Unharmed
) -> None:
    ready = json.dumps(dict(emulated.ready))
    unharmed(batter(SCENARIO, ready, "bulk2", "upsert", "0", "before", "after", trials=2, seed=11))


def test_records_are_merged_once_wherever_a_run_is_killed_a_few_times(emulated: Emulated, unharmed: Unharmed) -> None:
    unharmed(batter(MERGES, json.dumps(dict(emulated.ready)), "before", "after", trials=3, seed=5))


@pytest.mark.long
def test_records_are_merged_once_wherever_a_run_is_killed(emulated: Emulated, unharmed: Unharmed) -> None:
    report = unharmed(exhaust(MERGES, json.dumps(dict(emulated.ready))))
    assert report.points > 20


@pytest.mark.long
def test_records_are_merged_once_under_lost_answers(emulated: Emulated, unharmed: Unharmed) -> None:
    unharmed(batter(MERGES, json.dumps(dict(emulated.ready)), *CUTS, trials=20, seed=9))
