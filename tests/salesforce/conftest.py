"""One emulated org for all tests of a process, and a scripted one for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from connector_salesforce.org import Org

from connector_sdk.testing.doubles import RecordingRun

from .bulkorg import BulkOrg
from .emulated import Emulated, emulator
from .scripted import org


@pytest.fixture(scope="session")
def running() -> Iterator[Emulated]:
    with emulator() as started:
        yield started


@pytest.fixture
def emulated(running: Emulated) -> Emulated:
    running.reset()
    return running


@pytest.fixture
def bulk_org() -> BulkOrg:
    return BulkOrg()


@pytest.fixture
def opened(bulk_org: BulkOrg) -> Org:
    return org(bulk_org.transport)


@pytest.fixture
def run() -> RecordingRun:
    return RecordingRun(longest=0.001)
