"""Check what the structure of an org file alone cannot rule out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from salesforce_emulator.ids import read_id
from salesforce_emulator.org.access_checking import access_problems
from salesforce_emulator.org.event_objects import event_problems
from salesforce_emulator.org.field_types import SOAP_TYPES
from salesforce_emulator.org.model import Field, ObjectType, Org
from salesforce_emulator.org.picklist_checking import picklist_problems, set_problems

_NAME = re.compile(r"[A-Za-z]([A-Za-z0-9]|_(?!_))*(__[A-Za-z]\w*?)?(__[a-z]{1,3})?\Z")
_TEXT = frozenset({"string", "textarea", "phone", "url", "email", "encryptedstring"})


def problems_of(org: Org) -> list[str]:
    """Return every problem, each with its place in the org file."""
    found = [*_org(org), *_prefixes(org), *set_problems(org)]
    found += [f"permissions.{name}: {problem}" for name in org.permissions for problem in _permissions(name, org)]
    for thing in org.objects.values():
        found += [f"objects.{thing.name}: {problem}" for problem in _object(thing)]
        for field in thing.fields.values():
            found += [f"objects.{thing.name}.fields.{field.name}: {problem}" for problem in _field(field, thing, org)]
    return found


def _org(org: Org) -> Iterator[str]:
    if read_id(org.id) is None or not org.id.startswith("00D"):
        yield f"id: {org.id!r} is not the id of an org (00D and a valid check suffix)"
    if "User" not in org.objects:
        yield "objects: an org needs the object User"
    elif not any(record.get("Username") == org.username for record in org.objects["User"].records):
        yield f"username: no record of User has the Username {org.username!r}"
    yield from _people(org)
    yield from access_problems(org)
    yield from _lead_fields(org)
    if not 1 <= org.page_size <= 2000:
        yield "pageSize: between 1 and 2,000"


def _people(org: Org) -> Iterator[str]:
    account = org.objects.get("Account")
    if org.person_accounts and (account is None or not any(one.person for one in account.record_types)):
        yield "personAccounts: Account needs a record type with person: true"


def _lead_fields(org: Org) -> Iterator[str]:
    for source, targets in org.lead_fields.items():
        for path in (f"Lead.{source}", *targets):
            name, _, field = path.partition(".")
            if name not in ("Lead", "Account", "Contact", "Opportunity") or not _has(org, name, field):
                yield f"leadFields.{source}: {path} is not a field of Lead, Account, Contact or Opportunity"


def _has(org: Org, name: str, field: str) -> bool:
    return name in org.objects and field in org.objects[name].fields


def _permissions(username: str, org: Org) -> Iterator[str]:
    users = org.objects["User"].records if "User" in org.objects else ()
    if not any(record.get("Username") == username for record in users):
        yield "no record of User has this Username"
    for name in org.permissions[username].objects:
        if name not in org.objects:
            yield f"objects.{name}: the org has no such object"
    for name, access in org.permissions[username].record_types.items():
        known = {one.name for one in org.objects[name].record_types} if name in org.objects else set()
        for wanted in (*(access.available or ()), *(access.defaults or ())):
            if wanted not in known:
                yield f"recordTypes.{name}: the object has no record type {wanted}"
    for path in org.permissions[username].fields:
        object_name, _, name = path.partition(".")
        thing = org.objects.get(object_name)
        field = thing.fields.get(name) if thing is not None else None
        if field is None:
            yield f"fields.{path}: the org has no such field"
        elif not field.permissionable:
            yield f"fields.{path}: field-level security does not apply to it"


def _prefixes(org: Org) -> Iterator[str]:
    seen: dict[str, str] = {}
    for thing in org.objects.values():
        other = seen.setdefault(thing.key_prefix, thing.name)
        if thing.key_prefix and other != thing.name:
            yield f"objects.{thing.name}.keyPrefix: {thing.key_prefix!r} belongs to {other}"


def _object(thing: ObjectType) -> Iterator[str]:
    if not _NAME.match(thing.name):
        yield "not a name"
    if thing.event_type is not None:
        yield from event_problems(thing)
        return
    if not re.fullmatch(r"[0-9A-Za-z]{3}", thing.key_prefix):
        yield "keyPrefix: three letters or digits"
    if not any(field.name_field for field in thing.fields.values()):
        yield "one field must have nameField: true"
    if thing.mergeable and "MasterRecordId" not in thing.fields:
        yield "mergeable: needs the field MasterRecordId"
    yield from _record_types(thing)
    yield from _rules(thing)


def _record_types(thing: ObjectType) -> Iterator[str]:
    names = [one.name for one in thing.record_types]
    if len(set(names)) != len(names):
        yield "recordTypes: a name occurs twice"
    for one in thing.record_types:
        for name in one.picklists:
            if name not in thing.fields or not thing.fields[name].picklist_values:
                yield f"recordTypes.{one.name}.picklists: {name} is not a picklist of the object"


def _rules(thing: ObjectType) -> Iterator[str]:
    for at, rule in enumerate(thing.duplicate_rules):
        if not rule.fields:
            yield f"duplicateRules[{at}].fields: at least one"
        for name in rule.fields:
            if name not in thing.fields:
                yield f"duplicateRules[{at}].fields: the object has no field {name}"
    for at, validation in enumerate(thing.validation_rules):
        if validation.field is not None and validation.field not in thing.fields:
            yield f"validationRules[{at}].field: the object has no field {validation.field}"
    for name in thing.apex.updates_parents if thing.apex is not None else ():
        if name not in thing.fields or thing.fields[name].type != "reference":
            yield f"apex.updatesParents: {name} is not a reference of the object"
    if thing.assignment_rules and thing.name not in ("Account", "Case", "Lead"):
        yield "assignmentRules: only Account, Case and Lead have them"


def _field(field: Field, thing: ObjectType, org: Org) -> Iterator[str]:
    if not _NAME.match(field.name):
        yield "not a name"
    if field.type not in SOAP_TYPES:
        yield f"type: {field.type!r} is not a field type of Salesforce"
    if field.type in _TEXT and field.length < 1:
        yield "length: text needs one"
    if field.type == "reference" and not field.reference_to:
        yield "referenceTo: a reference needs at least one object"
    if field.on_parent_delete not in ("clear", "cascade", "restrict"):
        yield "onParentDelete: clear, cascade or restrict"
    for target in field.reference_to:
        if target not in org.objects:
            yield f"referenceTo: the org has no object {target}"
    yield from picklist_problems(field, thing, org)
