"""Fixtures for tests against an emulated org. If the package is installed, pytest finds them by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from salesforce_emulator import Emulator

_OPTION = "--salesforce-org"
_SETTING = "salesforce_org"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the command line option and the setting that name the org file."""
    group = parser.getgroup("salesforce-emulator")
    group.addoption(_OPTION, metavar="FILE", help="org file of the emulated Salesforce org")
    parser.addini(_SETTING, "org file of the emulated Salesforce org, relative to the root directory", default="")


@pytest.fixture(scope="session")
def salesforce_org(request: pytest.FixtureRequest) -> Any:
    """The org: the file from `--salesforce-org` or from the setting `salesforce_org`, else the default org.

    Override this fixture to return a mapping, such as `{"extends": "default", "sandbox": True}`.
    """
    asked = request.config.getoption(_OPTION)
    if asked is not None:
        return request.config.invocation_params.dir / asked
    setting = str(request.config.getini(_SETTING))
    return request.config.rootpath / setting if setting else None


@pytest.fixture(scope="session")
def salesforce_emulator_of_session(salesforce_org: Any) -> Iterator[Emulator]:
    """The emulator of the test session, in the state that earlier tests left. It uses free ports of this process."""
    from salesforce_emulator import Emulator

    with Emulator(salesforce_org) as emulator:
        yield emulator


@pytest.fixture
def salesforce_emulator(salesforce_emulator_of_session: Emulator) -> Emulator:
    """The emulator in the state of its org file: records, sessions, jobs, counters and fault rules are reset."""
    salesforce_emulator_of_session.reset()
    return salesforce_emulator_of_session
