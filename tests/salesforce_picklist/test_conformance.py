from __future__ import annotations

from typing import Any

import pytest
from connector_salesforce import Config

from connector_sdk import Field, Mode
from connector_sdk.testing.conformance import DestinationConformance

from ..salesforce.emulated import Emulated


class TestPicklists(DestinationConformance):
    destination = "salesforce_picklist"
    emulated: Emulated

    @pytest.fixture(autouse=True)
    def _org(self, emulated: Emulated) -> None:
        self.emulated = emulated

    def config(self) -> Config:
        return self.emulated.config()

    def object_for(self, mode: Mode) -> str | None:
        return "Account"

    def value(self, field: Field, number: int) -> Any:
        return f"#00000{number}" if field.name == "color" else None
