from __future__ import annotations

from typing import Any

import pytest

from connector_sdk import Field, FieldMapping, FieldType
from connector_sdk.planning.mapping.field_options import find_misplaced_options


@pytest.mark.parametrize(
    ("type_", "option", "is_match", "problem"),
    [
        (FieldType.TEXT, {"truncate": True}, False, None),
        (FieldType.DATE, {"truncate": True}, False, "f is not text that could be cut"),
        (FieldType.DECIMAL, {"round": True}, False, None),
        (FieldType.INTEGER, {"round": True}, False, "f has no decimals that could be rounded"),
        (FieldType.DECIMAL, {"round": True}, True, "f is what records are found by, which is not rounded"),
    ],
)
def test_an_option_that_makes_no_sense_for_a_field_is_found_with_the_reason(
    type_: FieldType, option: dict[str, Any], is_match: bool, problem: str | None
) -> None:
    mapping = FieldMapping(field="f", column="c", **option)
    found = list(find_misplaced_options(mapping, Field(name="f", type=type_), is_match=is_match))
    assert found == ([] if problem is None else [(next(iter(option)), problem)])
