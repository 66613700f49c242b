from __future__ import annotations

from pathlib import Path

import pytest

from connector_sdk.state.database import open_database
from connector_sdk.state.journal import Journal

from .scripted import Bench


@pytest.fixture
def bench(tmp_path: Path):
    journal = Journal(open_database(tmp_path / "state.db"))
    yield Bench(tmp_path, journal)
    journal.close()
