"""The names that Salesforce composes from a person's first and last name."""

from __future__ import annotations

from salesforce_emulator.org.model import Value
from salesforce_emulator.schema import Row, Schema


def compose_name(schema: Schema, row: Row, changes: dict[int, Value]) -> str | None:
    """Return the full name of a person, "First Last". Return None if it does not change."""
    if not schema.object.person_name:
        return None
    parts = [schema.position["firstname"], schema.position["lastname"]]
    if not changes.keys() & set(parts):
        return None
    return " ".join(str(part) for part in (changes.get(at, row[at]) for at in parts) if part)
