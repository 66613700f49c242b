"""Replace known secrets in all output. Each open connection has a redactor with its own secrets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from connector_sdk.observing.cleansing import cleanse
from connector_sdk.observing.secret_index import SecretIndex, find_secrets

MARK = "***"

_FULL = 4_096
"""The length, in characters, from which a text may have been cut: 16 KiB of UTF-8 have at least as many."""


class Redactor:
    """The secrets of one connection, and their replacement in texts. Safe to use from any thread."""

    def __init__(self, mark: str = MARK) -> None:
        """Start without secrets. `mark` replaces each secret."""
        self._mark = mark
        self._changing = threading.Lock()
        self.index = SecretIndex()

    def hide(self, secret: str) -> None:
        """Replace `secret`, its lines and long parts from now on, in every spelling of `docs/syncs/security.md`."""
        with self._changing:
            self.index.add(secret)

    def scrub(self, text: str) -> str:
        """Return the text without known secrets. If it may have been cut, parts of secrets at its ends go, too."""
        return _replace(text, [self.index], self._mark)

    @contextmanager
    def cleanse_errors(self) -> Iterator[None]:
        """Remove known secrets from exceptions that are raised within."""
        try:
            yield
        except BaseException as error:
            cleanse(error, self.scrub)
            raise


class OpenRedactors:
    """The redactors of all open connections. Everything that the process prints or logs passes all of them."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._open: list[Redactor] = []
        self._closed: list[Redactor] = []
        self._open_keeps = 0

    @property
    def secrets(self) -> frozenset[str]:
        """The secrets that are hidden now."""
        return frozenset[str]().union(*(each.index.secrets for each in tuple(self._open)))

    def add(self, redactor: Redactor) -> None:
        """Add the redactor of an open connection."""
        with self._changing:
            self._open.append(redactor)

    def remove(self, redactor: Redactor) -> None:
        """Remove the redactor of a closed connection. Inside `keep`, it stays until that block ends."""
        with self._changing:
            self._closed.append(redactor)
            self._forget_closed()

    @contextmanager
    def include(self, redactor: Redactor) -> Iterator[None]:
        """Add a redactor, and remove it at the end."""
        self.add(redactor)
        try:
            yield
        finally:
            self.remove(redactor)

    @contextmanager
    def keep(self) -> Iterator[None]:
        """Keep redactors beyond the end of their connections, for messages about closed connections."""
        with self._changing:
            self._open_keeps += 1
        try:
            yield
        finally:
            with self._changing:
                self._open_keeps -= 1
                self._forget_closed()

    def scrub(self, text: str, *, is_data: bool = False) -> str:
        """Return the text without the secrets of any open connection.

        Set `is_data` for data, which were scrubbed when they arrived. They are never cut; short secrets in them stay.
        """
        return _replace(text, [each.index for each in tuple(self._open)], MARK, is_data=is_data)

    def _forget_closed(self) -> None:
        if not self._open_keeps:
            for each in self._closed:
                self._open.remove(each)
            self._closed.clear()


class RedactingFilter(logging.Filter):
    """A log filter that removes the secrets of open connections from messages and tracebacks."""

    def __init__(self, redactor: Redactor | OpenRedactors) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Scrub the record. It always passes."""
        record.msg, record.args = self._redactor.scrub(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._redactor.scrub(record.exc_text)
        if record.stack_info:
            record.stack_info = self._redactor.scrub(record.stack_info)
        return True


class RedactingHandler(logging.Handler):
    """A log handler that removes known secrets from a record before handlers of parent loggers get it.

    It writes nothing itself. If there is no other handler, Python's last resort writes the record, as usual.
    """

    def __init__(self, redactor: Redactor | OpenRedactors) -> None:
        super().__init__()
        self.addFilter(RedactingFilter(redactor))

    def emit(self, record: logging.LogRecord) -> None:
        """Leave the record, which the filter has scrubbed, to the other handlers."""
        last = logging.lastResort
        if last is not None and record.levelno >= last.level and not logging.getLogger().handlers:
            last.handle(record)


def _replace(text: str, indexes: Iterable[SecretIndex], mark: str, *, is_data: bool = False) -> str:
    kept, at = list[str](), 0
    for start, stop in find_secrets(text, indexes, is_cut=len(text) >= _FULL and not is_data, is_data=is_data):
        kept += [text[at:start], mark]
        at = stop
    return "".join((*kept, text[at:])) if kept else text
