"""The permissions of users as setup objects. Each user has a separate profile.

Object Reference, "PermissionSet", "ObjectPermissions", "FieldPermissions", "UserEntityAccess", "UserFieldAccess".
"""

from __future__ import annotations

from collections.abc import Iterator

from salesforce_emulator.ids import stable_id
from salesforce_emulator.org.access import Permissions
from salesforce_emulator.org.model import Field, ObjectType, Org
from salesforce_emulator.org.permissions import restrict_to_user
from salesforce_emulator.setup import names
from salesforce_emulator.setup.record import Record, of_entity


def permission_records(org: Org, user_id: str, username: str) -> Iterator[Record]:
    """Yield the records of one user's permissions. A permission that is not granted has no record."""
    parent = stable_id("0PS", username)
    yield _profile(org.permissions.get(username, Permissions()), parent, username)
    assigned = {"AssigneeId": user_id, "PermissionSetId": parent}
    yield Record("PermissionSetAssignment", stable_id("0Pa", username), assigned)
    seen = restrict_to_user(org, username).objects
    for thing in org.objects.values():
        yield _entity_access(thing, seen.get(thing.name), user_id)
        if thing.name not in seen:
            continue
        yield _object_permissions(seen[thing.name], parent)
        for field in seen[thing.name].fields.values():
            yield from _field_permissions(thing, field, parent)
            yield _field_access(thing, field, user_id)


def _profile(held: Permissions, parent: str, username: str) -> Record:
    return Record("PermissionSet", parent, {
        "Name": f"X{parent}",
        "Label": f"Profile of {username}",
        "IsOwnedByProfile": True,
        "ProfileId": stable_id("00e", username),
        "PermissionsApiEnabled": held.api_enabled,
        "PermissionsViewSetup": held.view_setup,
        "PermissionsViewAllData": held.view_all_data,
        "PermissionsModifyAllData": False,
        "PermissionsBulkApiHardDelete": held.hard_delete,
        "PermissionsViewEncryptedData": held.view_encrypted_data,
    })  # fmt: skip


def _object_permissions(thing: ObjectType, parent: str) -> Record:
    return Record("ObjectPermissions", stable_id("110", parent, thing.name), {
        "SobjectType": thing.name,
        "ParentId": parent,
        "PermissionsRead": True,
        "PermissionsCreate": thing.createable,
        "PermissionsEdit": thing.updateable,
        "PermissionsDelete": thing.deletable,
        "PermissionsViewAllRecords": False,
        "PermissionsModifyAllRecords": False,
    })  # fmt: skip


def _field_permissions(thing: ObjectType, field: Field, parent: str) -> Iterator[Record]:
    if field.permissionable and not field.hidden:
        yield Record("FieldPermissions", stable_id("01k", parent, thing.name, field.name), {
            "Field": f"{thing.name}.{field.name}",
            "SobjectType": thing.name,
            "ParentId": parent,
            "PermissionsRead": True,
            "PermissionsEdit": field.createable or field.updateable,
        })  # fmt: skip


def _entity_access(thing: ObjectType, seen: ObjectType | None, user_id: str) -> Record:
    return Record("UserEntityAccess", stable_id("4ue", user_id, thing.name), {
        **of_entity(thing),
        "DurableId": f"{names.entity_durable_id(thing)}.{user_id[:15]}",
        "UserId": user_id,
        "IsReadable": seen is not None,
        "IsCreatable": seen is not None and seen.createable,
        "IsEditable": seen is not None and seen.updateable,
        "IsUpdatable": seen is not None and seen.updateable,
        "IsDeletable": seen is not None and seen.deletable,
        "IsMergeable": seen is not None and seen.mergeable and seen.deletable and seen.updateable,
    })  # fmt: skip


def _field_access(thing: ObjectType, field: Field, user_id: str) -> Record:
    return Record("UserFieldAccess", stable_id("4uf", user_id, thing.name, field.name), {
        **of_entity(thing),
        "DurableId": f"{names.field_durable_id(thing, field)}.{user_id[:15]}",
        "FieldDefinitionId": names.field_durable_id(thing, field),
        "FieldRecordId": names.field_record_id(thing, field),
        "UserId": user_id,
        "IsAccessible": not field.hidden,
        "IsCreatable": field.createable and not field.hidden,
        "IsUpdatable": field.updateable and not field.hidden,
    })  # fmt: skip
