"""How two values of a field compare as keys.

Object Reference, "Custom Fields: External ID and Unique": a unique field compares without case unless it is marked
case-sensitive. Whether other external ids do is not documented; here they compare with case.
"""

from __future__ import annotations

from salesforce_emulator.org.model import Field, Value


def fold_case(value: Value) -> Value:
    """The value as indexes and SOQL compare it: text without case."""
    if isinstance(value, str):
        lower = value.lower()
        return value if lower == value else lower
    return value


def minds_case(field: Field) -> bool:
    """Whether SOQL compares the field with case: ids, and fields that are marked so."""
    return field.case_sensitive or field.type in ("id", "reference")


def ignores_case(field: Field) -> bool:
    """Whether two keys that differ in case only are the same."""
    return not field.case_sensitive and (
        field.unique or field.type in ("email", "picklist") or field.name == "Username"
    )


def key_of(field: Field, value: Value) -> Value:
    """The value as the field compares it when a row is matched."""
    return fold_case(value) if ignores_case(field) else value


def index_key(field: Field, value: Value) -> Value:
    """The value under which the index files a row; coarser than `key_of` only where the field is not unique."""
    return value if field.case_sensitive else fold_case(value)
