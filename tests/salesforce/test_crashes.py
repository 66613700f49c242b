from __future__ import annotations

import json

import pytest

from connector_sdk.testing.crash import batter, exhaust

from .emulated import Emulated

SCENARIO = f"{__package__}.crashes:crashing"
WAYS = [("bulk", "insert"), ("bulk", "upsert"), ("rest", "insert"), ("rest", "upsert")]


@pytest.mark.long
@pytest.mark.parametrize(("api", "mode"), WAYS)
def test_a_run_killed_at_any_crash_point_loses_and_doubles_nothing(emulated: Emulated, api: str, mode: str) -> None:
    report = exhaust(SCENARIO, json.dumps(dict(emulated.ready)), api, mode)
    assert not report.failures, report
    assert report.points > 10


@pytest.mark.long
@pytest.mark.parametrize("mode", ["insert", "upsert"])
def test_a_run_killed_again_and_again_under_lost_answers_loses_and_doubles_nothing(
    emulated: Emulated, mode: str
) -> None:
    ready = json.dumps(dict(emulated.ready))
    report = batter(SCENARIO, ready, "bulk", mode, "before", "during", "after", trials=40, seed=7)
    assert not report.failures, report
