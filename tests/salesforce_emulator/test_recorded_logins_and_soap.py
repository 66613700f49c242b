"""Logins and the partner API against recorded answers; skipped where the recordings are not beside the checkout."""

from __future__ import annotations

from pathlib import Path

from tests.salesforce_emulator.recorded_logins import logins
from tests.salesforce_emulator.recorded_soap import partner


def test_clients_that_log_in_would_not_notice(recordings: Path) -> None:
    found = list(logins(recordings))
    assert len(found) >= 6
    assert {one.name: one.differences for one in found if one.differences} == {}


def test_clients_of_the_partner_api_would_not_notice(recordings: Path) -> None:
    found = list(partner(recordings))
    assert len(found) == 14
    assert {one.name: one.differences for one in found if one.differences} == {}
