"""Parse the parts of a statement that hold values: fields, functions, literals and conditions."""

from __future__ import annotations

from collections.abc import Callable

from salesforce_emulator.soql.functions import AGGREGATES, SCALARS
from salesforce_emulator.soql.periods import PERIODS, takes_number
from salesforce_emulator.soql.token_reader import TokenReader
from salesforce_emulator.soql.tokens import unquote
from salesforce_emulator.soql.tree import (
    Comparison,
    Condition,
    Function,
    Junction,
    Literal,
    Negation,
    Path,
    Query,
    SemiJoin,
    Term,
)

_SIGNS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}


class Expressions:
    """A parser of expressions.

    `inner` parses a query in parentheses. `alias` is the statement's alias of its object.
    """

    def __init__(self, reader: TokenReader, inner: Callable[[], Query], alias: str | None) -> None:
        self._reader = reader
        self._inner = inner
        self._alias = alias

    def path(self) -> Path:
        """Parse a field. Raises SoqlError."""
        token = self._reader.peek()
        if token.is_word("FROM", "WHERE", "ORDER", "LIMIT"):
            raise self._reader.make_unexpected_error(token)
        self._reader.expect("name")
        names = tuple(token.text.split("."))
        if len(names) > 1 and names[0].lower() == self._alias:
            names = names[1:]
        return Path(names, token.at)

    def term(self, aggregates: bool) -> Term:
        """Parse a field, or a function of one. Raises SoqlError."""
        token = self._reader.peek()
        known = SCALARS.keys() | AGGREGATES if aggregates else SCALARS.keys()
        if not (token.is_word(*known) and self._reader.peek(1).is_sign("(")):
            return self.path()
        self._reader.advance()
        self._reader.advance()
        argument = self.term(aggregates=False)
        self._reader.expect_sign(")")
        return Function(token.text.upper(), argument, token.at)

    def condition(self, aggregates: bool = False) -> Condition:
        """Parse the condition after WHERE or HAVING. Only HAVING allows aggregates. Raises SoqlError."""
        first = self._operand(aggregates)
        word = self._reader.peek().text.upper()
        if word not in ("AND", "OR"):
            return first
        operands = [first]
        while self._reader.accept_word(word):
            operands.append(self._operand(aggregates))
        if self._reader.peek().is_word("AND", "OR"):
            # Salesforce requires parentheses if a condition mixes AND and OR.
            raise self._reader.make_unexpected_error(self._reader.peek())
        return Junction(word, tuple(operands))

    def _operand(self, aggregates: bool) -> Condition:
        if self._reader.accept_word("NOT"):
            return Negation(self._operand(aggregates))
        if self._reader.accept_sign("("):
            condition = self.condition(aggregates)
            self._reader.expect_sign(")")
            return condition
        return self._comparison(aggregates)

    def _comparison(self, aggregates: bool) -> Condition:
        term = self.term(aggregates)
        token = self._reader.advance()
        if token.text in _SIGNS:
            return Comparison(term, _SIGNS[token.text], (self._literal(like=False),))
        if token.is_word("LIKE"):
            return Comparison(term, "LIKE", (self._literal(like=True),))
        if token.is_word("INCLUDES", "EXCLUDES"):
            return Comparison(term, token.text.upper(), self._literals())
        if token.is_word("NOT"):
            self._reader.expect_word("IN")
            return self._membership(term, "NOT IN")
        if token.is_word("IN"):
            return self._membership(term, "IN")
        raise self._reader.make_unexpected_error(token)

    def _membership(self, term: Term, operator: str) -> Condition:
        if self._reader.peek(1).is_word("SELECT") and isinstance(term, Path):
            return SemiJoin(term, operator, self._inner())
        return Comparison(term, operator, self._literals())

    def _literals(self) -> tuple[Literal, ...]:
        self._reader.expect_sign("(")
        literals = [self._literal(like=False)]
        while self._reader.accept_sign(","):
            literals.append(self._literal(like=False))
        self._reader.expect_sign(")")
        return tuple(literals)

    def _literal(self, like: bool) -> Literal:
        token = self._reader.advance()
        if token.kind == "string":
            return Literal("string", unquote(token, self._reader.statement, like), token.at)
        if token.kind == "number":
            whole = token.text.lstrip("+-").isdigit()
            return Literal("number", int(token.text) if whole else float(token.text), token.at)
        if token.kind in ("date", "datetime"):
            return Literal(token.kind, token.text.upper(), token.at)
        if token.is_word("TRUE", "FALSE"):
            return Literal("boolean", token.text.upper() == "TRUE", token.at)
        if token.is_word("NULL"):
            return Literal("null", None, token.at)
        if token.is_word(*PERIODS):
            return Literal("period", self._period(token.text.upper()), token.at)
        raise self._reader.make_unexpected_error(token)

    def _period(self, name: str) -> str:
        if not takes_number(name):
            return name
        self._reader.expect_sign(":")
        number = self._reader.expect("number")
        if not number.text.isdigit():
            raise self._reader.make_unexpected_error(number)
        return f"{name}:{number.text}"
