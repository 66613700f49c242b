"""An org as one of its users sees it. Hidden fields and objects are absent; others may be read-only.

Object Reference, "FieldPermissions" and "ObjectPermissions".
"""

from __future__ import annotations

import attrs

from salesforce_emulator.org.access import ObjectPermissions, Permissions, RecordTypeAccess
from salesforce_emulator.org.model import Field, ObjectType, Org, RecordType
from salesforce_emulator.org.person_accounts import contact_field, is_person_field


def restrict_to_user(org: Org, username: str) -> Org:
    """Return the org with the permissions of a user. A user without declared permissions may do everything."""
    permissions = org.permissions.get(username, Permissions())
    objects = {name: _object(thing, permissions) for name, thing in org.objects.items()}
    readable = {name for name in objects if permissions.objects.get(name, ObjectPermissions()).read}
    return attrs.evolve(org, objects={name: thing for name, thing in objects.items() if name in readable})


def reveal_org(org: Org) -> Org:
    """Return the org with nothing hidden, as the emulator itself sees it."""
    return attrs.evolve(org, objects={name: _reveal_object(thing) for name, thing in org.objects.items()})


def _reveal_object(thing: ObjectType) -> ObjectType:
    fields = {name: attrs.evolve(field, hidden=False) for name, field in thing.fields.items()}
    return attrs.evolve(thing, fields=fields)


def _object(thing: ObjectType, permissions: Permissions) -> ObjectType:
    allowed = permissions.objects.get(thing.name, ObjectPermissions())
    return attrs.evolve(
        thing,
        createable=thing.createable and allowed.create,
        updateable=thing.updateable and allowed.edit,
        deletable=thing.deletable and allowed.delete,
        fields={name: _field(field, thing, allowed, permissions) for name, field in thing.fields.items()},
        record_types=_record_types(thing.record_types, permissions.record_types.get(thing.name, RecordTypeAccess())),
    )


def _record_types(types: tuple[RecordType, ...], access: RecordTypeAccess) -> tuple[RecordType, ...]:
    available, defaults = access.available, access.defaults
    return tuple(
        attrs.evolve(
            one,
            available=one.available if available is None else one.name in available,
            default=one.default if defaults is None else one.name in defaults,
        )
        for one in types
    )


def _find_shared_permissions(field: Field, thing: ObjectType, permissions: Permissions) -> str | None:
    """Return the permission of the contact field that a person account shares, if it is a shared field."""
    if thing.name != "Account" or "PersonContactId" not in thing.fields or not is_person_field(field.name):
        return None
    return permissions.fields.get(f"Contact.{contact_field(field.name)}")


def _field(field: Field, thing: ObjectType, allowed: ObjectPermissions, permissions: Permissions) -> Field:
    level = (
        permissions.fields.get(f"{thing.name}.{field.name}")
        or _find_shared_permissions(field, thing, permissions)
        or "edit"
    )
    return attrs.evolve(
        field,
        hidden=field.hidden or level == "none",
        createable=field.createable and level == "edit" and (allowed.create or not thing.createable),
        updateable=field.updateable and level == "edit" and (allowed.edit or not thing.updateable),
        masked=field.type == "encryptedstring" and not permissions.view_encrypted_data,
    )
