from __future__ import annotations

import pytest

from connector_sdk import Destination
from connector_sdk.testing.reference import Store, plugin

from .direct import Direct


@pytest.fixture
def path(request: pytest.FixtureRequest) -> str:
    return f":memory:{request.node.nodeid}"


@pytest.fixture
def store(path: str) -> Store:
    return Store.at(path)


@pytest.fixture
def direct(path: str) -> Direct:
    return Direct(Destination("reference", plugin), path)
