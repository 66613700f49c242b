from __future__ import annotations

import pytest

from connector_sdk.planning.mapping.kinds import Kind, element_type, kind_of


@pytest.mark.parametrize(
    ("type_", "element"),
    [("BIGINT[]", "BIGINT"), ("VARCHAR[3]", "VARCHAR"), ("DOUBLE[][]", "DOUBLE[]"), ('STRUCT("a[]" INTEGER)[]', None)],
)
def test_a_list_has_the_type_of_its_elements(type_: str, element: str | None) -> None:
    assert kind_of(type_) is Kind.LIST
    assert element_type(type_) == (element or 'STRUCT("a[]" INTEGER)')


@pytest.mark.parametrize("type_", ["BIGINT", 'STRUCT("a[]" INTEGER)', "MAP(VARCHAR, BIGINT[])"])
def test_what_is_no_list_has_no_elements(type_: str) -> None:
    assert kind_of(type_) is not Kind.LIST
    with pytest.raises(ValueError, match="is not a list"):
        element_type(type_)
