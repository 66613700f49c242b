"""Logins and the SOAP APIs against recorded answers; skipped where the recordings are not beside the checkout."""

from __future__ import annotations

from pathlib import Path

from tests.salesforce_emulator.recorded_logins import logins
from tests.salesforce_emulator.recorded_metadata import metadata
from tests.salesforce_emulator.recorded_soap import partner


def test_clients_that_log_in_would_not_notice(recordings: Path) -> None:
    found = list(logins(recordings))
    assert len(found) >= 6
    assert {one.name: one.differences for one in found if one.differences} == {}


def test_clients_of_the_partner_api_would_not_notice(recordings: Path) -> None:
    found = list(partner(recordings))
    assert len(found) == 14
    assert {one.name: one.differences for one in found if one.differences} == {}


def test_clients_of_the_metadata_api_would_not_notice(recordings: Path) -> None:
    found = list(metadata(recordings))
    assert len(found) == 8
    assert {one.name: one.differences for one in found if one.differences and one.reason is None} == {}
