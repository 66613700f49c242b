"""One emulated org for all tests of a process, as it was in the beginning for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .emulated import Emulated, emulator


@pytest.fixture(scope="session")
def running() -> Iterator[Emulated]:
    with emulator() as started:
        yield started


@pytest.fixture
def emulated(running: Emulated) -> Emulated:
    running.reset()
    return running
