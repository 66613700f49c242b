from __future__ import annotations

import json

import pytest

from connector_sdk.testing.crash import batter, exhaust

from ..conftest import Unharmed
from ..salesforce.emulated import Emulated

SCENARIO = f"{__package__}.crashes:make_scenario"


@pytest.mark.long
@pytest.mark.parametrize("way", ["plain", "moving"])
def test_a_run_killed_at_any_crash_point_ends_with_the_new_list(
    emulated: Emulated, way: str, unharmed: Unharmed
) -> None:
    report = unharmed(exhaust(SCENARIO, json.dumps(dict(emulated.ready)), way))
    assert report.points > 10


@pytest.mark.parametrize("way", ["plain", "moving"])
def test_a_few_kills_under_lost_answers_end_with_the_new_list(emulated: Emulated, way: str, unharmed: Unharmed) -> None:
    unharmed(batter(SCENARIO, json.dumps(dict(emulated.ready)), way, "before", "after", trials=2, seed=5))
