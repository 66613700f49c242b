"""Both Bulk APIs against what real orgs answered; skipped where the recordings are not beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.salesforce_emulator.recorded_bulk import BULK_SOURCES

FEWEST = {"Bulk API: a load": 16, "Bulk API: cases": 3, "Bulk API 2.0: jobs": 6}


@pytest.mark.parametrize("name", BULK_SOURCES)
def test_jobs_and_their_results_are_answered_as_recorded(recordings: Path, name: str) -> None:
    found = list(BULK_SOURCES[name](recordings))
    assert len(found) >= FEWEST[name]
    assert {one.name: one.differences for one in found if one.differences} == {}
