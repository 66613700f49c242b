from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from tests.distributions.environments import build_distributions


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdists and wheels of this checkout, built once for all workers of a session."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = shared / "distributions"
    with (shared / "distributions.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            build_distributions(shared / "unfinished")
            (shared / "unfinished").rename(folder)
    return folder
