from __future__ import annotations

from typing import Any

import pytest
from connector_salesforce_picklist.values import Value, is_same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, "true"),
        (7, "7"),
        (None, "false"),
        ({"urls": "a", "kind": "b"}, {"kind": "b", "urls": "a"}),
        ([1, 2], [1, 2]),
    ],
)
def test_attributes_are_equal_across_json_and_xml(one: Any, other: Any) -> None:
    assert is_same(one, other)
    assert is_same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [(True, "false"), (7, "8"), ({"a": 1}, {"a": 2}), ([1, 2], [2, 1]), ({}, None), ([], "[]"), ({"a": 1}, "{'a': 1}")],
)
def test_attributes_that_differ_are_not_equal(one: Any, other: Any) -> None:
    assert not is_same(one, other)
    assert not is_same(other, one)


def test_an_attribute_with_parts_differs_by_what_it_holds() -> None:
    before, same = Value({"ofTomorrow": {"a": 1, "b": 2}}), Value({"ofTomorrow": {"b": 2, "a": 1}})
    assert before.differs(same) == []
    assert before.differs(Value({"ofTomorrow": {"a": 1}})) == ["ofTomorrow"]
