"""What an org file may say. Keys are the camelCase of these names, as describe calls spell them."""

from __future__ import annotations

from typing import Any

from attrs import Factory, define, field

Value = str | int | float | bool | None


@define(frozen=True)
class PicklistValue:
    """One value of a picklist; rows hold `value`."""

    value: str
    label: str = ""
    active: bool = True
    default_value: bool = False
    valid_for: str | None = None


@define(frozen=True)
class Field:
    """One field, with the flags of a describe call. Flags left out follow from the type (see `reading`)."""

    type: str
    name: str = ""
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    defaulted_on_create: bool = False
    default_value: Value = None
    unique: bool = False
    case_sensitive: bool = False
    external_id: bool = False
    id_lookup: bool = False
    auto_number: bool = False
    auto_number_format: str = "{00000000}"
    calculated: bool = False
    calculated_formula: str | None = None
    compound_field_name: str | None = None
    name_field: bool = False
    extra_type_info: str | None = None
    html_formatted: bool = False
    encrypted: bool = False
    inline_help_text: str | None = None
    restricted_picklist: bool = False
    picklist_values: tuple[PicklistValue, ...] = ()
    controller_name: str | None = None
    dependent_picklist: bool = False
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    relationship_order: int | None = None
    child_relationship_name: str | None = None
    on_parent_delete: str = "clear"
    write_requires_master_read: bool = False
    permissionable: bool = True
    hidden: bool = False

    @property
    def custom(self) -> bool:
        """Whether a customer or a package made the field."""
        return self.name.endswith("__c")


@define(frozen=True)
class ObjectType:
    """One object of the org."""

    name: str = ""
    label: str = ""
    label_plural: str = ""
    key_prefix: str = ""
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    mergeable: bool = False
    layoutable: bool = True
    triggerable: bool = True
    owned: bool = True
    person_name: bool = False
    addresses: tuple[str, ...] = ()
    fields: dict[str, Field] = Factory(dict)
    records: tuple[dict[str, Any], ...] = ()

    @property
    def custom(self) -> bool:
        """Whether a customer or a package made the object."""
        return self.name.endswith("__c")


@define(frozen=True)
class Limit:
    """An allocation of `/limits`; `remaining` is what is left when the emulator starts (default: all)."""

    max: int
    remaining: int | None = None

    @property
    def left(self) -> int:
        """What is left at the start."""
        return self.max if self.remaining is None else self.remaining


@define(frozen=True)
class BulkSettings:
    """How the Bulk APIs behave.

    `delay`: seconds before a batch starts; `shuffle`: queued batches run in any order; `workers`: how many run at once;
    `chunk_seconds`: how long 200 rows take at least.
    """

    delay: float = 0.0
    shuffle: bool = True
    hard_delete: bool = True
    workers: int = 1
    chunk_seconds: float = 0.0


@define(frozen=True)
class Application:
    """The connected app that clients log in with."""

    client_id: str
    client_secret: str


@define(frozen=True)
class Org:
    """A whole org, checked and completed."""

    id: str
    name: str
    application: Application
    username: str
    sandbox: bool = False
    session_seconds: float = 7200.0
    page_size: int = 2000
    bulk: BulkSettings = field(factory=BulkSettings)
    limits: dict[str, Limit] = Factory(dict)
    objects: dict[str, ObjectType] = Factory(dict)
