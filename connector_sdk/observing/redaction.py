"""Replace known secrets wherever text is about to be seen, in every spelling in which they travel."""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from html.entities import codepoint2name
from itertools import product
from typing import Any
from urllib.parse import quote_plus

import attrs

MARK = "***"
_SHORTEST = 4
"""Shorter secrets are not looked for: replacing them would destroy the text around them."""
_LINE = 16
"""Characters from which a line of a secret of several lines, such as a key, is a secret by itself."""
_FULL = 4_096
"""Characters from which a text may have been cut: 16 KiB of UTF-8 are not fewer."""
_DEEP = 8
"""Backslashes before a character in JSON that is text within JSON, thrice."""
_SLASHES = rf"\\{{1,{_DEEP}}}"
_LAST = 12
"""Characters of the longest way to write one character; the last of a text that was cut may be incomplete."""


_BUILT_IN = ("strerror", "filename", "filename2", "reason", "msg", "text", "code")
"""Where exceptions of Python keep words beside their arguments."""


class Redactor:
    """Knows the secrets of this process; safe to use from any thread."""

    def __init__(self, mark: str = MARK) -> None:
        """`mark` is put in the place of a secret."""
        self._mark = mark
        self._lock = threading.Lock()
        self._hidden: tuple[_Hidden, ...] = ()

    def hide(self, secret: str) -> None:
        """From now on, replace `secret` and its lines: plain, escaped for URLs, JSON, XML or Python, and in base64."""
        with self._lock:
            known = {*self._hidden, *(_Hidden(each) for each in _pieces(secret))}
            self._hidden = tuple(sorted(known, key=lambda each: len(each.text), reverse=True))

    def scrub(self, text: str) -> str:
        """The text without any known secret; nor does it end with the beginning of one, if it may have been cut."""
        for each in self._hidden:
            text = each.replaced(text, self._mark)
        if len(text) >= _FULL:
            ends = (start for each in self._hidden if (start := each.begins_at_the_end(text)) is not None)
            return text if (end := min(ends, default=None)) is None else text[:end] + self._mark
        return text

    def cleanse(self, error: BaseException) -> None:
        """Take known secrets out of an exception and of those behind it: out of their words, and what else they say.

        A group behind it, whose words cannot be changed, is left out.
        """
        seen: set[int] = set()
        todo: list[BaseException | None] = [error]
        while todo:
            each = todo.pop()
            if each is None or id(each) in seen:
                continue
            seen.add(id(each))
            each.args = self._cleansed(each.args)
            for name in (*vars(each), *(name for name in _BUILT_IN if isinstance(getattr(each, name, None), str))):
                setattr(each, name, self._cleansed(getattr(each, name)))
            if isinstance(each.__cause__, BaseExceptionGroup) or isinstance(each.__context__, BaseExceptionGroup):
                each.__cause__ = each.__context__ = None
            todo += [each.__cause__, each.__context__]

    @contextmanager
    def cleansing(self) -> Iterator[None]:
        """What is raised within is cleansed."""
        try:
            yield
        except BaseException as error:
            self.cleanse(error)
            raise

    def _cleansed(self, value: Any) -> Any:
        if isinstance(value, str):
            clean = self.scrub(value)
            return value if clean == value else clean
        if type(value) in (list, tuple):
            return type(value)(map(self._cleansed, value))
        if attrs.has(type(value)):
            texts = {each.alias: getattr(value, each.name) for each in attrs.fields(type(value)) if each.init}
            return attrs.evolve(value, **{name: self.scrub(text) for name, text in texts.items() if type(text) is str})
        return value


