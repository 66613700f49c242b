"""Translate a field of an object into the core's words: its type, and the reasons for what it does not allow.

What the attributes mean: SOAP API Developer Guide, "DescribeSObjectResult"; Object Reference, "Field Types". A number
with more decimals than its field has is stored as it comes through an API (Salesforce Help, articles 000387302 and
000212661).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connector_salesforce.ids import REST, SHAPE, SHORT
from connector_sdk import Equality, Field, FieldType, Mode, ReferenceKey

Description = Mapping[str, Any]

TYPES: Mapping[str, FieldType] = {
    "int": FieldType.INTEGER,
    "long": FieldType.INTEGER,
    "double": FieldType.DECIMAL,
    "currency": FieldType.DECIMAL,
    "percent": FieldType.DECIMAL,
    "boolean": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "datetime": FieldType.DATETIME,
    "time": FieldType.TIME,
    "picklist": FieldType.CHOICE,
    "multipicklist": FieldType.CHOICES,
    "reference": FieldType.REFERENCE,
    "base64": FieldType.BINARY,
}
"""The types that are not text."""

IDS = ("id", "reference")
"""The types whose values are ids."""

_CHECKED = " and whose check characters, the last 3 of 18, are right"

_COMPOUND = ("address", "location", "complexvalue", "datacategorygroupreference", "anyType", "json")

_MOST_PREFIXES = 8
"""The most objects of a reference whose prefixes are named. Some fields refer to a hundred objects."""

_WRITING = (Mode.INSERT, Mode.UPDATE, Mode.UPSERT)
_MATCHING = (Mode.UPDATE, Mode.ARCHIVE)

STEPS = (
    "In Setup, give the object a text, number or e-mail field with External ID and Unique ticked, let this user see it "
    "(field-level security), and discover the object again with --refresh."
)
"""The steps that create a field on which an upsert can match."""


def field_of(
    object_name: str,
    described: Description,
    keys: Callable[[Sequence[str]], Iterator[ReferenceKey]],
    prefix: Callable[[str], str | None],
) -> Field:
    """Return a field of an object in the core's words.

    `keys` yields the fields by which rows may name records of the given objects. `prefix` returns the first characters
    of an object's ids.
    """
    type_, references = _type(described), tuple(described.get("referenceTo") or ())
    values = _values(described)
    pattern, pattern_name = _pattern(described, references or (object_name,), prefix)
    return Field(
        name=described["name"],
        type=type_,
        label=described.get("label") or "",
        native_type=described["type"],
        length=_positive(described, "length") if type_ in (FieldType.TEXT, FieldType.CHOICES) else None,
        precision=_precision(described, type_),
        scale=int(described.get("scale") or 0) if type_ is FieldType.DECIMAL else None,
        stores_more_decimals=type_ is FieldType.DECIMAL,
        creatable=described["createable"],
        updatable=described["updateable"],
        unique=described.get("unique", False),
        external_id=described.get("externalId", False),
        recommended=_matchable_in_upsert(described) and _writable(described) and described.get("unique", False),
        nullable=described["nillable"],
        required=described["createable"] and not described["nillable"] and not described["defaultedOnCreate"],
        values=values,
        restricted=described.get("restrictedPicklist", False) and bool(values),
        searchable=described.get("filterable") is not False,
        pattern=pattern,
        pattern_name=pattern_name,
        equality=_equality(described, type_),
        search_equality=_search_equality(described, type_),
        compared_prefix=SHORT if described["type"] in IDS else None,
        is_record_id=described["type"] == "id",
        references=references if type_ is FieldType.REFERENCE else (),
        reference_keys=_reference_keys(described, references, keys),
        not_writable={mode: why for mode in _WRITING if (why := _not_writable(object_name, described, mode))},
        not_matchable=dict(_not_matchable(described)),
        warnings=_warnings(described),
    )


def hint_at_missing(object_name: str) -> str:
    """Return what to say about a field that the description does not list.

    Field-level security removes the fields that the user may not see.
    """
    return f"absent or hidden from this user: {_setup_path(object_name)}"


def _setup_path(object_name: str) -> str:
    """Return where an admin lets users see a field. It names no field, so that fields share the text."""
    return f"Setup, Object Manager, {object_name}, Fields & Relationships, the field, Set Field-Level Security"


def refers_by_key(described: Description) -> bool:
    """Return whether rows may name the record that this field refers to by a key of that record."""
    return described["type"] == "reference" and bool(described.get("relationshipName"))


def _type(described: Description) -> FieldType:
    type_ = TYPES.get(described["type"], FieldType.TEXT)
    return FieldType.TEXT if type_ is FieldType.REFERENCE and not described.get("referenceTo") else type_


def _positive(described: Description, attribute: str) -> int | None:
    return int(described.get(attribute) or 0) or None


def _precision(described: Description, type_: FieldType) -> int | None:
    if type_ is FieldType.INTEGER:
        return _positive(described, "digits")
    return _positive(described, "precision") if type_ is FieldType.DECIMAL else None


def _values(described: Description) -> tuple[str, ...]:
    if described["type"] not in ("picklist", "multipicklist"):
        return ()
    return tuple(each["value"] for each in described.get("picklistValues") or () if each["active"])


def _pattern(
    described: Description, references: tuple[str, ...], prefix: Callable[[str], str | None]
) -> tuple[str, str]:
    """Return a regular expression for the ids in a field, and its name; empty texts if the field holds no ids.

    The ids of one object begin with the same three characters.
    """
    if described["type"] not in IDS:
        return "", ""
    known = [prefix(each) for each in references]
    if None in known or len(known) > _MOST_PREFIXES:
        return SHAPE, f"a Salesforce id{_CHECKED}"
    begins, expected = "|".join(map(str, known)), " or ".join(references)
    return f"({begins}){REST}", f"an id that begins with {' or '.join(map(str, known))} ({expected} expected){_CHECKED}"


def _equality(described: Description, type_: FieldType) -> frozenset[Equality]:
    if type_ in (FieldType.INTEGER, FieldType.DECIMAL):
        return frozenset({Equality.NUMERIC})
    if type_ not in (FieldType.TEXT, FieldType.CHOICE):
        return frozenset()
    caseless = described.get("unique") and not described.get("caseSensitive")
    return frozenset({Equality.TRIMMED, Equality.CASELESS} if caseless else {Equality.TRIMMED})


def _search_equality(described: Description, type_: FieldType) -> frozenset[Equality] | None:
    """Return how a query compares text if that differs from how a key is compared; otherwise None.

    A query ignores case, whether the field is unique or not ("Comparison Operators").
    """
    if described["type"] in IDS or type_ not in (FieldType.TEXT, FieldType.CHOICE) or described.get("caseSensitive"):
        return None
    return frozenset({Equality.TRIMMED, Equality.CASELESS})


def _reference_keys(
    described: Description, references: tuple[str, ...], keys: Callable[[Sequence[str]], Iterator[ReferenceKey]]
) -> tuple[ReferenceKey, ...]:
    """Return the keys by which rows may name a record. The id is always one of them."""
    if described["type"] != "reference" or not _writable(described):
        return ()
    ids = (ReferenceKey(each, "Id") for each in references)
    return (*ids, *(keys(references) if refers_by_key(described) else ()))


def _writable(described: Description) -> bool:
    return bool(described["createable"] or described["updateable"])


def _matchable_in_upsert(described: Description) -> bool:
    """Return whether an upsert may match on a field. The user must be able to read it, but not to write it."""
    given = described.get("calculated") or described.get("autoNumber")
    return bool(
        described.get("externalId") and (_writable(described) or (described.get("permissionable") and not given))
    )


def _not_writable(object_name: str, described: Description, mode: Mode) -> str:
    """Return why a field cannot be written in a mode, or an empty text if it can."""
    allowed = {
        Mode.INSERT: described["createable"],
        Mode.UPDATE: described["updateable"],
        Mode.UPSERT: _writable(described),
    }
    if allowed[mode]:
        return ""
    if mode is Mode.UPDATE and described["createable"]:
        return "can be set only when a record is created"
    if mode is Mode.INSERT and described["updateable"]:
        return "can be set only on a record that exists"
    return _read_only(object_name, described)


def _read_only(object_name: str, described: Description) -> str:
    """Return why a field can be neither set nor changed."""
    type_ = described["type"]
    if type_ == "id":
        return "is the Salesforce id, which Salesforce gives"
    if described.get("autoNumber"):
        return "is an auto-number, which Salesforce counts"
    if described.get("calculated"):
        formula = described.get("calculatedFormula")
        return "is a formula, which Salesforce computes" if formula else "is a roll-up, which Salesforce computes"
    if type_ in _COMPOUND or (described.get("nameField") and described.get("extraTypeInfo") == "personname"):
        return "is a compound field: write its parts"
    if described.get("permissionable"):
        return f"is read-only for this user: {_setup_path(object_name)}"
    return "is a system field, which Salesforce maintains"


def _not_matchable(described: Description) -> Iterator[tuple[Mode, str]]:
    why = _no_upsert_key(described)
    if why:
        yield Mode.UPSERT, why
    is_key = described["type"] == "id" or described.get("externalId") or described.get("unique")
    for mode in _MATCHING:
        if not is_key:
            yield mode, "is neither the Salesforce id nor unique nor an external id"
        elif described.get("filterable") is False:
            yield mode, "cannot be searched for in Salesforce"


def _no_upsert_key(described: Description) -> str:
    if _matchable_in_upsert(described):
        return ""
    if described["type"] == "id":
        return "is the Salesforce id, which an upsert cannot match on: use mode update"
    if described.get("externalId"):
        return "is an external id that Salesforce fills itself"
    marked = "is not marked External ID in Salesforce"
    if described.get("unique"):
        return f"is unique, but {marked}. {STEPS}"
    if described.get("idLookup"):
        return f"is a standard lookup field: it {marked}. {STEPS}"
    return marked


def _warnings(described: Description) -> Mapping[Mode, str]:
    if not _matchable_in_upsert(described):
        return {}
    if not _writable(described):
        return {Mode.UPSERT: "is read-only for this user, which suffices for records that exist: new ones are refused"}
    if described.get("unique"):
        return {}
    return {
        Mode.UPSERT: "is an external id that is not unique: the user needs the permission View All Data, and two "
        "batches at the same time can create the same record twice"
    }
