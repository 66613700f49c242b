"""The Arrow types of the values in each type of field."""

from __future__ import annotations

import pyarrow as pa

from connector_sdk import Field, FieldType

_TYPES = {
    FieldType.INTEGER: pa.int64(),
    FieldType.FLOAT: pa.float64(),
    FieldType.BOOLEAN: pa.bool_(),
    FieldType.DATE: pa.date32(),
    FieldType.DATETIME: pa.timestamp("us", "UTC"),
    FieldType.TIME: pa.time64("us"),
    FieldType.BINARY: pa.binary(),
    FieldType.LIST: pa.list_(pa.string()),
}


_DIGITS = 38
"""The number of digits in the widest decimal."""


def arrow_type(field: Field) -> pa.DataType:
    """Return the Arrow type that holds a field's values."""
    if field.type is FieldType.DECIMAL and field.stores_more_decimals:
        return pa.decimal128(_DIGITS, _DIGITS - (field.precision or _DIGITS) + (field.scale or 0))
    if field.type is FieldType.DECIMAL:
        return pa.decimal128(field.precision or _DIGITS, field.scale or 0)
    return _TYPES.get(field.type, pa.string())
