"""Split a statement into tokens, and show the place of an error as Salesforce does."""

from __future__ import annotations

import re

from attrs import frozen

from salesforce_emulator.portable import Portable

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<datetime>[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]+(?:[Zz]|[+-][0-9]{2}:?[0-9]{2}))
    |(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})
    |(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*)
    |(?P<sign>!=|<>|<=|>=|[=<>(),:])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


class SoqlError(Portable, Exception):
    """A statement that Salesforce refuses. The message shows the place if Salesforce shows one."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@frozen
class Token:
    """One token. `kind` is string, datetime, date, number, name, sign or end."""

    kind: str
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        """Return whether the token is one of these keywords, in any case."""
        return self.kind == "name" and self.text.upper() in words

    def is_sign(self, sign: str) -> bool:
        """Return whether the token is this sign."""
        return self.kind == "sign" and self.text == sign


def make_located_error(statement: str, at: int, code: str, message: str) -> SoqlError:
    """Return an error with the line, a caret below the place, and its row and column."""
    before = statement[:at]
    row = before.count("\n") + 1
    column = at - (before.rfind("\n") + 1) + 1
    line = statement.split("\n")[row - 1]
    picture = f"\n{line}\n{' ' * (column - 1)}^\nERROR at Row:{row}:Column:{column}\n"
    return SoqlError(code, picture + message)


def tokens(statement: str) -> list[Token]:
    """Return the tokens of a statement. The last one has the kind `end`. Raises SoqlError."""
    found: list[Token] = []
    at = 0
    while at < len(statement):
        match = _TOKEN.match(statement, at)
        if match is None:
            raise make_located_error(statement, at, "MALFORMED_QUERY", f"unexpected token: '{statement[at]}'")
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    return [*found, Token("end", "<EOF>", len(statement))]


def unquote(token: Token, statement: str, like: bool) -> str:
    r"""Return the text of a string literal. In LIKE patterns, `\_` and `\%` keep their backslash."""

    def replace(match: re.Match[str]) -> str:
        escape = match[1]
        if escape[0] in "uU" and len(escape) == 5:
            return chr(int(escape[1:], 16))
        if like and escape in "_%":
            return f"\\{escape}"
        if escape.lower() not in _ESCAPES:
            place = token.at + 1 + match.start()
            raise make_located_error(
                statement, place, "MALFORMED_QUERY", f"Illegal string escape sequence '\\{escape}'"
            )
        return _ESCAPES[escape.lower()]

    return _ESCAPE.sub(replace, token.text[1:-1])
