from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from connector_salesforce import Config

from connector_sdk import Field, Mode
from connector_sdk.testing.conformance import DestinationConformance
from connector_sdk.testing.conformance.samples import Row
from connector_sdk.testing.conformance.subject import Subject, Way

from .emulated import Emulated


class TestSalesforce(DestinationConformance):
    destination = "salesforce"
    emulated: Emulated

    @pytest.fixture(autouse=True)
    def _org(self, emulated: Emulated) -> None:
        self.emulated = emulated

    def config(self) -> Config:
        return self.emulated.config()

    def object_for(self, mode: Mode) -> str | None:
        return "Contact"

    def value(self, field: Field, number: int) -> Any:
        return f"person{number}@acme.example" if field.native_type == "email" else None

    def present(self, subject: Subject, object_name: str, fields: Sequence[str]) -> list[Row]:
        names = [{"id": "Id"}.get(name, name) for name in fields]
        return [{name: each.get(own) for name, own in zip(fields, names, strict=True)}
                for each in self.emulated.records(object_name)]  # fmt: skip

    def lose_next_answer(self, subject: Subject, way: Way) -> None:
        call = {
            "bulk": {"method": "POST", "path": "/services/async/*/job/*/batch"},
            "bulk2": {"method": "PATCH", "path": "/services/data/*/jobs/ingest/*"},
        }[way.api.name]
        self.emulated.faults({"match": call, "do": {"cut": "after"}, "times": 1})
