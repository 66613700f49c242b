"""Write to the terminal without secrets: data to stdout, everything else to stderr."""

from __future__ import annotations

import errno
import io
import os
import select
import shutil
import sys
from contextlib import suppress
from typing import TextIO

import click
from rich.console import Console, RenderableType

from connector_sdk.cli.clean import printable
from connector_sdk.lifecycle.connect import REDACTORS

_UNLIMITED = 4_000
"""The width of tables in a file or a pipe, in columns: wide enough to cut nothing."""

_PLAIN = 100
"""The width of text that is wrapped for a file or a pipe, in columns."""

_NO_READER = (errno.EPIPE, errno.EBADF, errno.EIO)
"""System errors that mean that the pipe or the terminal is closed."""


def take_any_character() -> None:
    """Let stdout and stderr escape characters that their encoding lacks, such as `\\u2192`, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def takes_all_characters() -> bool:
    """Return whether stdout can encode every character."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return encoding.lower().replace("_", "-").startswith("utf")


def has_no_reader() -> bool:
    """Return whether the reader of stdout is gone. If so, send all further output to /dev/null."""
    if sys.stdout is None:
        return False
    with suppress(OSError, ValueError):
        watched = select.poll()
        watched.register(sys.stdout.fileno(), 0)
        if any(events & (select.POLLERR | select.POLLHUP) for _, events in watched.poll(0)):
            _close(sys.stdout)
            return True
    return False


def data(text: str) -> None:
    """Write data to stdout. If its reader is gone (`| head`), or there is no stdout, discard them."""
    _write(sys.stdout, REDACTORS.scrub(text, is_data=True))


def text(lines: str) -> None:
    """Write text for users to stdout, without characters that control a terminal."""
    data(f"{printable(lines)}\n")


def columns() -> int:
    """Return the width to which text is wrapped: that of the terminal, or 100 columns in a file or a pipe."""
    return shutil.get_terminal_size((_PLAIN, 24)).columns if _is_on_terminal() else _PLAIN


def show(content: RenderableType, width: int | None = None) -> None:
    """Write a table or styled text to stdout, in color only on a terminal.

    Without a width, the terminal's counts, and a file or a pipe has no limit.
    """
    on_terminal = _is_on_terminal()
    buffer = io.StringIO()
    if width is None and not on_terminal:
        width = _UNLIMITED
    console = Console(file=buffer, force_terminal=on_terminal, width=width, highlight=False, soft_wrap=False)
    console.print(content)
    data("".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines()))


def say(text: str) -> None:
    """Write a message for the user to stderr. If stderr cannot be written to, the command continues."""
    with suppress(OSError):
        _write(sys.stderr, f"{REDACTORS.scrub(printable(text))}\n")


def note(text: str) -> None:
    """Write a message to stderr, unless the user passed --quiet."""
    context = click.get_current_context(silent=True)
    if context is None or not getattr(context.find_root().obj, "quiet", False):
        say(text)


def _is_on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _write(stream: TextIO | None, text: str) -> None:
    """Write to a stream and flush it. If that fails, discard the rest, so that Python does not retry at exit."""
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        _close(stream)
        if error.errno not in _NO_READER:
            raise


def _close(stream: TextIO) -> None:
    """Send all further output of a stream to /dev/null."""
    with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
