"""A recursive-descent parser: statement in, tree out."""

from __future__ import annotations

from salesforce_emulator.soql.tokens import SoqlError, Token, located, tokens, unquoted
from salesforce_emulator.soql.tree import Comparison, Condition, Junction, Literal, Negation, Ordering, Path, Query

_LONGEST = 100_000
_LATER = ("GROUP", "HAVING", "FOR", "WITH", "USING", "TYPEOF", "UPDATE", "ALL")
_SIGNS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}


def parse(statement: str) -> Query:
    """The tree of a SELECT statement. Raises SoqlError."""
    if len(statement) > _LONGEST:
        raise SoqlError("MALFORMED_QUERY", "SOQL statements cannot be longer than 100000 characters.")
    return _Parser(statement).query()


class _Parser:
    def __init__(self, statement: str) -> None:
        self._statement = statement
        self._tokens = tokens(statement)
        self._next = 0

    def query(self) -> Query:
        first = self._tokens[0]
        if not first.is_word("SELECT"):
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: {first.text}")
        self._advance()
        fields, macro = self._selection()
        self._expect_word("FROM")
        target = self._expect("name")
        where = self._condition() if self._accept_word("WHERE") else None
        order = self._order() if self._accept_word("ORDER") else ()
        limit = self._count() if self._accept_word("LIMIT") else None
        offset = self._count() if self._accept_word("OFFSET") else 0
        self._expect("end")
        return Query(fields, macro, target.text, target.at, where, order, limit, offset)

    # What a statement is made of

    def _selection(self) -> tuple[tuple[Path, ...], str | None]:
        if self._peek().is_word("COUNT") and self._tokens[self._next + 1].text == "(":
            self._advance()
            self._expect_sign("(")
            self._expect_sign(")")
            return (), None
        if self._peek().is_word("FIELDS"):
            self._advance()
            self._expect_sign("(")
            macro = self._expect("name")
            self._expect_sign(")")
            return (), macro.text.upper()
        paths = [self._path()]
        while self._accept_sign(","):
            paths.append(self._path())
        return tuple(paths), None

    def _path(self) -> Path:
        token = self._peek()
        if token.is_word("FROM", "WHERE", "ORDER", "LIMIT"):
            raise self._unexpected(token)
        self._expect("name")
        return Path(tuple(token.text.split(".")), token.at)

    def _condition(self) -> Condition:
        first = self._term()
        word = self._peek().text.upper()
        if word not in ("AND", "OR"):
            return first
        terms = [first]
        while self._accept_word(word):
            terms.append(self._term())
        if self._peek().is_word("AND", "OR"):
            # Salesforce asks for parentheses where AND and OR are mixed.
            raise self._unexpected(self._peek())
        return Junction(word, tuple(terms))

    def _term(self) -> Condition:
        if self._accept_word("NOT"):
            return Negation(self._term())
        if self._accept_sign("("):
            condition = self._condition()
            self._expect_sign(")")
            return condition
        return self._comparison()

    def _comparison(self) -> Comparison:
        path = self._path()
        token = self._advance()
        if token.text in _SIGNS:
            return Comparison(path, _SIGNS[token.text], (self._literal(like=False),))
        if token.is_word("LIKE"):
            return Comparison(path, "LIKE", (self._literal(like=True),))
        if token.is_word("IN", "INCLUDES", "EXCLUDES"):
            return Comparison(path, token.text.upper(), self._literals())
        if token.is_word("NOT"):
            self._expect_word("IN")
            return Comparison(path, "NOT IN", self._literals())
        raise self._unexpected(token)

    def _literals(self) -> tuple[Literal, ...]:
        self._expect_sign("(")
        if self._peek().is_word("SELECT"):
            raise self._later(self._peek())
        literals = [self._literal(like=False)]
        while self._accept_sign(","):
            literals.append(self._literal(like=False))
        self._expect_sign(")")
        return tuple(literals)

    def _literal(self, like: bool) -> Literal:
        token = self._advance()
        if token.kind == "string":
            return Literal("string", unquoted(token, self._statement, like), token.at)
        if token.kind == "number":
            whole = token.text.lstrip("+-").isdigit()
            return Literal("number", int(token.text) if whole else float(token.text), token.at)
        if token.kind in ("date", "datetime"):
            return Literal(token.kind, token.text.upper(), token.at)
        if token.is_word("TRUE", "FALSE"):
            return Literal("boolean", token.text.upper() == "TRUE", token.at)
        if token.is_word("NULL"):
            return Literal("null", None, token.at)
        raise self._unexpected(token)

    def _order(self) -> tuple[Ordering, ...]:
        self._expect_word("BY")
        terms = [self._ordering()]
        while self._accept_sign(","):
            terms.append(self._ordering())
        return tuple(terms)

    def _ordering(self) -> Ordering:
        path = self._path()
        descending = self._accept_word("DESC") or (self._accept_word("ASC") and False)
        last = False
        if self._accept_word("NULLS"):
            last = self._accept_word("LAST") or (self._expect_word("FIRST") and False)
        return Ordering(path, descending, last)

    def _count(self) -> int:
        token = self._expect("number")
        if not token.text.isdigit():
            raise self._unexpected(token)
        return int(token.text)

    # Tokens

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _accept_word(self, word: str) -> bool:
        found = self._peek().is_word(word)
        if found:
            self._advance()
        return found

    def _accept_sign(self, sign: str) -> bool:
        found = self._peek().kind == "sign" and self._peek().text == sign
        if found:
            self._advance()
        return found

    def _expect(self, kind: str) -> Token:
        token = self._peek()
        if token.kind != kind:
            raise self._later(token) if token.is_word(*_LATER) or token.text == "(" else self._unexpected(token)
        return self._advance()

    def _expect_word(self, word: str) -> bool:
        if not self._accept_word(word):
            raise self._unexpected(self._peek())
        return True

    def _expect_sign(self, sign: str) -> None:
        if not self._accept_sign(sign):
            raise self._unexpected(self._peek())

    def _unexpected(self, token: Token) -> SoqlError:
        return located(self._statement, token.at, "MALFORMED_QUERY", f"unexpected token: '{token.text}'")

    def _later(self, token: Token) -> SoqlError:
        message = f"the emulator does not know this part of SOQL: '{token.text}'"
        return located(self._statement, token.at, "MALFORMED_QUERY", message)
