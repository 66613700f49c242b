"""The state machine: a little of it in every run of the suite, a lot of it in the long tests."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from .machine import SyncMachine

COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a world sets is put back."""
    monkeypatch.setenv("REFERENCE_TOKEN", "")


def test_the_promises_hold_after_every_step_of_a_few_lives() -> None:
    run_state_machine_as_test(SyncMachine, settings=settings(max_examples=6, stateful_step_count=12, **COMMON))


@pytest.mark.long
def test_the_promises_hold_after_every_step_of_many_lives() -> None:
    run_state_machine_as_test(SyncMachine, settings=settings(max_examples=60, stateful_step_count=30, **COMMON))
