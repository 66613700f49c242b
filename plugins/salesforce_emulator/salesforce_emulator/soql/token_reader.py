"""Read the tokens of a statement, one at a time."""

from __future__ import annotations

from salesforce_emulator.soql.tokens import SoqlError, Token, make_located_error, tokens

_LATER = ("WITH", "TYPEOF", "UPDATE", "ALL")


class TokenReader:
    """The tokens of one statement, and the current position."""

    def __init__(self, statement: str) -> None:
        self.statement = statement
        self._tokens = tokens(statement)
        self._next = 0

    def peek(self, further: int = 0) -> Token:
        """Return the next token, or one that is `further` tokens ahead, without reading it."""
        return self._tokens[min(self._next + further, len(self._tokens) - 1)]

    def advance(self) -> Token:
        """Read the next token. Return it."""
        token = self.peek()
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def accept_word(self, word: str) -> bool:
        """Read a keyword if it is the next token. Return whether it was."""
        found = self.peek().is_word(word)
        if found:
            self.advance()
        return found

    def accept_sign(self, sign: str) -> bool:
        """Read a sign if it is the next token. Return whether it was."""
        found = self.peek().is_sign(sign)
        if found:
            self.advance()
        return found

    def expect(self, kind: str) -> Token:
        """Read the next token, which must be of this kind. Return it. Raises SoqlError."""
        if self.peek().kind != kind:
            raise self.make_unexpected_error(self.peek())
        return self.advance()

    def expect_word(self, word: str) -> bool:
        """Read a keyword. Raises SoqlError."""
        if not self.accept_word(word):
            raise self.make_unexpected_error(self.peek())
        return True

    def expect_sign(self, sign: str) -> None:
        """Read a sign. Raises SoqlError."""
        if not self.accept_sign(sign):
            raise self.make_unexpected_error(self.peek())

    def make_unexpected_error(self, token: Token) -> SoqlError:
        """Return the error for an unexpected token, with its place."""
        message = f"unexpected token: '{token.text}'"
        if token.is_word(*_LATER):
            message = f"the emulator does not know this part of SOQL: '{token.text}'"
        return make_located_error(self.statement, token.at, "MALFORMED_QUERY", message)
