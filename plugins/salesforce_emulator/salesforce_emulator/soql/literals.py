"""Convert literals to the type of the field that they are compared with."""

from __future__ import annotations

from salesforce_emulator.ids import read_id
from salesforce_emulator.keys import fold_case, minds_case
from salesforce_emulator.org.field_types import NUMBERS, is_long
from salesforce_emulator.org.model import Field, Value
from salesforce_emulator.soql.tokens import SoqlError, make_located_error
from salesforce_emulator.soql.tree import Comparison, Literal
from salesforce_emulator.values import WrongType, reader

_NUMERIC = NUMBERS | {"int", "long"}


def comparable(statement: str, field: Field, comparison: Comparison) -> list[Value]:
    """Return the literals in the form in which rows hold the field.

    Text is in lower case, unless the field is case-sensitive. Raises SoqlError.
    """
    if is_long(field) or field.type == "complexvalue" or field.name == "FullName":
        message = f"field '{field.name}' can not be filtered in a query call"
        raise make_located_error(statement, comparison.term.at, "INVALID_FIELD", message)
    return [_fit_literal(statement, field, literal, comparison.operator) for literal in comparison.literals]


def _fit_literal(statement: str, field: Field, literal: Literal, operator: str) -> Value:
    if literal.kind == "null":
        return None
    if field.extra_type_info == "enumorid":
        # A field of type TableEnumOrId holds the name of a standard object, or the id of a custom one. A literal may
        # have the id in either length.
        return fold_case(read_id(str(literal.value)) or literal.value)
    wanted = _kind(field)
    if literal.kind == "period" and wanted in ("date", "datetime"):
        return literal.value
    if literal.kind != wanted:
        raise _mismatch(statement, field, literal, wanted)
    if wanted == "datetime":
        return _datetime(statement, field, literal)
    if field.type in ("id", "reference") and operator != "LIKE":
        record_id = read_id(str(literal.value))
        if record_id is None:
            message = f"invalid ID field: {literal.value}"
            raise make_located_error(statement, literal.at, "INVALID_QUERY_FILTER_OPERATOR", message)
        return record_id
    return literal.value if minds_case(field) else fold_case(literal.value)


def _kind(field: Field) -> str:
    if field.type in _NUMERIC:
        return "number"
    return field.type if field.type in ("boolean", "date", "datetime") else "string"


def _datetime(statement: str, field: Field, literal: Literal) -> Value:
    try:
        return fold_case(reader(field)(str(literal.value).replace(" ", "+")))
    except WrongType:
        raise _mismatch(statement, field, literal, "datetime") from None


def _mismatch(statement: str, field: Field, literal: Literal, wanted: str) -> SoqlError:
    quotes = "should be enclosed in quotes" if wanted == "string" else "should not be enclosed in quotes"
    number = field.type if field.type in ("int", "long") else "double"
    type_ = {"datetime": "dateTime", "number": number}.get(wanted, wanted)
    message = f"value of filter criterion for field '{field.name}' must be of type {type_} and {quotes}"
    return make_located_error(statement, literal.at, "INVALID_FIELD", message)
