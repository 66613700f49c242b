"""What a destination offers: its objects, their fields, and what may be done with each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import pyarrow as pa
from attrs import field, frozen

from connector_sdk.contract.capabilities import Convertible, Locking, Replaceable
from connector_sdk.contract.spec import Mode

MATCH_SCHEMA = pa.schema([("position", pa.int64()), ("object_name", pa.string()), ("record_id", pa.string())])
"""The columns of the table that `match` returns. `position` is an index into the values that it was given.

A null `record_id` means that no record can ever have the value.
"""


class FieldType(StrEnum):
    """The type of the values that a field takes, in the core's words.

    `float`: a finite floating-point number of 64 bits. `choices`: several choices in one text, separated by semicolons.
    `list`: a list of texts, in its order. `json`: the text of a JSON value.
    """

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    CHOICE = "choice"
    CHOICES = "choices"
    REFERENCE = "reference"
    BINARY = "binary"
    LIST = "list"
    JSON = "json"


class Equality(StrEnum):
    """A rule by which a field treats different values as the same one."""

    TRIMMED = "trimmed"
    CASELESS = "caseless"
    NUMERIC = "numeric"


@frozen
class ReferenceKey:
    """A field of another object by which the destination itself can find a referenced record."""

    object_name: str
    field: str


@frozen(kw_only=True)
class Field:
    """A field of an object, and the reasons why some modes cannot write it or match on it.

    `length` counts characters; `precision` and `scale` count decimal digits. `stores_more_decimals`: the field stores
    decimals beyond `scale`, too, so that only the digits before the point are limited. Its values then arrive as
    floats, or as decimals of any scale. `required`: a record cannot be created without a value. `values` are the values
    of a choice; if it is `restricted`, it takes no others. `pattern` is a regular expression (RE2 syntax) that a whole
    text value must match, and `pattern_name` is what to call such a value.

    `equality` says which values are the same key. `search_equality` says which values a search for references treats as
    the same (None: as `equality`). `compared_prefix`: values that share this many first characters are one value,
    because the rest only repeats them. `searchable`: lookups can find records by the field. `is_record_id`: the value
    is the id that the destination gives to one record and never to another.

    `not_writable` and `not_matchable` map each mode in which the field cannot be used to the reason. `conflicts` does
    the same for each field that cannot be written together with this one.
    """

    name: str
    type: FieldType
    label: str = ""
    native_type: str = ""
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    stores_more_decimals: bool = False
    creatable: bool = True
    updatable: bool = True
    unique: bool = False
    external_id: bool = False
    recommended: bool = False
    nullable: bool = True
    required: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    searchable: bool = True
    pattern: str = ""
    pattern_name: str = ""
    equality: frozenset[Equality] = frozenset()
    search_equality: frozenset[Equality] | None = None
    compared_prefix: int | None = None
    is_record_id: bool = False
    references: tuple[str, ...] = ()
    reference_keys: tuple[ReferenceKey, ...] = ()
    not_writable: Mapping[Mode, str] = field(factory=dict)
    not_matchable: Mapping[Mode, str] = field(factory=dict)
    conflicts: Mapping[str, str] = field(factory=dict)
    warnings: Mapping[Mode, str] = field(factory=dict)


@frozen
class ObjectInfo:
    """An object that a destination offers, and the modes in which it can be written."""

    name: str
    label: str
    modes: frozenset[Mode]


@frozen(kw_only=True)
class ObjectSchema:
    """An object with its fields. `match_advice` says what to do if no field can be matched on.

    `missing_hint` says what to tell users about an unlisted field that may be hidden rather than nonexistent.
    `unavailable_fields` maps names that users look for in vain to the reason. `mergeable`: its records can be merged.
    `convertible`, `replaceable` and `locking` are for objects that can do what these classes describe.
    """

    name: str
    label: str
    fields: tuple[Field, ...]
    modes: frozenset[Mode]
    match_advice: str = ""
    missing_hint: str = ""
    unavailable_fields: Mapping[str, str] = field(factory=dict)
    mergeable: bool = False
    convertible: Convertible | None = None
    replaceable: Replaceable | None = None
    locking: Locking | None = None

    @property
    def converts_to(self) -> tuple[str, ...]:
        """The objects that records of this one can be converted to."""
        return self.convertible.converts_to if self.convertible else ()
