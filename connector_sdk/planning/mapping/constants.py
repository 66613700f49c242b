"""Constants that fill fields: converted and checked at once, because an error in one is an error of the mapping."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from connector_sdk.contract.errors import Portable
from connector_sdk.contract.project import Scalar
from connector_sdk.contract.schema import Field, FieldType
from connector_sdk.engines.sql import text
from connector_sdk.planning.mapping.conversions import Conversion, convert, describe_type
from connector_sdk.planning.mapping.misfits import MisfitError
from connector_sdk.settings.wording import kind_of


class RefusedError(Portable, Exception):
    """The field cannot hold this constant."""


def constant(value: Scalar | None, field: Field, *, rounds: bool = False) -> Conversion:
    """Return a constant as SQL. Raises `RefusedError`."""
    try:
        converted = convert(*_literal(value, field), field, rounds=rounds)
    except MisfitError:
        raise RefusedError(
            f"{_kind(value)} can never go into {field.name}, which takes {describe_type(field)}"
        ) from None
    for check in converted.checks:
        if _compute(check.failed):
            raise RefusedError(str(_compute(check.message)))
    return Conversion(converted.value, ())


def constant_value(value: Scalar, field: Field) -> Any:
    """Return a constant as a Python value of the field's type. Raises as `constant` does.

    A decimal has no zeros at its end.
    """
    read = _compute(constant(value, field).value)
    return Decimal(f"{read.normalize():f}") if isinstance(read, Decimal) else read


def _kind(value: Scalar | None) -> str:
    """Return in words what a constant is."""
    return "a date with a time" if isinstance(value, datetime) else kind_of(value)


def _compute(expression: str) -> Any:
    """Return the value of SQL without columns."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.sql(f"select {expression}").to_arrow_table().column(0)[0].as_py()


def _literal(value: Scalar | None, field: Field) -> tuple[str, str]:
    """Return a constant as SQL, with its type. If the field takes a number, the SQL has no exponent."""
    if isinstance(value, bool):
        return str(value).lower(), "BOOLEAN"
    if isinstance(value, datetime):
        return f"cast({text(value.isoformat())} as timestamptz)", "TIMESTAMP WITH TIME ZONE"
    if isinstance(value, date):
        return f"cast({text(value.isoformat())} as date)", "DATE"
    if isinstance(value, Decimal) and field.type in (FieldType.INTEGER, FieldType.DECIMAL, FieldType.FLOAT):
        return text(f"{value:f}"), "VARCHAR"
    return text(str(value)), "VARCHAR"
