"""The options that every command takes, and the project that they name."""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import click
from attrs import define, field

from connector_sdk.cli import terminal
from connector_sdk.cli.clean import printable
from connector_sdk.cli.records import Format, Record, write_records
from connector_sdk.contract.connection import ConnectionSettings, RunNotes
from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.project import Outline, Project
from connector_sdk.history import notes
from connector_sdk.hooks.destination import Destination
from connector_sdk.hooks.observers import Observers
from connector_sdk.hooks.plugins import load
from connector_sdk.hooks.repeat import TRACEBACKS
from connector_sdk.lifecycle.connect import REDACTORS, prepare_connection
from connector_sdk.observing.redaction import RedactingFilter
from connector_sdk.project.load import FILE_NAME, load_outline, load_project
from connector_sdk.settings.suggest import closest

VARIABLE = "CONNECTOR_PROJECT"

F = TypeVar("F", bound=Callable[..., Any] | click.Command)


@define(slots=False)
class Settings:
    """The options that every command takes. Commands of plugins get them as their `CommandSettings`.

    `destinations` replace the installed plugins of their types.
    """

    path: Path = field(factory=lambda: _default_path())
    state: Path | None = None
    output: Format = Format.TABLE
    verbose: bool = False
    quiet: bool = False
    destinations: Mapping[str, Destination] | None = None

    @cached_property
    def project(self) -> Project:
        """The project. Raises `ConfigError` if it cannot be loaded."""
        return load_project(self.path)

    @cached_property
    def outline(self) -> Project | Outline:
        """The part of the project that commands about past runs need. The rest may be wrong; see `load_outline`."""
        return self.__dict__.get("project") or load_outline(self.path)

    @property
    def loaded(self) -> Project | Outline | None:
        """The project or its outline, if the command has loaded it already; else None."""
        return self.__dict__.get("project") or self.__dict__.get("outline")

    @property
    def command(self) -> str:
        """The command by which the user reaches this project again: `connector`, with the options that led here."""
        options = ["--project", str(self.path)] if self.path != _default_path() else []
        return shlex.join(["connector", *options, *(["--state", str(self.state)] if self.state else [])])

    def destination(self, type_: str) -> Destination:
        """Return the destination of a type."""
        return (self.destinations or {}).get(type_) or load(type_)

    def settings_of(self, type_: str, name: str | None = None) -> ConnectionSettings:
        """Return the settings of a connection of a type, for a command of its plugin; see `CommandSettings`.

        Raises `ConfigError` if there is no such connection, or if there are several and `name` is None.
        """
        found = [each.name for each in self.project.connections.values() if each.type == type_]
        if name is None and len(found) > 1:
            raise ConfigError(f"there are several {type_} connections: {', '.join(found)}", hint="name one of them")
        chosen = name or next(iter(found), None)
        if chosen not in found:
            wanted = f"no connection {name} of type {type_}" if name else f"no connection of type {type_}"
            have = ", ".join(found) or "none"
            near = closest(name, found) if name else None
            hint = f"did you mean {near}?" if near else ""
            raise ConfigError([Problem(f"there is {wanted}; the project has: {have}", ("connections",), hint)])
        config, host = prepare_connection(self.project, chosen, self.destination(type_), Observers())
        click.get_current_context().with_resource(REDACTORS.include(host.redactor))
        return ConnectionSettings(chosen, config, host)

    def notes_of(self, run: str) -> RunNotes:
        """Return the notes of a past run, such as its anchors; see `CommandSettings`."""
        return notes(self.project, run, state=self.state)

    def write(self, columns: Sequence[str], records: Iterable[Record]) -> None:
        """Write records to stdout in the format that --output names."""
        write_records(self.output, columns, records)

    def say(self, text: str) -> None:
        """Write a message to stderr."""
        terminal.say(text)


def _default_path() -> Path:
    return Path(os.environ.get(VARIABLE) or FILE_NAME)


def global_options(command: F) -> F:
    """Add the options of every command. The user may write them before the command's name or after it."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def with_global_options(command: click.Command) -> click.Command:
    """Add the options of every command to a plugin's command, unless it has them already."""
    named = {each.name for each in command.params}
    return command if {"path", "output"} <= named else global_options(command)


def _store(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is None or value is False:
        return
    settings = context.find_root().ensure_object(Settings)
    setattr(settings, str(parameter.name), Format(value) if parameter.name == "output" else value)
    if parameter.name in ("verbose", "quiet"):
        start_logging(settings)  # after a command's name, these options are parsed when the log has started


def _option(*names: str, **attributes: Any) -> Callable[[F], F]:
    return click.option(*names, expose_value=False, callback=_store, is_eager=True, **attributes)


_OPTIONS = (
    _option("--project", "path", type=click.Path(path_type=Path), help=f"The project file or folder [{FILE_NAME}]."),
    _option("--state", type=click.Path(path_type=Path), help="The state folder [.connector beside the project]."),
    _option(
        "--output", type=click.Choice([each.value for each in Format]), help="The format of data on stdout [table]."
    ),
    _option("--verbose", is_flag=True, help="Log more, and show the details of a bug."),
    _option("--quiet", is_flag=True, help="Write only errors to stderr."),
)


class _Formatter(logging.Formatter):
    """A formatter that removes terminal control characters, and shows tracebacks only with --verbose."""

    def __init__(self, verbose: bool) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s" if verbose else "%(message)s")
        self._verbose = verbose

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record. The filter of secrets has formatted its traceback already."""
        shown = copy(record)
        if not self._verbose:
            shown.exc_info = shown.exc_text = shown.stack_info = None
        return printable(super().format(shown))


def start_logging(settings: Settings) -> None:
    """Log to stderr, with known secrets removed."""
    handler = logging.StreamHandler()
    handler.addFilter(RedactingFilter(REDACTORS))
    handler.addFilter(lambda record: settings.verbose or record.name != TRACEBACKS)
    handler.setFormatter(_Formatter(settings.verbose))
    level = logging.DEBUG if settings.verbose else logging.ERROR if settings.quiet else logging.WARNING
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("connector_sdk").setLevel(level)
