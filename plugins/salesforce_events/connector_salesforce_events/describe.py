"""The platform events that the user may publish, and their fields.

Platform Events Developer Guide, "Define and Manage Platform Events", "Considerations for Defining Platform Events".
"""

from __future__ import annotations

import connector_salesforce
from attrs import evolve
from connector_salesforce import Org

from connector_sdk import ConfigError, Mode, ObjectInfo, ObjectSchema

_SUFFIX = "__e"
_MODES = frozenset({Mode.INSERT})
_SHOWN = 10


def list_objects(org: Org) -> list[ObjectInfo]:
    """List the events that the user may publish. Only Salesforce publishes events whose name has no suffix."""
    return [
        ObjectInfo(each["name"], each["label"], _MODES)
        for each in org.objects(refresh=True)
        if each["name"].endswith(_SUFFIX) and each["createable"]
    ]


def discover_schema(org: Org, object_name: str, refresh: bool) -> ObjectSchema:
    """Describe an event and its fields. Raises `ConfigError` if the user cannot publish an event of this name."""
    if object_name not in _names(org):
        raise _make_unknown_event_error(org, object_name)
    schema = connector_salesforce.discover_schema(org, object_name, refresh)
    path = f"Setup, Platform Events, {schema.label}, Custom Fields & Relationships"
    return evolve(
        schema,
        modes=_MODES,
        fields=tuple(evolve(each, external_id=False, recommended=False, not_matchable={}) for each in schema.fields),
        match_advice="",
        missing_hint=f"not there: create it in Salesforce ({path}); an event has no field-level security",
    )


def _names(org: Org) -> list[str]:
    return [each.name for each in list_objects(org)]


def _make_unknown_event_error(org: Org, object_name: str) -> ConfigError:
    names = _names(org)
    have = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "") if names else "none"
    return ConfigError(
        f"this user can publish no event {object_name}; there are: {have}",
        hint="create it in Setup, Platform Events, or give the user Create on it in a permission set",
    )
