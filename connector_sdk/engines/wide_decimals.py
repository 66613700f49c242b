"""Read decimals of more than 38 digits as text: Arrow has such types, and DuckDB does not."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_MOST = 38


def readable_type(type_: pa.DataType) -> pa.DataType:
    """Return the type in which DuckDB can read an Arrow type: wide decimals, also nested ones, become text."""
    if pa.types.is_decimal(type_):
        fits = type_.precision <= _MOST and 0 <= type_.scale <= type_.precision
        return _narrow(type_) if fits else pa.string()
    if pa.types.is_float16(type_):
        return pa.float32()
    if pa.types.is_dictionary(type_):
        value = readable_type(type_.value_type)
        return type_ if value == type_.value_type else value
    if pa.types.is_struct(type_):
        return pa.struct([each.with_type(readable_type(each.type)) for each in type_])
    return _readable_list(type_)


def is_wide(type_: pa.DataType) -> bool:
    """Return whether a type is a decimal that becomes text. Lists and structs of such decimals do not count."""
    value = type_.value_type if pa.types.is_dictionary(type_) else type_
    return bool(pa.types.is_decimal(value) and pa.types.is_string(readable_type(value)))


def readable(array: pa.Array, type_: pa.DataType) -> pa.Array:
    """Return an array cast to the type that `readable_type` returns. Decimals as text have all of their digits.

    Raises `ArrowException` if Arrow has no such cast.
    """
    if array.type == type_:
        return array
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return pc.cast(array, type_)


def _narrow(type_: pa.DataType) -> pa.DataType:
    """Return the type in which DuckDB reads a decimal of at most 38 digits."""
    return pa.decimal128(type_.precision, type_.scale) if pa.types.is_decimal256(type_) else type_


def _readable_list(type_: pa.DataType) -> pa.DataType:
    makers: dict[Any, Any] = {pa.types.is_list: pa.list_, pa.types.is_large_list: pa.large_list}
    for is_such, make in makers.items():
        if is_such(type_):
            return make(type_.value_field.with_type(readable_type(type_.value_type)))
    if pa.types.is_map(type_):
        return pa.map_(
            type_.key_field.with_type(readable_type(type_.key_type)),
            type_.item_field.with_type(readable_type(type_.item_type)),
        )
    return type_
