from __future__ import annotations

from collections.abc import Sequence

import pytest
from connector_salesforce import Config

from connector_sdk import Mode
from connector_sdk.testing.conformance import DestinationConformance
from connector_sdk.testing.conformance.samples import Row
from connector_sdk.testing.conformance.subject import Subject, Way

from ..salesforce.emulated import Emulated
from .projects import EVENT


class TestEvents(DestinationConformance):
    destination = "salesforce_events"
    emulated: Emulated

    @pytest.fixture(autouse=True)
    def _org(self, emulated: Emulated) -> None:
        self.emulated = emulated

    def config(self) -> Config:
        return self.emulated.config()

    def object_for(self, mode: Mode) -> str | None:
        return EVENT

    def present(self, subject: Subject, object_name: str, fields: Sequence[str]) -> list[Row]:
        return [{name: each["payload"].get(name) for name in fields} for each in self.emulated.events(object_name)]

    def lose_next_answer(self, subject: Subject, way: Way) -> None:
        call = {"method": "PATCH", "path": "/services/data/*/jobs/ingest/*"}
        self.emulated.faults({"match": call, "do": {"cut": "after"}, "times": 1})
