"""Describe the objects of an org and their fields, as the user sees them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org import conversion
from connector_salesforce.org.descriptions import Description
from connector_salesforce.org.fields import STEPS, field_of, hint_at_missing
from connector_salesforce.org.org import Org
from connector_salesforce.org.parents import find_locking
from connector_salesforce.org.person_accounts import find_unavailable, with_people
from connector_sdk import ConfigError, Locking, Mode, ObjectInfo, ObjectSchema, ReferenceKey

_OTHERS = ("__e", "__mdt", "__ChangeEvent", "__Share", "__History", "__Feed")
"""Suffixes of objects that have no records of their own (Object Reference, "API Field Name Suffixes")."""


_MOST_DESCRIBED = 10
"""The most objects to describe for one field that refers to them. Each costs a call once per connection."""


def list_objects(org: Org) -> list[ObjectInfo]:
    """Return the objects whose records the user may create, change or delete."""
    return [
        ObjectInfo(each["name"], each["label"], modes) for each in org.objects(refresh=True) if (modes := _modes(each))
    ]


def discover_schema(org: Org, object_name: str, refresh: bool) -> ObjectSchema:
    """Return an object with its fields. Raises `ConfigError` if the user can see no object of this name."""
    described = _describe_object(org, object_name, refresh)
    prefixes = {each["name"]: each.get("keyPrefix") for each in org.objects()}
    locked = find_locking(described)
    fields = (
        field_of(described["name"], each, lambda names: _reference_keys(org, names), prefixes.get)
        for each in described["fields"]
        if not each.get("deprecatedAndHidden")
    )
    known = with_people(described, fields)
    recommended = any(each.recommended for each in known)
    return ObjectSchema(
        name=described["name"],
        label=described["label"],
        fields=known,
        modes=_modes(described),
        mergeable=described.get("mergeable", False),
        missing_hint=hint_at_missing(described["name"]),
        unavailable_fields=find_unavailable(described),
        convertible=conversion.describe_conversion(described["name"]),
        locking=Locking(locked) if locked else None,
        match_advice="" if recommended else f"{described['label']} has no unique external id. {STEPS}",
    )


def _modes(described: Description) -> frozenset[Mode]:
    if described.get("deprecatedAndHidden") or described["name"].endswith(_OTHERS):
        return frozenset()
    allowed = {
        Mode.INSERT: described["createable"],
        Mode.UPDATE: described["updateable"],
        Mode.UPSERT: described["createable"] and described["updateable"],
        Mode.ARCHIVE: described["deletable"],
    }
    return frozenset(mode for mode, is_allowed in allowed.items() if is_allowed)


def _describe_object(org: Org, object_name: str, refresh: bool) -> Description:
    """Return the description of an object. Raises `ConfigError` if there is none of this name.

    The name must be spelled as Salesforce spells it, because the state remembers it.
    """
    names = [each["name"] for each in org.objects()]
    if object_name not in names:
        names = [each["name"] for each in org.objects(refresh=True)]
    if object_name not in names:
        raise _make_unknown_object_error(object_name, names)
    try:
        return org.describe(object_name, refresh)
    except CallFailed as error:
        if error.code == "NOT_FOUND":
            raise _make_unknown_object_error(object_name, [each for each in names if each != object_name]) from None
        raise


def _make_unknown_object_error(object_name: str, names: list[str]) -> ConfigError:
    spelt = {name.lower(): name for name in names}
    close = [spelt[each] for each in difflib.get_close_matches(object_name.lower(), spelt, n=3, cutoff=0.75)]
    hint = f"did you mean {' or '.join(close)}?" if close else "connector discover lists the objects there are"
    return ConfigError(f"this user can see no object {object_name} in Salesforce", hint=hint)


def _reference_keys(org: Org, object_names: Sequence[str]) -> Iterator[ReferenceKey]:
    """Yield the fields by which rows may name a record of one of the objects.

    Each object must be described. If there are many, this yields nothing, and records are looked up instead.
    """
    for name in object_names if len(object_names) <= _MOST_DESCRIBED else ():
        yield from _keys_of(org, name)


def _keys_of(org: Org, object_name: str) -> Iterator[ReferenceKey]:
    """Yield the keys of an object, or nothing if the user cannot see it."""
    try:
        fields = org.describe(object_name)["fields"]
    except CallFailed as error:
        if error.code != "NOT_FOUND":
            raise
        return
    for each in fields:
        if each["type"] != "id" and (each.get("externalId") or (each.get("idLookup") and each.get("unique"))):
            yield ReferenceKey(object_name, each["name"])
