from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .bench import Bench, people


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """An upsert of people into an empty store."""
    made = Bench(tmp_path, people())
    yield made
    made.store.close()
