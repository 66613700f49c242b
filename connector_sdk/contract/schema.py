"""What a destination has: objects, their fields, and what may be done with each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import pyarrow as pa
from attrs import field, frozen

from connector_sdk.contract.spec import Mode

MATCH_SCHEMA = pa.schema([("position", pa.int64()), ("object_name", pa.string()), ("record_id", pa.string())])
"""The columns of the answer of `match`; `position` indexes the values that were asked for.

A null `record_id` says that no record can ever have the value.
"""


class FieldType(StrEnum):
    """The kinds of value that a field takes, in the core's words."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    CHOICE = "choice"
    CHOICES = "choices"
    REFERENCE = "reference"
    BINARY = "binary"


class Equality(StrEnum):
    """Which different values a field treats as the same one."""

    TRIMMED = "trimmed"
    CASELESS = "caseless"
    NUMERIC = "numeric"


@frozen
class ReferenceKey:
    """A field of another object by which the destination itself finds the record that a reference means."""

    object_name: str
    field: str


@frozen
class Field:
    """A field of an object, and why it cannot be written or matched on where it cannot.

    `length` counts characters; `precision` and `scale` count decimal digits. `stores_more_decimals`: what a decimal has
    beyond `scale` is stored all the same, so that only the digits before the point are limited; values then come as
    floats, or as decimals of any scale. `required` means that a record cannot be created without a value. `values` are
    the values of a choice; they bind when `restricted`. `pattern` is a regular expression that a text value must match
    as a whole (RE2 syntax), `pattern_name` what to call such a value. `equality` says which values are the same key,
    `search_equality` which ones a search for references takes for the same (None: as `equality`). Two values of which
    the first `significant` characters are the same are one value: what follows repeats them.
    `is_record_id`: the value is the id that the destination gives to a record, and to no other one ever.
    `locks` means that writing the reference locks the record that it means, so that two batches with such rows meet.
    `not_writable` and `not_matchable` map each mode in which the field cannot be used to the reason, `not_beside` each
    field that it cannot be written together with.
    """

    name: str
    type: FieldType
    label: str = ""
    native_type: str = ""
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    stores_more_decimals: bool = False
    createable: bool = True
    updateable: bool = True
    unique: bool = False
    external_id: bool = False
    recommended: bool = False
    nillable: bool = True
    required: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    pattern: str = ""
    pattern_name: str = ""
    equality: frozenset[Equality] = frozenset()
    search_equality: frozenset[Equality] | None = None
    significant: int | None = None
    is_record_id: bool = False
    references: tuple[str, ...] = ()
    reference_keys: tuple[ReferenceKey, ...] = ()
    locks: bool = False
    not_writable: Mapping[Mode, str] = field(factory=dict)
    not_matchable: Mapping[Mode, str] = field(factory=dict)
    not_beside: Mapping[str, str] = field(factory=dict)
    warnings: Mapping[Mode, str] = field(factory=dict)


@frozen
class ObjectInfo:
    """An object that a destination offers, and the modes in which it can be written."""

    name: str
    label: str
    modes: frozenset[Mode]


@frozen
class ObjectSchema:
    """An object with its fields. `match_advice` says what to do where no field can be matched on.

    `absent` says of a field that is not among them what it is, where that may be something else than missing;
    `not_fields` maps names that people look for in vain to the reason. `becomes` are objects whose records its own may
    become; `shared_key_advice` says how a key is kept then, and how to get one that several objects have. `entries`
    says what a list that is replaced as a whole (mode `all`) consists of, in the plural.
    """

    name: str
    label: str
    fields: tuple[Field, ...]
    modes: frozenset[Mode]
    mergeable: bool = False
    match_advice: str = ""
    absent: str = ""
    not_fields: Mapping[str, str] = field(factory=dict)
    becomes: tuple[str, ...] = ()
    shared_key_advice: str = ""
    entries: str = "records of the destination"
