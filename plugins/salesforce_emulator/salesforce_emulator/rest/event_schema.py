"""The schema of an event as subscribers read it.

REST API Developer Guide, "Platform Event Schema by Event Name".
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from starlette.responses import Response

from salesforce_emulator.call import Call
from salesforce_emulator.errors import not_found
from salesforce_emulator.org.model import Field
from salesforce_emulator.rest.resources import schema_of
from salesforce_emulator.schema import Schema

_TYPES = {"boolean": "boolean", "double": "double", "date": "long", "datetime": "long"}
_OF_ALL = ("CreatedDate", "CreatedById")


def by_name(call: Call) -> Response:
    """GET /sobjects/EVENT/eventSchema."""
    schema = schema_of(call)
    if schema.object.event_type is None:
        raise not_found()
    return call.answer(_describe_schema(schema))


def by_id(call: Call) -> Response:
    """GET /event/eventSchema/ID."""
    for schema in call.schemas.all:
        if schema.object.event_type is not None and _describe_schema(schema)["uuid"] == call.part("schema"):
            return call.answer(_describe_schema(schema))
    raise not_found()


def _describe_schema(schema: Schema) -> dict[str, Any]:
    """Return the schema. Its id changes with the fields."""
    fields = [schema.fields[at] for at in schema.visible]
    listed = [_field(field) for field in fields if field.custom or field.name in _OF_ALL]
    digest = hashlib.md5(json.dumps([schema.name, listed]).encode(), usedforsecurity=False).digest()
    return {
        "name": schema.name,
        "namespace": "com.sforce.eventbus",
        "type": "record",
        "fields": listed,
        "uuid": base64.urlsafe_b64encode(digest).decode().rstrip("="),
    }


def _field(field: Field) -> dict[str, Any]:
    type_ = _TYPES.get(field.type, "string")
    if field.name in _OF_ALL:
        return {"name": field.name, "type": type_, "doc": f"{field.name}:{_DOCS.get(field.type, 'EntityId')}"}
    return {
        "name": field.name,
        "type": ["null", type_],
        "doc": f"Data:{_DOCS.get(field.type, 'Text')}",
        "default": None,
    }


_DOCS = {"boolean": "Checkbox", "double": "Double", "date": "DateOnly", "datetime": "DateTime"}
