"""Build the JSON Schema of the project file, for editors that complete it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connector_sdk.contract.spec import DestinationSpec
from connector_sdk.project.shape import ProjectShape
from connector_sdk.settings.json_schema import DIALECT, Schema, json_schema


def project_schema(destinations: Iterable[tuple[str, DestinationSpec]] = ()) -> Schema:
    """Return the schema of `connector.yml`, with the settings of connections for each type in `destinations`."""
    schema: Schema = {"$schema": DIALECT, "title": "connector.yml"} | json_schema(ProjectShape)
    known = [_when(type_, json_schema(spec.config)) for type_, spec in destinations]
    if known:
        schema["properties"]["connections"]["additionalProperties"]["allOf"] = known
    return schema


def _when(type_: str, config: Schema) -> dict[str, Any]:
    """Return the condition that a connection of this type has these settings."""
    settings = config | {"properties": {"type": {"const": type_}, **config["properties"]}}
    return {"if": {"properties": {"type": {"const": type_}}, "required": ["type"]}, "then": settings}
