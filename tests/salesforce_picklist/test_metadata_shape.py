from __future__ import annotations

from typing import Any

import pytest
from connector_salesforce import CallFailed
from connector_salesforce_picklist.metadata_shape import require_values
from connector_salesforce_picklist.picklist import Kind, Picklist

from connector_sdk import Executed

from .setuporg import field_tree, value


def tier(*values: dict[str, Any]) -> Picklist:
    """Return the picklist with these values."""
    return Picklist("Account", "Tier__c", Kind.FIELD, "Account.Tier__c", field_tree(*values))


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    "values",
    [
        (value("Gold"), value("")),
        (value("Gold"), {"label": "Silver"}),
        (value("Gold"), value("Silver"), value("Gold", isActive=False)),
    ],
    ids=["an empty name", "no name", "a name twice"],
)
def test_values_without_a_name_of_their_own_are_no_list(values: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(CallFailed) as failed:
        require_values(tier(*values))
    assert (failed.value.code, failed.value.executed) == ("ANSWER_UNREADABLE", Executed.NO)
    assert "Account.Tier__c" in failed.value.message


def test_names_that_differ_in_case_alone_are_those_of_two_values() -> None:
    require_values(tier(value("Gold"), value("gold")))
