"""A power cut: what a run relies on is on the disk before the run continues."""

from __future__ import annotations

import pytest

from connector_sdk.testing.crash import exhaust

from ...conftest import Unharmed

POWER = f"{__package__}.power:make_scenario"


@pytest.mark.long
def test_a_small_run_that_loses_power_at_any_crash_point_loses_and_doubles_nothing(unharmed: Unharmed) -> None:
    assert unharmed(exhaust(POWER, "scenarios", "insert-two_phase", "3")).points > 10


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    ["scenarios upsert-two_phase 12", "scenarios insert-leased_job 6", "scenarios archive-call 6",
     "scenarios all-replace 6", "families insert-two_phase 6", "merges two_phase", "moves two_phase"],
)  # fmt: skip
def test_a_run_that_loses_power_at_any_crash_point_loses_and_doubles_nothing(words: str, unharmed: Unharmed) -> None:
    assert unharmed(exhaust(POWER, *words.split())).points > 10
