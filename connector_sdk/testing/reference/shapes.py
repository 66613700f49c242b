"""The objects of the reference destination, with fields of each type, and unwritable fields for each reason."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, frozen

from connector_sdk import Convertible, Equality, Field, FieldType, Locking, Mode, ObjectSchema, ReferenceKey

_ALL_BUT_REPLACE = frozenset({Mode.INSERT, Mode.UPDATE, Mode.UPSERT, Mode.ARCHIVE})
_WRITING = (Mode.INSERT, Mode.UPDATE, Mode.UPSERT, Mode.ALL)
_CASELESS = frozenset({Equality.TRIMMED, Equality.CASELESS})
_MERGEABLE = ("people", "accounts")

_NOT_UNIQUE = "its values are not unique"


def _key(name: str, label: str) -> Field:
    return Field(
        name=name,
        type=FieldType.TEXT,
        label=label,
        length=40,
        unique=True,
        external_id=True,
        recommended=True,
        required=True,
        equality=_CASELESS,
    )


def _system(name: str, type_: FieldType, label: str) -> Field:
    reason = "the destination sets it"
    return Field(
        name=name,
        type=type_,
        label=label,
        creatable=False,
        updatable=False,
        not_writable=dict.fromkeys(_WRITING, reason),
    )


_ID = evolve(
    _system("id", FieldType.TEXT, "Record id"),
    unique=True,
    is_record_id=True,
    not_matchable={Mode.UPSERT: "ids are given by the destination: use mode update, or match on a key"},
)
_CREATED_AT = _system("created_at", FieldType.DATETIME, "Created at")

# fmt: off
_PEOPLE = (
    _ID,
    _key("external_id", "External id"),
    Field(name="name", type=FieldType.TEXT, label="Name", length=80, required=True, search_equality=_CASELESS),
    Field(
        name="email", type=FieldType.TEXT, label="E-mail", length=80,
        pattern=r"[^@\s]+@[^@\s]+", pattern_name="an e-mail address",
    ),
    Field(
        name="badge", type=FieldType.INTEGER, label="Badge number", unique=True, equality=frozenset({Equality.NUMERIC}),
        not_matchable={Mode.UPSERT: "it is unique, but not an external id"},
    ),
    Field(name="about", type=FieldType.TEXT, label="About", length=1000),
    Field(name="age", type=FieldType.INTEGER, label="Age"),
    Field(name="active", type=FieldType.BOOLEAN, label="Active", nullable=False),
    Field(name="joined", type=FieldType.DATE, label="Joined on"),
    Field(name="seen", type=FieldType.DATETIME, label="Last seen"),
    Field(name="wakes", type=FieldType.TIME, label="Wakes at"),
    Field(name="balance", type=FieldType.DECIMAL, label="Balance", precision=18, scale=2),
    Field(name="score", type=FieldType.DECIMAL, label="Score", precision=18, scale=4, stores_more_decimals=True),
    Field(name="height", type=FieldType.FLOAT, label="Height"),
    Field(name="nicknames", type=FieldType.LIST, label="Nicknames"),
    Field(name="profile", type=FieldType.JSON, label="Profile", length=1000),
    Field(name="tier", type=FieldType.CHOICE, label="Tier", values=("Bronze", "Silver", "Gold"), restricted=True),
    Field(name="interests", type=FieldType.CHOICES, label="Interests", values=("Hiking", "Sailing", "Chess")),
    Field(
        name="account", type=FieldType.REFERENCE, label="Account", references=("accounts",),
        reference_keys=(ReferenceKey("accounts", "number"),),
    ),
    Field(name="mentor", type=FieldType.REFERENCE, label="Mentor", references=("people",)),
    Field(
        name="source", type=FieldType.TEXT, label="Source", length=40, updatable=False,
        not_writable={Mode.UPDATE: "it can be set only when a record is created"},
    ),
    Field(
        name="verified", type=FieldType.TEXT, label="Verified by", length=40, creatable=False,
        not_writable={Mode.INSERT: "it can be set only on a record that exists"},
    ),
    _CREATED_AT,
)

_GUESTS = (
    _ID,
    _key("external_id", "External id"),
    Field(name="name", type=FieldType.TEXT, label="Name", length=80, required=True),
    Field(name="email", type=FieldType.TEXT, label="E-mail", length=40),
    Field(name="about", type=FieldType.TEXT, label="About", length=1000),
    Field(name="table", type=FieldType.TEXT, label="Table", length=40),
    Field(
        name="account", type=FieldType.REFERENCE, label="Account", references=("accounts",),
        reference_keys=(ReferenceKey("accounts", "number"),),
    ),
    Field(name="host", type=FieldType.REFERENCE, label="Host", references=("people",)),
    _CREATED_AT,
)

_ACCOUNTS = (
    _ID,
    _key("number", "Number"),
    Field(name="name", type=FieldType.TEXT, label="Name", length=80, required=True),
    Field(name="website", type=FieldType.TEXT, label="Website", length=255),
    Field(
        name="parent", type=FieldType.REFERENCE, label="Parent", references=("accounts",),
        reference_keys=(ReferenceKey("accounts", "number"),),
    ),
    _CREATED_AT,
)
# fmt: on

_NOTES = (
    _ID,
    Field(name="key", type=FieldType.TEXT, label="Key", length=40),
    Field(name="text", type=FieldType.TEXT, label="Text"),
    Field(name="person", type=FieldType.REFERENCE, label="Person", references=("people",)),
    Field(name="writer", type=FieldType.REFERENCE, label="Written by", references=("people", "guests")),
    _CREATED_AT,
)

_TAGS = (_ID, _key("name", "Name"), Field(name="label", type=FieldType.TEXT, label="Label", length=80))


@frozen
class Shape:
    """An object: its schema, the field by which the store counts executed rows, and the prefix of its record ids."""

    schema: ObjectSchema
    key: str
    prefix: str

    def field(self, name: str) -> Field | None:
        """Return the field of that name, or None."""
        return next((each for each in self.schema.fields if each.name == name), None)

    @property
    def unique(self) -> tuple[Field, ...]:
        """The fields in which no two records may have the same value, except `id`."""
        return tuple(each for each in self.schema.fields if each.unique and each.name != "id")


def _shape(
    name: str, key: str, fields: tuple[Field, ...], modes: frozenset[Mode], advice: str = "", converts_to: str = ""
) -> Shape:
    matching = (Mode.UPDATE, Mode.UPSERT, Mode.ARCHIVE)
    known = tuple(
        each if each.unique else evolve(each, not_matchable=dict.fromkeys(matching, _NOT_UNIQUE)) for each in fields
    )
    schema = ObjectSchema(
        name=name, label=name.title(), fields=known, modes=modes,
        mergeable=name in _MERGEABLE, match_advice=advice,
        convertible=Convertible((converts_to,)) if converts_to else None,
        locking=Locking(frozenset({"account"})) if name == "people" else None,
    )  # fmt: skip
    return Shape(schema, key, name[0])


SHAPES: Mapping[str, Shape] = {
    "people": _shape("people", "external_id", _PEOPLE, _ALL_BUT_REPLACE),
    "accounts": _shape("accounts", "number", _ACCOUNTS, _ALL_BUT_REPLACE),
    "guests": _shape("guests", "external_id", _GUESTS, _ALL_BUT_REPLACE, converts_to="people"),
    "notes": _shape(
        "notes", "key", _NOTES, _ALL_BUT_REPLACE - {Mode.UPSERT}, "Notes have no unique field; match on their id."
    ),
    "tags": _shape("tags", "name", _TAGS, frozenset({Mode.ALL})),
}
"""The objects by name. `guests` can become people, `notes` accepts duplicates, and `tags` is replaced as a whole."""
