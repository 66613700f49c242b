"""A project over the emulated org."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..salesforce.emulated import Emulated
from ..salesforce.one_org import emulated, running
from .projects import Project

__all__ = ["emulated", "running"]


@pytest.fixture
def project(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The values of Account.Tier__c: Gold, Silver and Bronze."""
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    made = Project(tmp_path, emulated)
    made.sync()
    return made
