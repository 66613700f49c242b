"""One emulator per process, reset before each test; a client that is logged in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client


@pytest.fixture(scope="session")
def _shared_emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(_shared_emulator: Emulator) -> Emulator:
    _shared_emulator.reset()
    return _shared_emulator


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Client]:
    client = Client(emulator)
    yield client
    client.close()
