from __future__ import annotations

import json

import pytest

from connector_sdk.testing.crash import batter, exhaust

from ..conftest import Unharmed
from ..salesforce.emulated import Emulated

SCENARIO = f"{__package__}.crashes:make_scenario"
WAYS = [("rest", "at_most_once"), ("rest", "at_least_once"), ("bulk2", "at_most_once")]


@pytest.mark.long
@pytest.mark.parametrize(("api", "delivery"), WAYS)
def test_a_run_killed_at_any_crash_point_doubles_no_event_and_loses_none_in_silence(
    emulated: Emulated, api: str, delivery: str, unharmed: Unharmed
) -> None:
    report = unharmed(exhaust(SCENARIO, json.dumps(dict(emulated.ready)), api, delivery))
    assert report.points > 10


@pytest.mark.parametrize(("api", "delivery"), WAYS)
def test_a_few_kills_under_lost_answers_double_no_event_and_lose_none_in_silence(
    emulated: Emulated, api: str, delivery: str, unharmed: Unharmed
) -> None:
    ready = json.dumps(dict(emulated.ready))
    unharmed(batter(SCENARIO, ready, api, delivery, "before", "after", trials=3, seed=11))
