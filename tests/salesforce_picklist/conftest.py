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
    """The values of Account.Tier__c: Gold, Silver and Bronze."""
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    made = Project(tmp_path, emulated)
    made.sync()
    return made
