"""A project over the emulated org."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..salesforce.emulated import Emulated
from ..salesforce.one_org import emulated, running
from .projects import Project

__all__ = ["emulated", "running"]


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at jobs of the emulated org early; it is done sooner than a real one."""
    monkeypatch.setattr("connector_salesforce.write.bulk2.FIRST_PAUSE", 0.02)


@pytest.fixture
def project(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An event for each order."""
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    made = Project(tmp_path, emulated)
    made.sync()
    return made
