"""How the values of a field compare as keys.

Object Reference, "Custom Fields: External ID and Unique": a unique field ignores case unless it is marked
case-sensitive. Salesforce does not document whether other external ids do. Here they are case-sensitive.
"""

from __future__ import annotations

from salesforce_emulator.org.model import Field, Value


def fold_case(value: Value) -> Value:
    """Return the value as indexes and SOQL compare it: text in lower case."""
    if isinstance(value, str):
        lower = value.lower()
        return value if lower == value else lower
    return value


def minds_case(field: Field) -> bool:
    """Return whether SOQL compares the field with case. It does so for ids and for case-sensitive fields."""
    return field.case_sensitive or field.type in ("id", "reference")


def ignores_case(field: Field) -> bool:
    """Return whether two keys that differ only in case are the same."""
    return not field.case_sensitive and (
        field.unique or field.type in ("email", "picklist") or field.name == "Username"
    )


def key_of(field: Field, value: Value) -> Value:
    """Return the value as the field compares it when a row is matched."""
    return fold_case(value) if ignores_case(field) else value


def index_key(field: Field, value: Value) -> Value:
    """Return the value under which the index files a row.

    For fields that are not unique, two different keys of `key_of` may share one index key.
    """
    return value if field.case_sensitive else fold_case(value)
