"""One emulated org for all tests of a process, and a scripted one for each."""

from __future__ import annotations

from pathlib import Path

import pytest
from connector_salesforce.org.org import Org

from connector_sdk.testing.doubles import RecordingRun

from .bulkorg import BulkOrg
from .emulated import Emulated
from .one_org import emulated, running
from .projects import Project
from .scripted import org

__all__ = ["emulated", "running"]


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at jobs of the emulated org early; it is done sooner than a real one."""
    for module in ("bulk", "bulk2"):
        monkeypatch.setattr(f"connector_salesforce.write.{module}.FIRST_PAUSE", 0.02)


@pytest.fixture
def project(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An upsert of contacts into the emulated org."""
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    made = Project(tmp_path, emulated)
    made.sync()
    return made


@pytest.fixture
def bulk_org() -> BulkOrg:
    return BulkOrg()


@pytest.fixture
def opened(bulk_org: BulkOrg) -> Org:
    return org(bulk_org.transport)


@pytest.fixture
def run() -> RecordingRun:
    return RecordingRun(longest=0.001)
