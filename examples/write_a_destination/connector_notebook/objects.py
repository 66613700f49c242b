"""The objects of a notebook: contacts, which have a key, and notes, which have none."""

from __future__ import annotations

from collections.abc import Mapping

from connector_sdk import Field, FieldType, Mode, ObjectSchema

KEYED = frozenset({Mode.UPDATE, Mode.UPSERT, Mode.ARCHIVE})
SHARED = dict.fromkeys(KEYED, "several records may have the same value")

ID = Field(
    "id",
    FieldType.TEXT,
    "Number",
    unique=True,
    createable=False,
    updateable=False,
    not_writable=dict.fromkeys(Mode, "the notebook numbers its records itself"),
    not_matchable={Mode.UPSERT: "a new record has no number yet: match on key, or use mode update"},
)

CONTACTS = ObjectSchema(
    "contacts",
    "Contacts",
    (
        ID,
        Field("key", FieldType.TEXT, "Key", length=40, unique=True, external_id=True, recommended=True, required=True),
        Field("name", FieldType.TEXT, "Name", length=80, required=True, not_matchable=SHARED),
        Field("about", FieldType.TEXT, "About", not_matchable=SHARED),
        Field("birthday", FieldType.DATE, "Birthday", not_matchable=SHARED),
    ),
    KEYED,
)

NOTES = ObjectSchema(
    "notes",
    "Notes",
    (
        ID,
        Field("title", FieldType.TEXT, "Title", length=80, required=True),
        Field("text", FieldType.TEXT, "Text"),
        Field("day", FieldType.DATE, "Day"),
    ),
    frozenset({Mode.INSERT}),
)

OBJECTS: Mapping[str, ObjectSchema] = {each.name: each for each in (CONTACTS, NOTES)}
