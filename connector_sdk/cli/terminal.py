"""Write to the terminal: data to stdout, everything else, without secrets, to stderr."""

from __future__ import annotations

import io
import os
import sys

import click
from rich.console import Console, RenderableType

from connector_sdk.cli.clean import printable
from connector_sdk.opening import REDACTOR

_UNLIMITED = 4_000
"""Columns of output that goes into a file or a pipe: nothing is cut."""


def data(text: str) -> None:
    """Write data to stdout; once its reader has seen enough (`| head`), to nowhere."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def text(lines: str) -> None:
    """Write text for people to stdout, without what would steer their terminal."""
    data(f"{printable(lines)}\n")


def show(content: RenderableType) -> None:
    """Write a table or styled text to stdout; in colour only on a terminal."""
    on_terminal = sys.stdout.isatty()
    buffer = io.StringIO()
    width = None if on_terminal else _UNLIMITED
    console = Console(file=buffer, force_terminal=on_terminal, width=width, highlight=False, soft_wrap=False)
    console.print(content)
    data("".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines()))


def say(text: str) -> None:
    """Write a message for a person to stderr."""
    click.echo(printable(REDACTOR.scrub(text)), err=True)


def note(text: str) -> None:
    """Write a message that nobody misses who asked for --quiet."""
    context = click.get_current_context(silent=True)
    if context is None or not getattr(context.find_root().obj, "quiet", False):
        say(text)
