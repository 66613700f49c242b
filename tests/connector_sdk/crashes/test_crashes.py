"""Kill runs everywhere; what the destination executed is the judge."""

from __future__ import annotations

import pytest

from connector_sdk.testing.crash import batter, exhaust

from .scenarios import CASES

SCENARIO = f"{__package__}.scenarios:crashing"
QUICK = ("insert-call", "insert-two_phase", "insert-leased_job", "upsert-two_phase", "all-replace")
FAULTS = ("cut_before", "cut_after", "late", "partial", "refused")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", QUICK)
def test_a_small_run_killed_at_any_crash_point_loses_and_doubles_nothing(case: str) -> None:
    report = exhaust(SCENARIO, case, "6")
    assert not report.failures, report
    assert report.points > 10


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
def test_a_run_killed_at_any_crash_point_loses_and_doubles_nothing(case: str) -> None:
    report = exhaust(SCENARIO, case, "30")
    assert not report.failures, report


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
def test_a_run_killed_again_and_again_under_lost_answers_loses_and_doubles_nothing(case: str) -> None:
    report = batter(SCENARIO, case, "30", *FAULTS, trials=60, seed=len(case))
    assert not report.failures, report
