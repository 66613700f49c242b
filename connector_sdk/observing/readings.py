"""Decode the escapes of a text step by step, and fold it, so that it can be compared with a secret.

A server may return a secret in many spellings. Each step decodes one level of them, so that nested spellings, such as
JSON in a URL in HTML, need no rules of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from html.entities import html5

_LEVELS = 5
"""The most nested levels of escapes that are decoded."""

_QUOTING = frozenset("\\'\"+-=\u115f\u1160\u2800\u3164\uffa0")
"""Characters that a comparison ignores, besides spaces and invisible characters.

Quoting in JSON, SQL and shells adds some of them. `+` is a space in a form. The two alphabets of base64 differ in `+`
and `-`.
"""
_HEX = "[0-9A-Fa-f]"


class _Folds(dict[int, str | None]):
    """The folded form of each character; None for a character that a comparison ignores."""

    def __missing__(self, code: int) -> str | None:
        plain = unicodedata.normalize("NFKD", chr(code)).casefold().replace("_", "/")
        self[code] = folded = "".join(filter(_counts, plain)) or None
        return folded


def _counts(character: str) -> bool:
    category = unicodedata.category(character)
    return not (character in _QUOTING or category[0] in "MZ" or category in ("Cc", "Cf"))


_FOLDS = _Folds()


def fold(text: str) -> str:
    """Return the part of a text that a comparison uses: letters without case and accents, digits, and most signs."""
    return text.translate(_FOLDS)


def _bytes_after(sign: str, digit: str = _HEX) -> str:
    """Return a pattern for one character as hexadecimal bytes, each after a sign: UTF-8 bytes, else a Latin-1 byte."""
    more = f"{sign}[89abAB]{digit}"
    utf_8 = f"[0-7]{digit}|[cdCD]{digit}{more}|[eE]{digit}(?:{more}){{2}}|[fF][0-7](?:{more}){{3}}"
    return f"{sign}(?:{utf_8}|{digit}{{2}})"


_SLASHES = r"\\\\*"
_ESCAPE = re.compile(
    "|".join(
        (
            _bytes_after("%"),
            f"%u{_HEX}{{4}}",
            rf"{_SLASHES}u[dD][89abAB]{_HEX}{{2}}{_SLASHES}u[dD][c-fC-F]{_HEX}{{2}}",
            rf"{_SLASHES}(?:u{_HEX}{{4}}|u\{{{_HEX}{{1,6}}\}}|U{_HEX}{{8}})",
            _bytes_after(f"{_SLASHES}x"),
            rf"{_SLASHES}[nrtbfv]",
            _SLASHES,
            rf"&#(?:[0-9]{{1,7}}|[xX]{_HEX}{{1,6}});?",
            "&[A-Za-z][A-Za-z0-9]{1,31};",
            r"\]\]><!\[CDATA\[",
        )
    )
)
"""The escapes of URLs, JSON, JavaScript, Python, HTML and XML."""

_SIGNS_OF_ESCAPES = ("\\", "%", "&", "]]>")
"""The first characters of these escapes."""

_QUOTED = re.compile(rf"{_bytes_after('=', '[0-9A-F]')}|=\r?\n")
"""The escapes of quoted-printable: bytes in capital digits after an equals sign, and soft line breaks."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)

_LEADING = rf"%[c-fC-F]{_HEX}(?:%[89abAB]{_HEX}){{0,2}}"
_HIGH = rf"\\+u[dD][89abAB]{_HEX}{{2}}"
_UNFINISHED = re.compile(
    rf"(?:(?:{_LEADING})?%u?{_HEX}{{0,3}}|{_LEADING}|(?:{_HIGH})?\\+(?:[uUx]{_HEX}{{0,7}})?|{_HIGH}|&#?\w{{0,31}}|=)\Z"
)
"""The beginning of an escape at the end of a text that was cut."""

_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}
_NO_DIGITS = re.compile(r"%u?|=|\\+[xuU]?|[{}\r\n]")


