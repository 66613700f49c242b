"""The objects of an org, their picklists, and the attributes of picklist values."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from connector_salesforce import CallFailed, Org

from connector_salesforce_picklist.changes import LABEL
from connector_salesforce_picklist.kinds import ATTRIBUTES, FORECAST_CATEGORIES, STANDARD_SETS, attributes_of
from connector_sdk import ConfigError, Equality, Field, FieldType, Mode, ObjectInfo, ObjectSchema, Replaceable

Described = Mapping[str, Any]

_MODES = frozenset({Mode.ALL})
_OTHERS = ("__e", "__mdt", "__ChangeEvent", "__Share", "__History", "__Feed", "__Tag")
"""Suffixes of objects without picklists of their own (Object Reference, "API Field Name Suffixes")."""

_PICKLISTS = ("picklist", "multipicklist")
_LONGEST = 255
_PLACES = ("StateCode", "CountryCode")
_ELSEWHERE = {Mode.ALL: "is a picklist of its own: a sync writes the one that it matches on"}
_NO_PICKLIST = {Mode.ALL: "says something about a value, and is not a picklist"}


def list_objects(org: Org) -> list[ObjectInfo]:
    """List the objects that can have picklists."""
    return [ObjectInfo(each["name"], each["label"], _MODES) for each in org.objects(refresh=True) if _can_have(each)]


def discover_schema(org: Org, object_name: str, refresh: bool) -> ObjectSchema:
    """Describe the picklists of an object and the attributes of a value. Raises `ConfigError` if there is no object."""
    described = _describe_object(org, object_name, refresh)
    name, picklists = described["name"], [each for each in described["fields"] if each["type"] in _PICKLISTS]
    return ObjectSchema(
        name=name,
        label=described["label"],
        fields=(*(_picklist(name, each) for each in picklists), *_attributes(name, picklists)),
        modes=_MODES,
        match_advice="" if picklists else f"{described['label']} has no picklist: create one in Setup.",
        missing_hint=f"no picklist of {described['label']} that this user can see",
        replaceable=Replaceable("active values of the org"),
    )


def can_be_written(org: Org, object_name: str, field: str) -> bool:
    """Return whether an object has a picklist of this name whose values this plugin can write."""
    fields = org.describe(object_name)["fields"]
    named = (each for each in fields if each["name"] == field and each["type"] in _PICKLISTS)
    return any(not _find_refusal(object_name, each) for each in named)


def _can_have(described: Described) -> bool:
    return not (
        described.get("deprecatedAndHidden") or described.get("customSetting") or described["name"].endswith(_OTHERS)
    )


def _describe_object(org: Org, object_name: str, refresh: bool) -> Described:
    names = [each["name"] for each in org.objects(refresh=refresh) if _can_have(each)]
    try:
        if object_name in names:
            return org.describe(object_name, refresh)
    except CallFailed as error:
        if error.code != "NOT_FOUND":
            raise
    spelt = {name.lower(): name for name in names}
    close = [spelt[each] for each in difflib.get_close_matches(object_name.lower(), spelt, n=3, cutoff=0.75)]
    hint = f"did you mean {' or '.join(close)}?" if close else "connector discover lists the objects there are"
    raise ConfigError(f"{object_name} is not an object with picklists that this user can see", hint=hint)


def _picklist(object_name: str, described: Described) -> Field:
    """Return a picklist as a field that holds the API names of its values."""
    several = described["type"] == "multipicklist"
    reason = _find_refusal(object_name, described)
    return Field(
        name=described["name"],
        type=FieldType.TEXT,
        label=described.get("label") or "",
        native_type=described["type"],
        length=_LONGEST if several else int(described.get("length") or _LONGEST),
        unique=True,
        external_id=not reason,
        nullable=False,
        values=tuple(each["value"] for each in described.get("picklistValues") or () if each["active"]),
        pattern="[^;]*" if several else "",
        pattern_name="API name without a semicolon, which separates the values of a record" if several else "",
        equality=frozenset({Equality.TRIMMED, Equality.CASELESS}),
        not_writable=_ELSEWHERE,
        not_matchable={Mode.ALL: reason} if reason else {},
    )


def _find_refusal(object_name: str, described: Described) -> str:
    """Return why the values of a picklist cannot be written, or an empty text if they can."""
    name = described["name"]
    if name.endswith("__c"):
        return ""
    if name.endswith("__pc"):
        return "is a field of Contact: write its values there"
    if name.endswith(_PLACES):
        return "is a list of states or countries, which is kept in Setup, State and Country/Territory Picklists"
    if f"{object_name}.{name}" not in STANDARD_SETS:
        return "is a standard picklist whose value set this plugin does not know"
    return ""


def _attributes(object_name: str, picklists: list[Described]) -> Iterator[Field]:
    """Yield the attributes that a row can set. An attribute that every value has is not nullable: a null keeps it."""
    yield _text(LABEL, "Label", nullable=False)
    yield _text("description", "Description")
    yield Field(
        name="color",
        type=FieldType.TEXT,
        label="Color",
        length=7,
        pattern="#[0-9A-Fa-f]{6}",
        pattern_name="color like #1A2B3C",
        equality=frozenset({Equality.CASELESS}),
        not_matchable=_NO_PICKLIST,
    )
    sets = [STANDARD_SETS.get(f"{object_name}.{each['name']}") for each in picklists]
    had = {name for each in sets for name in attributes_of(each)}
    yield from (_standard_attribute(name, type_) for name, type_ in ATTRIBUTES.items() if name in had)


def _text(name: str, label: str, *, nullable: bool = True) -> Field:
    equality = frozenset({Equality.TRIMMED})
    return Field(
        name=name,
        type=FieldType.TEXT,
        label=label,
        length=_LONGEST,
        nullable=nullable,
        equality=equality,
        not_matchable=_NO_PICKLIST,
    )


def _standard_attribute(name: str, type_: FieldType) -> Field:
    values = FORECAST_CATEGORIES if type_ is FieldType.CHOICE else ()
    return Field(
        name=name,
        type=type_,
        label=f"{name} (values of standard picklists)",
        precision=3 if type_ is FieldType.INTEGER else None,
        nullable=False,
        values=values,
        restricted=bool(values),
        not_matchable=_NO_PICKLIST,
    )
