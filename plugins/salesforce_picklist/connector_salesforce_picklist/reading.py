"""The active values of a picklist as rows, which the core compares with the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from connector_salesforce_picklist.changes import LABEL
from connector_salesforce_picklist.kinds import ATTRIBUTES
from connector_salesforce_picklist.picklist import Picklist
from connector_salesforce_picklist.values import Value, is_true
from connector_sdk import ConfigError, FieldType

_COMMON = (LABEL, "description", "color")
_TYPES: Mapping[FieldType, pa.DataType] = {FieldType.BOOLEAN: pa.bool_(), FieldType.INTEGER: pa.int64()}


def field_of(fields: Sequence[str]) -> str:
    """Return the picklist among the fields of a sync: the one field that is not an attribute of a value.

    Raises `ConfigError` if there is not exactly one.
    """
    found = [each for each in fields if each not in _COMMON and each not in ATTRIBUTES]
    if len(found) != 1:
        mapped = f"the picklist fields {', '.join(found)}" if found else "no picklist field"
        hint = "match on the picklist's field; besides it, map only attributes of its values, such as label"
        raise ConfigError(f"this sync maps {mapped}, and needs exactly one", hint=hint)
    return found[0]


def rows(picklist: Picklist, fields: Sequence[str]) -> pa.RecordBatchReader:
    """Return the active values as rows with these fields."""
    columns = {name: _column(picklist, name) for name in fields}
    schema = pa.schema([(name, each.type) for name, each in columns.items()])
    return pa.Table.from_arrays(list(columns.values()), schema=schema).to_reader()


def _column(picklist: Picklist, name: str) -> pa.Array:
    type_ = _TYPES.get(ATTRIBUTES.get(name, FieldType.TEXT), pa.string())
    return pa.array([_cell(picklist, each, name, type_) for each in picklist.active], type_)


def _cell(picklist: Picklist, value: Value, name: str, type_: pa.DataType) -> Any:
    if name == picklist.field:
        return value.name
    if name == LABEL:
        return value.label
    found = value.attribute(name)
    if type_ == pa.bool_():
        return is_true(found)
    return None if found is None else int(found) if type_ == pa.int64() else str(found)
