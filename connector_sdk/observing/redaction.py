"""Replace known secrets wherever text is about to be seen, in every spelling in which they travel."""

from __future__ import annotations

import base64
import json
import logging
import threading
import urllib.parse
from collections.abc import Iterator

MARK = "***"
_SHORTEST = 4
"""Shorter secrets are not looked for: replacing them would destroy the text around them."""


class Redactor:
    """Knows the secrets of this process; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spellings: tuple[str, ...] = ()

    def hide(self, secret: str) -> None:
        """From now on, replace `secret`: plain, URL-encoded, JSON-escaped and in base64."""
        if len(secret) < _SHORTEST:
            return
        with self._lock:
            known = {*self._spellings, *_spellings(secret)}
            self._spellings = tuple(sorted(known, key=len, reverse=True))

    def scrub(self, text: str) -> str:
        """The text without any known secret."""
        for spelling in self._spellings:
            text = text.replace(spelling, MARK)
        return text


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
        return True


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    yield urllib.parse.quote(secret, safe="")
    yield urllib.parse.quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    for prefix in ("", "\0", "\0\0"):
        encoded = base64.b64encode(prefix.encode() + secret.encode()).decode().rstrip("=")
        yield encoded[len(prefix) * 4 // 3 + bool(prefix) : -1]
