"""Conditions of rules, in the syntax of a SOQL WHERE clause, as functions of a record."""

from __future__ import annotations

from typing import NoReturn

from salesforce_emulator.schema import Schema, Schemas
from salesforce_emulator.soql.conditions import Conditions, Test
from salesforce_emulator.soql.parser import parse
from salesforce_emulator.soql.paths import Paths
from salesforce_emulator.soql.tokens import SoqlError
from salesforce_emulator.soql.tree import Query
from salesforce_emulator.store import Store


def compile_condition(condition: str, schema: Schema, schemas: Schemas, store: Store) -> Test:
    """Return a function that checks whether a record meets the condition. Raises SoqlError."""
    statement = f"SELECT Id FROM {schema.name} WHERE {condition}"
    where = parse(statement).where
    assert where is not None, "the statement has a WHERE"
    return Conditions(statement, Paths(statement, schema, schemas, store), _no_queries).test(where)


def _no_queries(query: Query) -> NoReturn:
    raise SoqlError("MALFORMED_QUERY", f"a rule cannot look at the records of {query.object}")
