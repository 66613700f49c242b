from __future__ import annotations

import json

import pytest

from connector_sdk.testing.crash import batter, exhaust

from .emulated import Emulated

SCENARIO = f"{__package__}.crashes:crashing"
MERGES = f"{__package__}.merge_crashes:crashing"
WAYS = [
    (api, mode)
    for api in ("bulk", "bulk2", "rest")
    for mode in ("insert", "upsert", "update", "archive")
    if (api, mode) != ("bulk2", "insert")
]

TRIALS = 100
"""Runs that are killed up to three times each."""


@pytest.mark.long
@pytest.mark.parametrize(("api", "mode"), WAYS)
def test_a_run_killed_at_any_crash_point_loses_and_doubles_nothing(emulated: Emulated, api: str, mode: str) -> None:
    report = exhaust(SCENARIO, json.dumps(dict(emulated.ready)), api, mode)
    assert not report.failures, report
    assert report.points > 10


@pytest.mark.long
@pytest.mark.parametrize(("api", "mode"), WAYS)
def test_a_run_killed_again_and_again_under_lost_answers_loses_and_doubles_nothing(
    emulated: Emulated, api: str, mode: str
) -> None:
    ready = json.dumps(dict(emulated.ready))
    report = batter(SCENARIO, ready, api, mode, "before", "during", "after", trials=TRIALS, seed=7)
    print(f"{api} {mode}: {report}")
    assert not report.failures, report
    assert report.kills > TRIALS / 2


def test_a_job_of_the_bulk_api_2_survives_a_few_kills_under_lost_answers(emulated: Emulated) -> None:
    ready = json.dumps(dict(emulated.ready))
    report = batter(SCENARIO, ready, "bulk2", "upsert", "before", "after", trials=2, seed=11)
    assert not report.failures, report


def test_records_are_merged_once_wherever_a_run_is_killed_a_few_times(emulated: Emulated) -> None:
    report = batter(MERGES, json.dumps(dict(emulated.ready)), "before", "after", trials=3, seed=5)
    assert not report.failures, report


@pytest.mark.long
def test_records_are_merged_once_wherever_a_run_is_killed(emulated: Emulated) -> None:
    report = exhaust(MERGES, json.dumps(dict(emulated.ready)))
    assert not report.failures, report
    assert report.points > 20


@pytest.mark.long
def test_records_are_merged_once_under_lost_answers(emulated: Emulated) -> None:
    report = batter(MERGES, json.dumps(dict(emulated.ready)), "before", "during", "after", trials=40, seed=9)
    assert not report.failures, report
