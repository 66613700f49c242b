"""Kill runs everywhere; what the destination executed is the judge."""

from __future__ import annotations

import pytest

from connector_sdk.testing.crash import batter, exhaust

from ...conftest import Unharmed
from .families import FAMILIES
from .scenarios import CASES

SCENARIO = f"{__package__}.scenarios:make_scenario"
STOPPING = f"{__package__}.scenarios:make_stopping_scenario"
FAMILY = f"{__package__}.families:make_scenario"
QUICK = ("all-replace",)
MERGES = f"{__package__}.merges:make_scenario"
MOVES = f"{__package__}.moves:make_scenario"
TRIALS = 20
"""Runs that are killed up to five times each."""
ROWS = "21"
"""The rows of a run: five batches, the last of them small."""
FAULTS = ("cut_before", "cut_after", "late", "partial", "refused")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", QUICK)
def test_a_small_run_killed_at_any_crash_point_loses_and_doubles_nothing(case: str, unharmed: Unharmed) -> None:
    report = unharmed(exhaust(SCENARIO, case, "6"))
    assert report.points > 10


@pytest.mark.rule("T2")
@pytest.mark.timeout(600)
def test_a_run_that_is_killed_while_it_waits_for_what_is_in_flight_loses_and_doubles_nothing(
    unharmed: Unharmed,
) -> None:
    report = unharmed(batter(STOPPING, "insert-leased_job", "11", trials=12, seed=2, kills=2))
    assert report.kills


@pytest.mark.long
@pytest.mark.parametrize("case", ["insert-leased_job", "insert-two_phase", "upsert-call", "upsert-two_phase"])
def test_a_run_that_stops_loses_and_doubles_nothing_wherever_it_is_killed(case: str, unharmed: Unharmed) -> None:
    unharmed(exhaust(STOPPING, case, "16"))


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
def test_a_run_killed_at_any_crash_point_loses_and_doubles_nothing(case: str, unharmed: Unharmed) -> None:
    unharmed(exhaust(SCENARIO, case, ROWS))


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
def test_a_run_killed_again_and_again_under_lost_answers_loses_and_doubles_nothing(
    case: str, unharmed: Unharmed
) -> None:
    report = unharmed(batter(SCENARIO, case, ROWS, *FAULTS, trials=TRIALS, seed=len(case)))
    assert report.kills > TRIALS / 2


@pytest.mark.timeout(600)
def test_a_few_kills_leave_families_and_merged_and_moved_rows_whole(unharmed: Unharmed) -> None:
    for scenario in ((FAMILY, "insert-two_phase", "6"), (MERGES, "two_phase"), (MOVES, "two_phase")):
        assert unharmed(batter(*scenario, trials=4, seed=1)).kills


@pytest.mark.long
def test_rows_that_wait_for_each_other_find_their_parents_wherever_a_run_is_killed(unharmed: Unharmed) -> None:
    report = unharmed(exhaust(FAMILY, "insert-two_phase", "6"))
    assert report.points > 30


@pytest.mark.long
@pytest.mark.parametrize("family", FAMILIES)
def test_rows_that_wait_for_each_other_find_their_parents_under_lost_answers(family: str, unharmed: Unharmed) -> None:
    unharmed(batter(FAMILY, family, "11", *FAULTS, trials=TRIALS, seed=len(family)))


@pytest.mark.long
def test_rows_are_merged_once_wherever_a_run_is_killed(unharmed: Unharmed) -> None:
    report = unharmed(exhaust(MERGES, "two_phase"))
    assert report.points > 30


@pytest.mark.long
@pytest.mark.parametrize("api", ["call", "two_phase", "leased_job"])
def test_rows_are_merged_once_under_lost_answers(api: str, unharmed: Unharmed) -> None:
    unharmed(batter(MERGES, api, *FAULTS, trials=TRIALS, seed=len(api)))


@pytest.mark.long
@pytest.mark.parametrize("api", ["call", "two_phase", "leased_job"])
def test_rows_find_the_records_that_theirs_became_wherever_a_run_is_killed(api: str, unharmed: Unharmed) -> None:
    report = unharmed(exhaust(MOVES, api))
    assert report.points > 20


@pytest.mark.long
@pytest.mark.parametrize("api", ["call", "two_phase", "leased_job"])
def test_rows_find_the_records_that_theirs_became_under_lost_answers(api: str, unharmed: Unharmed) -> None:
    unharmed(batter(MOVES, api, *FAULTS, trials=TRIALS, seed=len(api)))
