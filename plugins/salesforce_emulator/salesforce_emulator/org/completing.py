"""Complete an org file: add the fields that every object has, and the flags that follow from field types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from salesforce_emulator.ids import custom_prefixes, id_series, stable_id
from salesforce_emulator.org import standard_fields
from salesforce_emulator.org.event_objects import event_fields, event_flags, is_event
from salesforce_emulator.org.field_types import COMPOUND, LENGTHS, NUMBERS
from salesforce_emulator.org.person_accounts import with_person_accounts
from salesforce_emulator.org.value_sets import spell_out_sets, spell_out_value, with_value_sets

Raw = dict[str, Any]


def merge_mappings(below: Raw, above: Raw) -> Raw:
    """Return `below` changed by `above`. Mappings are merged, other values are replaced, and null removes a key."""
    result = dict(below)
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge_mappings(result[key], value)
        elif value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result


def complete_org(org: Raw) -> Raw:
    """Return the org file with every object and field spelled out."""
    prefixes = {"__c": custom_prefixes("a"), "__e": custom_prefixes("e")}
    objects = org.get("objects")
    if not isinstance(objects, dict):
        return org
    sets = org.get("globalValueSets", {})
    objects = with_value_sets(objects, sets)
    if org.get("personAccounts") is True:
        objects = with_person_accounts(objects, merge_mappings)
    rule_ids = id_series("01Q")
    spelled = {name: _object(name, raw, prefixes, rule_ids) for name, raw in objects.items() if isinstance(raw, dict)}
    return {**org, "objects": {**objects, **spelled}, "globalValueSets": spell_out_sets(sets)}


def _words(name: str) -> str:
    return name.removesuffix("__c").removesuffix("__e").split("__")[-1].replace("_", " ")


def _object(name: str, raw: Raw, prefixes: dict[str, Callable[[], str]], rule_ids: Callable[[], str]) -> Raw:
    label = raw.get("label", _words(name))
    known = {"name": name, "label": label, "labelPlural": f"{label}s"}
    if name[-3:] in prefixes:
        known["keyPrefix"] = prefixes[name[-3:]]()
    if is_event(name, raw):
        known |= event_flags(name)
    declared = raw.get("fields", {})
    fields = declared if not isinstance(declared, dict) else _fields(name, label, {**known, **raw}, declared)
    spelled = {**known, **raw, "fields": fields}
    if isinstance(raw.get("recordTypes"), list):
        spelled["recordTypes"] = [_record_type(name, type_) for type_ in raw["recordTypes"]]
    if isinstance(raw.get("assignmentRules"), list):
        rules = raw["assignmentRules"]
        spelled["assignmentRules"] = [{"id": rule_ids(), **rule} if isinstance(rule, dict) else rule for rule in rules]
    return spelled


def _record_type(object_name: str, raw: Any) -> Any:
    spelled = raw if isinstance(raw, dict) else {"name": raw}
    name = str(spelled.get("name"))
    return {"id": stable_id("012", object_name, name), "label": name.replace("_", " "), **spelled}


def _fields(name: str, label: str, raw: Raw, declared: Raw) -> Raw:
    if is_event(name, raw):
        fields = event_fields(declared)
        return {key: _field(key, spec) if isinstance(spec, dict) else spec for key, spec in fields.items()}
    standard: Raw = standard_fields.identity_fields(label)
    if raw.get("recordTypes") and "RecordTypeId" not in declared:
        standard["RecordTypeId"] = _RECORD_TYPE_ID
    if raw.get("personName"):
        standard |= standard_fields.person_name()
    elif name.endswith("__c"):
        standard["Name"] = {"type": "string", "label": f"{label} Name", "length": 80, **_NAME}
    addresses: Raw = {}
    for prefix in raw.get("addresses", []):
        addresses |= standard_fields.address(prefix)
    for key, spec in declared.items():
        if isinstance(spec, dict) and spec.get("type") == "location":
            addresses |= standard_fields.location(key, spec)
    last = standard_fields.audit_fields(raw.get("owned", True))
    first = {key: spec for key, spec in declared.items() if key not in last}
    ending = merge_mappings(last, {key: spec for key, spec in declared.items() if key in last})
    fields = merge_mappings(merge_mappings(merge_mappings(standard, first), addresses), ending)
    return {key: _field(key, spec) if isinstance(spec, dict) else spec for key, spec in fields.items()}


_RECORD_TYPE_ID = {
    "type": "reference",
    "label": "Record Type ID",
    "referenceTo": ["RecordType"],
    "permissionable": False,
}
_NAME = {"nameField": True, "idLookup": True, "defaultedOnCreate": True, "permissionable": False}


def _field(name: str, raw: Raw) -> Raw:
    type_ = raw.get("type")
    known: Raw = {"name": name, "label": _words(name)}
    known |= _of_type(name, type_) if isinstance(type_, str) else {}
    if raw.get("calculated") or raw.get("autoNumber") or type_ in COMPOUND:
        known |= {"createable": False, "updateable": False}
    if raw.get("autoNumber"):
        known |= {"defaultedOnCreate": True, "nillable": False, "permissionable": False}
    if raw.get("externalId"):
        known["idLookup"] = True
    if raw.get("defaultValue") is not None:
        known["defaultedOnCreate"] = True
    if raw.get("nillable") is False:
        known["permissionable"] = False
    spelled = {**known, **raw}
    if isinstance(raw.get("picklistValues"), list):
        spelled["picklistValues"] = [spell_out_value(value, raw.get("defaultValue")) for value in raw["picklistValues"]]
    return spelled


def _of_type(name: str, type_: str) -> Raw:
    known: Raw = {"length": LENGTHS.get(type_, 0)}
    if type_ == "boolean":
        known |= {"nillable": False, "defaultedOnCreate": True, "defaultValue": False}
    if type_ in ("int", "long"):
        known["digits"] = 8 if type_ == "int" else 18
    if type_ in NUMBERS:
        known["precision"] = 18
    if type_ == "reference":
        custom = name.endswith("__c")
        known["relationshipName"] = f"{name[:-3]}__r" if custom else name.removesuffix("Id")
    return known