class RedactingFilter(logging.Filter):
    """A log filter that lets no known secret through, in messages or in tracebacks."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Scrub the record; it is always let through."""
        record.msg, record.args = self._redactor.scrub(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._redactor.scrub(record.exc_text)
        if record.stack_info:
            record.stack_info = self._redactor.scrub(record.stack_info)
        return True


class RedactingHandler(logging.Handler):
    """Takes known secrets out of a record before the handlers of the loggers above it get it, and shows nothing itself.

    Where no other handler shows it, Python's last resort does, as it would without this one.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self.addFilter(RedactingFilter(redactor))

    def emit(self, record: logging.LogRecord) -> None:
        """Leave the record, which the filter has scrubbed, to the others."""
        last = logging.lastResort
        if last is not None and record.levelno >= last.level and not logging.getLogger().handlers:
            last.handle(record)


@attrs.frozen
class _Hidden:
    """A secret, and how it is found."""

    text: str

    def replaced(self, text: str, mark: str) -> str:
        """The text with `mark` in its place. What it has that nobody escapes is looked for first: that is quick."""
        if self._clue in text:
            text = self._escaped.sub(mark, text)
        for each in self._encoded:
            text = text.replace(each, mark)
        return text

    def begins_at_the_end(self, text: str) -> int | None:
        """Where it begins, when the text ends before it does."""
        for found in self._beginning.finditer(text, max(0, len(text) - self._longest)):
            if self._goes_to_the_end(text, found.start()):
                return found.start()
        return None

    def _goes_to_the_end(self, text: str, start: int) -> bool:
        """Whether the text from `start` is its beginning, in any spelling."""
        if any(each.startswith(text[start:]) for each in self._encoded):
            return True
        place = start
        for each in self._characters:
            found = each.match(text, place)
            if found is None:
                return len(text) - place < _LAST and place - start >= _SHORTEST
            place = found.end()
        return False

    @cached_property
    def _clue(self) -> str:
        return max((found.group() for found in re.finditer(r"[A-Za-z0-9]*", self.text)), key=len)

    @cached_property
    def _escaped(self) -> re.Pattern[str]:
        return re.compile("".join(map(_any_way, _parts(self.text))))

    @cached_property
    def _characters(self) -> tuple[re.Pattern[str], ...]:
        return tuple(map(re.compile, map(_any_way, _parts(self.text))))

    @cached_property
    def _longest(self) -> int:
        """Characters that it takes at most."""
        return 2 * len(self.text) + _LAST * len(re.findall(r"[^A-Za-z0-9]", self.text))

    @cached_property
    def _beginning(self) -> re.Pattern[str]:
        """Its first characters in any spelling; they may begin within those of another place."""
        plain = "".join(map(_any_way, _parts(self.text[:_SHORTEST])))
        encoded = (re.escape(each[:_SHORTEST]) for each in self._encoded)
        return re.compile(f"(?={'|'.join([plain, *encoded])})")

    @cached_property
    def _encoded(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_in_base64(self.text)))


def _pieces(secret: str) -> Iterator[str]:
    lines = [line.strip() for line in secret.splitlines()]
    yield from (each for each in (secret, secret.strip()) if len(each) >= _SHORTEST)
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _LINE and not line.startswith("-----"))


def _parts(secret: str) -> list[str]:
    """Its characters; backslashes that follow each other are one part, for escaping makes them more."""
    return re.findall(r"\\+|[^\\]", secret)


def _any_way(part: str) -> str:
    """A pattern for a part as it stands, in a URL, in JSON (also within JSON), in XML, or in a repr."""
    character = part[0]
    if character.isascii() and character.isalnum():
        return character
    escaped = "|".join(_escapes(character))
    if character == "\\":
        return rf"(?:\\{{{len(part)},{_DEEP * len(part)}}}|(?:{escaped}){{{len(part)}}})"
    return rf"(?:{escaped}|\\{{0,{_DEEP}}}{re.escape(character)})"


def _escapes(character: str) -> Iterator[str]:
    code, units = ord(character), character.encode("utf-16-be", "surrogatepass")
    in_url = "".join(f"%(?:25){{0,2}}{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    in_json = "".join(rf"{_SLASHES}u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
    yield from (rf"(?i:{in_url})", rf"(?i:{in_json})", rf"&#0*{code};", rf"(?i:&#x0*{code:x};)")
    yield f"{_SLASHES}x{code:02x}" if code < 256 else f"{_SLASHES}U{code:08x}"
    yield from (f"&{name};" for name in (codepoint2name.get(code), _NAMED.get(character)) if name)
    if character in _SHORT:
        yield f"{_SLASHES}{_SHORT[character]}"
    if character == " ":
        yield r"\+"


_NAMED = {"'": "apos"}
_SHORT = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}


def _in_base64(secret: str) -> Iterator[str]:
    """The characters that belong to nothing but the secret, wherever it begins in what was encoded.

    What was encoded may be a form or JSON.
    """
    plain = secret.encode("utf-8", "surrogatepass")
    forms = dict.fromkeys((plain, quote_plus(plain).encode(), json.dumps(secret)[1:-1].encode()))
    for before, text in product(range(3), forms):
        encoded = base64.b64encode(b"\0" * before + text).decode().rstrip("=")
        own = encoded[before * 4 // 3 + bool(before) : -1]
        yield from (own, own.translate(str.maketrans("+/", "-_")), own.replace("+", "%2B").replace("/", "%2F"))
