"""Replace known secrets wherever text is about to be seen: each connection knows its own, while it is open."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from connector_sdk.observing.cleansing import cleanse
from connector_sdk.observing.secret_index import SecretIndex, find_secrets

MARK = "***"

_FULL = 4_096
"""Characters from which a text may have been cut: 16 KiB of UTF-8 are not fewer."""


class Redactor:
    """Knows the secrets of one connection; safe to use from any thread."""

    def __init__(self, mark: str = MARK) -> None:
        """`mark` is put in the place of a secret."""
        self._mark = mark
        self._changing = threading.Lock()
        self.index = SecretIndex()

    def hide(self, secret: str) -> None:
        """Replace `secret`, its lines and longer parts from now on, in every spelling of `docs/syncs/security.md`."""
        with self._changing:
            self.index.add(secret)

    def scrub(self, text: str) -> str:
        """Return the text without any known secret; nor does it begin or end within one, if it may have been cut."""
        return _replace(text, [self.index], self._mark)

    @contextmanager
    def cleanse_errors(self) -> Iterator[None]:
        """Cleanse what is raised within."""
        try:
            yield
        except BaseException as error:
            cleanse(error, self.scrub)
            raise


class OpenRedactors:
    """The redactors of the connections that are open: what a process prints or logs passes all of them."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._open: list[Redactor] = []
        self._closed: list[Redactor] = []
        self._keepers = 0

    @property
    def secrets(self) -> frozenset[str]:
        """What is hidden now."""
        return frozenset[str]().union(*(each.index.secrets for each in tuple(self._open)))

    def add(self, redactor: Redactor) -> None:
        """Count a redactor among them, until it is removed."""
        with self._changing:
            self._open.append(redactor)

    def remove(self, redactor: Redactor) -> None:
        """Count it no more, for its connection is closed; where they are kept, at the end of that."""
        with self._changing:
            self._closed.append(redactor)
            self._forget_closed()

    @contextmanager
    def include(self, redactor: Redactor) -> Iterator[None]:
        """Count a redactor among them within."""
        self.add(redactor)
        try:
            yield
        finally:
            self.remove(redactor)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep them after their connections are closed, for what is still to be said of these."""
        with self._changing:
            self._keepers += 1
        try:
            yield
        finally:
            with self._changing:
                self._keepers -= 1
                self._forget_closed()

    def scrub(self, text: str, *, is_data: bool = False) -> str:
        """Return the text without the secrets of any of them.

        Data are scrubbed already as they come in: they are whole, and short words in them are left alone.
        """
        return _replace(text, [each.index for each in tuple(self._open)], MARK, is_data=is_data)

    def _forget_closed(self) -> None:
        if not self._keepers:
            for each in self._closed:
                self._open.remove(each)
            self._closed.clear()


class RedactingFilter(logging.Filter):
    """A log filter that lets no secret of an open connection through, in messages or in tracebacks."""

    def __init__(self, redactor: Redactor | OpenRedactors) -> None:
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

    def __init__(self, redactor: Redactor | OpenRedactors) -> None:
        super().__init__()
        self.addFilter(RedactingFilter(redactor))

    def emit(self, record: logging.LogRecord) -> None:
        """Leave the record, which the filter has scrubbed, to the others."""
        last = logging.lastResort
        if last is not None and record.levelno >= last.level and not logging.getLogger().handlers:
            last.handle(record)


def _replace(text: str, indexes: Iterable[SecretIndex], mark: str, *, is_data: bool = False) -> str:
    kept, at = list[str](), 0
    for start, stop in find_secrets(text, indexes, is_cut=len(text) >= _FULL and not is_data, is_data=is_data):
        kept += [text[at:start], mark]
        at = stop
    return "".join((*kept, text[at:])) if kept else text
