"""The objects of a notebook: contacts, which have a key, and notes, which have none."""

from __future__ import annotations

from collections.abc import Mapping

from connector_sdk import Field, FieldType, Mode, ObjectSchema

KEYED = frozenset({Mode.UPDATE, Mode.UPSERT, Mode.ARCHIVE})
SHARED = dict.fromkeys(KEYED, "several records may have the same value")

ID = Field(
    name="id",
    type=FieldType.TEXT,
    label="Number",
    unique=True,
    creatable=False,
    updatable=False,
    not_writable=dict.fromkeys(Mode, "the notebook numbers its records itself"),
    not_matchable={Mode.UPSERT: "a new record has no number yet: match on key, or use mode update"},
)

CONTACTS = ObjectSchema(
    name="contacts",
    label="Contacts",
    fields=(
        ID,
        Field(
            name="key",
            type=FieldType.TEXT,
            label="Key",
            length=40,
            unique=True,
            external_id=True,
            recommended=True,
            required=True,
        ),
        Field(name="name", type=FieldType.TEXT, label="Name", length=80, required=True, not_matchable=SHARED),
        Field(name="about", type=FieldType.TEXT, label="About", not_matchable=SHARED),
        Field(name="birthday", type=FieldType.DATE, label="Birthday", not_matchable=SHARED),
    ),
    modes=KEYED,
)

NOTES = ObjectSchema(
    name="notes",
    label="Notes",
    fields=(
        ID,
        Field(name="title", type=FieldType.TEXT, label="Title", length=80, required=True),
        Field(name="text", type=FieldType.TEXT, label="Text"),
        Field(name="day", type=FieldType.DATE, label="Day"),
    ),
    modes=frozenset({Mode.INSERT}),
)

OBJECTS: Mapping[str, ObjectSchema] = {each.name: each for each in (CONTACTS, NOTES)}
