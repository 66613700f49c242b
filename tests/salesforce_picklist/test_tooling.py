"""Components that are found by their names."""

from __future__ import annotations

from typing import Any

import pytest
from connector_salesforce_picklist import tooling

from .setuporg import FIELD, SET, SetupOrg, field_tree

OTHER = "0Nt000000000002"
SETS: list[dict[str, Any]] = [
    {"Id": OTHER, "DeveloperName": "Regions", "NamespacePrefix": None, "MasterLabel": "All regions"},
    {"Id": SET, "DeveloperName": "Regions", "NamespacePrefix": "acme", "MasterLabel": "Regions of Acme"},
]


def test_a_custom_field_is_found_by_its_name_unless_the_user_cannot_see_it() -> None:
    assert tooling.field_id(SetupOrg(field_tree()).org, "Account", "Tier__c") == FIELD
    assert tooling.field_id(SetupOrg().org, "Account", "Tier__c") is None


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("acme__Regions", SET),
        ("Regions of Acme", SET),
        ("Regions", OTHER),
        ("other__Regions", None),
        ("regions", None),
        ("", None),
    ],
)
def test_a_global_set_is_found_by_its_full_name_or_its_label_and_by_nothing_else(name: str, found: str | None) -> None:
    assert tooling.set_id(SetupOrg(sets=SETS).org, name) == found


def test_where_the_user_sees_no_global_set_none_is_found() -> None:
    assert tooling.set_id(SetupOrg().org, "Regions") is None
