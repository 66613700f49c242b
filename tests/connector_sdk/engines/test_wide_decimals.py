from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from connector_sdk.engines.wide_decimals import readable, readable_type

from .conftest import Read

WIDE = pa.decimal256(50, 2)


def test_small_floats_are_read_as_numbers(read: Read) -> None:
    table = read(data=pa.table({"id": pa.array([0.5, None, -2.0], pa.float16())}))
    assert table.column("id").to_pylist() == [0.5, None, -2.0]


def test_wide_decimals_that_are_dictionary_encoded_are_text(read: Read) -> None:
    values = pa.array([Decimal("1.20"), None, Decimal("1.20")], WIDE).dictionary_encode()
    assert read(data=pa.table({"id": values})).column("id").to_pylist() == ["1.2", None, "1.2"]
    assert readable(values, readable_type(values.type)).to_pylist() == ["1.20", None, "1.20"]


@pytest.mark.parametrize(
    ("given", "readable"),
    [
        (pa.map_(pa.string(), WIDE), pa.map_(pa.string(), pa.string())),
        (pa.map_(WIDE, pa.list_(WIDE)), pa.map_(pa.string(), pa.list_(pa.string()))),
        (pa.large_list(WIDE), pa.large_list(pa.string())),
        (pa.map_(pa.string(), pa.int64()), pa.map_(pa.string(), pa.int64())),
    ],
)
def test_wide_decimals_inside_of_maps_and_long_lists_are_text(given: pa.DataType, readable: pa.DataType) -> None:
    assert readable_type(given) == readable
