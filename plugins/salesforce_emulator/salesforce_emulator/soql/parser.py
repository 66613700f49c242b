"""A recursive-descent parser of SELECT statements."""

from __future__ import annotations

from salesforce_emulator.soql.expressions import Expressions
from salesforce_emulator.soql.functions import AGGREGATES
from salesforce_emulator.soql.token_reader import TokenReader
from salesforce_emulator.soql.tokens import SoqlError
from salesforce_emulator.soql.tree import Column, Ordering, Path, Query, Term

_LONGEST = 100_000
_CLAUSES = ("USING", "WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "UPDATE", "ALL")


def parse(statement: str) -> Query:
    """Return the syntax tree of a SELECT statement. Raises SoqlError."""
    if len(statement) > _LONGEST:
        raise SoqlError("MALFORMED_QUERY", "SOQL statements cannot be longer than 100000 characters.")
    reader = TokenReader(statement)
    first = reader.peek()
    if not first.is_word("SELECT"):
        raise SoqlError("MALFORMED_QUERY", f"unexpected token: {first.text}")
    query = _Parser(reader).query()
    reader.expect("end")
    return query


class _Parser:
    """A parser of one SELECT. Each inner SELECT has its own parser, because its object has its own alias."""

    def __init__(self, reader: TokenReader) -> None:
        self._reader = reader
        self._read = Expressions(reader, self._inner, _alias_ahead(reader))
        self._columns: list[Column] = []
        self._children: list[Query] = []

    def query(self) -> Query:
        self._reader.expect_word("SELECT")
        macro = self._selection()
        self._reader.expect_word("FROM")
        target = self._reader.expect("name")
        if self._reader.peek().kind == "name" and not self._reader.peek().is_word(*_CLAUSES):
            self._reader.advance()
        if self._reader.accept_word("USING"):
            self._reader.expect_word("SCOPE")
            self._reader.expect("name")
        where = self._read.condition() if self._reader.accept_word("WHERE") else None
        group = self._group() if self._reader.accept_word("GROUP") else ()
        having = self._read.condition(aggregates=True) if self._reader.accept_word("HAVING") else None
        order = self._order() if self._reader.accept_word("ORDER") else ()
        limit = self._count() if self._reader.accept_word("LIMIT") else None
        offset = self._count() if self._reader.accept_word("OFFSET") else 0
        if self._reader.accept_word("FOR"):
            self._reader.expect("name")
        columns, children = tuple(self._columns), tuple(self._children)
        return Query(columns, children, macro, target.text, target.at, where, group, having, order, limit, offset)

    def _inner(self) -> Query:
        self._reader.expect_sign("(")
        query = _Parser(self._reader).query()
        self._reader.expect_sign(")")
        return query

    def _selection(self) -> str | None:
        if self._reader.peek().is_word("COUNT") and self._reader.peek(2).is_sign(")"):
            self._reader.advance()
            self._reader.expect_sign("(")
            self._reader.expect_sign(")")
            return None
        if self._reader.peek().is_word("FIELDS") and self._reader.peek(1).is_sign("("):
            self._reader.advance()
            self._reader.expect_sign("(")
            macro = self._reader.expect("name")
            self._reader.expect_sign(")")
            return macro.text.upper()
        self._parse_column()
        while self._reader.accept_sign(","):
            self._parse_column()
        return None

    def _parse_column(self) -> None:
        if self._reader.peek().is_sign("(") and self._reader.peek(1).is_word("SELECT"):
            self._children.append(self._inner())
            return
        term = self._read.term(aggregates=True)
        follows = self._reader.peek()
        alias = self._reader.advance().text if follows.kind == "name" and not follows.is_word("FROM") else None
        self._columns.append(Column(term, alias))

    def _group(self) -> tuple[Term, ...]:
        self._reader.expect_word("BY")
        terms = [self._read.term(aggregates=False)]
        while self._reader.accept_sign(","):
            terms.append(self._read.term(aggregates=False))
        return tuple(terms)

    def _order(self) -> tuple[Ordering, ...]:
        self._reader.expect_word("BY")
        terms = [self._ordering()]
        while self._reader.accept_sign(","):
            terms.append(self._ordering())
        return tuple(terms)

    def _ordering(self) -> Ordering:
        term = self._read.term(aggregates=True)
        descending = self._reader.accept_word("DESC") or (self._reader.accept_word("ASC") and False)
        last = False
        if self._reader.accept_word("NULLS"):
            last = self._reader.accept_word("LAST") or (self._reader.expect_word("FIRST") and False)
        return Ordering(term, descending, last)

    def _count(self) -> int:
        token = self._reader.expect("number")
        if not token.text.isdigit():
            raise self._reader.make_unexpected_error(token)
        return int(token.text)


def _alias_ahead(reader: TokenReader) -> str | None:
    """Return the alias that the SELECT which begins here gives its object, as in `FROM Contact c`."""
    depth, further = 0, 0
    while reader.peek(further).kind != "end":
        token = reader.peek(further)
        depth += token.is_sign("(") - token.is_sign(")")
        if depth < 0:
            return None
        if not depth and token.is_word("FROM"):
            alias = reader.peek(further + 2)
            return alias.text.lower() if alias.kind == "name" and not alias.is_word(*_CLAUSES) else None
        further += 1
    return None


def is_aggregate(term: Term) -> bool:
    """Return whether a term is an aggregate function."""
    return not isinstance(term, Path) and term.name in AGGREGATES
