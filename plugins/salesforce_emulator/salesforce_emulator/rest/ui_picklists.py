"""`/ui-api/object-info/OBJECT/picklist-values/RECORDTYPE`: the values that a record type offers.

User Interface API Developer Guide, "Get Values for All Picklist Fields of a Record Type".
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from salesforce_emulator.call import Call
from salesforce_emulator.dml import record_types
from salesforce_emulator.errors import not_found
from salesforce_emulator.ids import read_id
from salesforce_emulator.metadata.dependencies import controlling_values, list_shown_values
from salesforce_emulator.org.model import Field, RecordType
from salesforce_emulator.org.picklists import PicklistValue
from salesforce_emulator.rest.resources import schema_of
from salesforce_emulator.schema import Schema

_TYPES = ("picklist", "multipicklist")


def every_field(call: Call) -> Response:
    """Return the values of every picklist, by field."""
    schema, type_ = schema_of(call), _record_type(call)
    fields = [schema.fields[at] for at in schema.visible if schema.fields[at].type in _TYPES]
    return call.answer(
        {"picklistFieldValues": {field.name: _describe_values(call, schema, field, type_) for field in fields}}
    )


def one_field(call: Call) -> Response:
    """Return the values of one picklist."""
    schema, type_ = schema_of(call), _record_type(call)
    field = schema.field(call.part("field"))
    if field is None or field.type not in _TYPES:
        raise not_found()
    return call.answer(_describe_values(call, schema, field, type_))


def _record_type(call: Call) -> RecordType | None:
    record_id = read_id(call.part("type"))
    found = record_types.by_id(schema_of(call), record_id)
    if found is None and record_id != record_types.MASTER:
        raise not_found()
    return found


def _describe_values(call: Call, schema: Schema, field: Field, type_: RecordType | None) -> dict[str, Any]:
    controller = schema.field(field.controller_name or "")
    places = {} if controller is None else {name: at for at, name in enumerate(controlling_values(controller))}
    offered = type_.picklists.get(field.name) if type_ is not None else None
    values = [
        (value, _value(field, value, places))
        for value in list_shown_values(field)
        if offered is None or value.value in offered
    ]
    path = f"{call.base}/ui-api/object-info/{schema.name}/picklist-values/{call.part('type')}/{field.name}"
    return {
        "controllerValues": places,
        "defaultValue": next((shown for value, shown in values if value.default_value), None),
        "url": path,
        "values": [shown for _, shown in values],
    }


def _value(field: Field, value: PicklistValue, places: dict[str, int]) -> dict[str, Any]:
    allowing = field.value_settings.get(value.value, ())
    valid = sorted(places[name] for name in allowing if name in places)
    return {"attributes": None, "label": value.label, "validFor": valid, "value": value.value}
