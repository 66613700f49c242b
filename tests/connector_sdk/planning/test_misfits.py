from __future__ import annotations

import duckdb
import pytest

from connector_sdk import FieldType
from connector_sdk.engines.json_types import OBJECT
from connector_sdk.planning.mapping.misfits import suggest_select

BIGINT, VARCHAR = (FieldType.INTEGER, "BIGINT"), (FieldType.TEXT, "VARCHAR")


@pytest.mark.parametrize(
    ("value", "wanted", "made"),
    [
        ("map {'a': 7}", BIGINT, 7),
        ("map {'a': [8]}", BIGINT, 8),
        ("{'raw': 'x'::blob, 'n': 9}", BIGINT, 9),
        ("['x'::blob]", BIGINT, None),
        ("map {'a': 'x'::blob}", VARCHAR, None),
    ],
)
def test_the_suggested_sql_takes_the_first_part_of_a_nested_column_that_can_be_used(
    value: str, wanted: tuple[FieldType, str], made: object
) -> None:
    with duckdb.connect() as connection:
        type_ = str(connection.sql(f"select {value} as v").types[0])
        select = suggest_select(type_, *wanted)
        if made is None:
            assert select == ""
        else:
            query = f"select {select.replace('{x}', 'v')} from (select {value} as v)"
            assert connection.execute(query).fetchone() == (made,)


@pytest.mark.parametrize("wanted", [BIGINT, VARCHAR])
def test_no_sql_is_suggested_for_an_object_whose_members_are_not_known(wanted: tuple[FieldType, str]) -> None:
    assert suggest_select(OBJECT, *wanted) == ""