class Reading:
    """A text after some steps of decoding, with the position in the original of each of its characters."""

    def __init__(self, text: str, step: _Step | None = None) -> None:
        """Fold the text. `step` is the step that led to this reading; None for the original."""
        self.text = text
        self.folded = fold(text)
        self._step = step

    @cached_property
    def finished(self) -> int:
        """The number of characters of the folded text before an escape that was cut at the end."""
        found = _find_unfinished(self.text)
        return len(self.folded) - (len(fold(found[0])) if found else 0)

    @cached_property
    def origins(self) -> list[tuple[int, int]]:
        """The start and end in the original of each character."""
        return self._step.trace() if self._step else [(place, place + 1) for place in range(len(self.text))]

    @cached_property
    def folded_origins(self) -> list[tuple[int, int]]:
        """The start and end in the original of each character of the folded text."""
        return [origin for character, origin in zip(self.text, self.origins, strict=True) for _ in fold(character)]


class _Step:
    """One step of decoding escapes."""

    def __init__(self, before: Reading, escape: re.Pattern[str], undo: Callable[[re.Match[str]], str]) -> None:
        self._before = before
        self._escape = escape
        self._undo = undo

    def read(self) -> Reading | None:
        """Return the reading after this step; None if it changes nothing."""
        text = self._escape.sub(self._undo, self._before.text)
        return Reading(text, self) if text != self._before.text else None

    def trace(self) -> list[tuple[int, int]]:
        """Return the start and end in the original of each character after this step."""
        before, after, at = self._before.origins, list[tuple[int, int]](), 0
        for found in self._escape.finditer(self._before.text):
            after += before[at : found.start()]
            after += [(before[found.start()][0], before[found.end() - 1][1])] * len(self._undo(found))
            at = found.end()
        return after + before[at:]


def read(text: str, *, is_cut: bool = False) -> Iterator[Reading]:
    """Yield the readings of a text: the original, and one after each step of decoding escapes.

    If the text `is_cut`, yield also the readings without a possible beginning of an escape at its end.
    """
    original = Reading(text)
    yield original
    yield from _undo_escapes(original)
    unquoted = _Step(original, _QUOTED, _read_match).read()
    if unquoted is not None:
        yield unquoted
        yield from _undo_escapes(unquoted)
    unfinished = _find_unfinished(text) if is_cut else None
    if unfinished:
        yield from read(text[: unfinished.start()])


def _undo_escapes(reading: Reading) -> Iterator[Reading]:
    """Yield a text without invisible characters, then after each decoded level of escapes."""
    visible = _Step(reading, _INVISIBLE, lambda _: "").read()
    if visible is not None:
        reading = visible
        yield reading
    for _ in range(_LEVELS):
        if not any(sign in reading.text for sign in _SIGNS_OF_ESCAPES):
            return
        following = _Step(reading, _ESCAPE, _read_match).read()
        if following is None:
            return
        reading = following
        yield reading


def _find_unfinished(text: str) -> re.Match[str] | None:
    return _UNFINISHED.search(text, max(0, len(text) - 48))


def _read_match(found: re.Match[str]) -> str:
    return _read_escape(found[0])


@lru_cache(4_096)
def _read_escape(escape: str) -> str:
    """Return the text that an escape stands for; the escape itself if it is unknown."""
    if escape[0] == "&":
        return _read_entity(escape)
    digits = _NO_DIGITS.sub("", escape)
    kind = escape.lstrip("\\")[:1] if escape[0] == "\\" else escape[1]
    if kind == "U" or "{" in escape:
        return chr(int(digits, 16)) if int(digits, 16) < 0x110000 else ""
    if kind == "u":
        return bytes.fromhex(digits).decode("utf-16-be", "surrogatepass")
    if escape[0] == "]" or (escape[0] == "\\" and kind != "x"):
        return _SIGNS.get(kind, "")
    try:
        return bytes.fromhex(digits).decode()
    except UnicodeDecodeError:
        return bytes.fromhex(digits).decode("latin-1")


def _read_entity(escape: str) -> str:
    name = escape[1:].rstrip(";").lower()
    if not name.startswith("#"):
        return html5.get(escape[1:], escape)
    code = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    return chr(code) if code < 0x110000 else ""
