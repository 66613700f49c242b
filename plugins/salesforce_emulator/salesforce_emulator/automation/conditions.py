"""Conditions of rules, written as SOQL writes them after WHERE, as functions of a record."""

from __future__ import annotations

from salesforce_emulator.schema import Schema, Schemas
from salesforce_emulator.soql.conditions import Test, test_of
from salesforce_emulator.soql.parser import parse
from salesforce_emulator.soql.paths import Paths
from salesforce_emulator.store import Store


def compiled(condition: str, schema: Schema, schemas: Schemas, store: Store) -> Test:
    """Whether a record meets the condition. Raises SoqlError."""
    statement = f"SELECT Id FROM {schema.name} WHERE {condition}"
    where = parse(statement).where
    assert where is not None, "the statement has a WHERE"
    return test_of(where, Paths(statement, schema, schemas, store), statement)
