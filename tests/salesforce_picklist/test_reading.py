from __future__ import annotations

import pytest
from connector_salesforce_picklist.reading import field_of

from connector_sdk import ConfigError


def test_the_picklist_is_the_field_that_is_no_attribute_of_a_value() -> None:
    assert field_of(["label", "Tier__c", "probability", "color"]) == "Tier__c"


@pytest.mark.parametrize(
    ("fields", "found"),
    [([], "no picklist"), (["label", "color"], "no picklist"), (["Tier__c", "label", "Plan__c"], "Tier__c, Plan__c")],
)
def test_a_sync_of_no_picklist_or_of_several_is_refused(fields: list[str], found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        field_of(fields)
