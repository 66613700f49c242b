"""One emulated org for all tests of a process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..salesforce.emulated import Emulated, emulator
from .projects import Project


@pytest.fixture(scope="session")
def running() -> Iterator[Emulated]:
    with emulator() as started:
        yield started


@pytest.fixture
def emulated(running: Emulated) -> Emulated:
    running.reset()
    return running


@pytest.fixture
def project(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An event for each order."""
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    monkeypatch.setattr("connector_salesforce.bulk2._FIRST_PAUSE", 0.02)
    made = Project(tmp_path, emulated)
    made.sync()
    return made
