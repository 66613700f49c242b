"""Names that are no fields, and what is said of them."""

from __future__ import annotations

import pytest

from connector_sdk import ObjectSchema
from connector_sdk.planning.mapping.missing_fields import suggest_find
from connector_sdk.testing.reference.shapes import SHAPES

PEOPLE: ObjectSchema = SHAPES["people"].schema


@pytest.mark.parametrize("name", ["account.number", "Account.number", "accounts.number", "account__r.number"])
def test_a_field_of_a_referenced_object_is_answered_with_the_look_up_to_write(name: str) -> None:
    assert suggest_find(PEOPLE, name) == "write account: {find: accounts, where: number, equals: COLUMN}"


@pytest.mark.parametrize("name", ["number", "name.number", "weather.number", "account.", ".number"])
def test_another_name_is_no_look_up(name: str) -> None:
    assert suggest_find(PEOPLE, name) == ""
