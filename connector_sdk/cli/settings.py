"""What the options before and after a command say, and the project that they name."""

from __future__ import annotations

import logging
import os
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

VARIABLE = "CONNECTOR_PROJECT"

F = TypeVar("F", bound=Callable[..., Any] | click.Command)


@define(slots=False)
class Settings:
    """The options that every command takes; the `CommandSettings` of commands of plugins.

    `destinations` serve their types in place of installed plugins.
    """

    path: Path = field(factory=lambda: Path(os.environ.get(VARIABLE) or FILE_NAME))
    state: Path | None = None
    output: Format = Format.TABLE
    verbose: bool = False
    quiet: bool = False
    destinations: Mapping[str, Destination] | None = None

    @cached_property
    def project(self) -> Project:
        """The project; raises `ConfigError` when it cannot be loaded."""
        return load_project(self.path)

    @cached_property
    def outline(self) -> Project | Outline:
        """What looking back needs of the project, whatever mistakes it has otherwise; see `load_outline`."""
        return self.__dict__.get("project") or load_outline(self.path)

    @property
    def loaded(self) -> Project | Outline | None:
        """What commands have asked for of the project, if anything."""
        return self.__dict__.get("project") or self.__dict__.get("outline")

    def destination(self, type_: str) -> Destination:
        """The destination of a type."""
        return (self.destinations or {}).get(type_) or load(type_)

    def settings_of(self, type_: str, name: str | None = None) -> ConnectionSettings:
        """The settings of a connection of a type, for a command of its plugin; see `CommandSettings`."""
        found = [each.name for each in self.project.connections.values() if each.type == type_]
        if name is None and len(found) > 1:
            raise ConfigError(f"there are several {type_} connections: {', '.join(found)}", hint="name one of them")
        chosen = name or next(iter(found), None)
        if chosen not in found:
            wanted = f"no connection {name} of type {type_}" if name else f"no connection of type {type_}"
            have = ", ".join(found) or "none"
            raise ConfigError([Problem(f"there is {wanted}; the project has: {have}", ("connections",))])
        config, host = prepare_connection(self.project, chosen, self.destination(type_), Observers())
        click.get_current_context().with_resource(REDACTORS.include(host.redactor))
        return ConnectionSettings(chosen, config, host)

    def notes_of(self, run: str) -> RunNotes:
        """What a past run noted at its destination; see `CommandSettings`."""
        return notes(self.project, run, state=self.state)

    def write(self, columns: Sequence[str], records: Iterable[Record]) -> None:
        """Write records to stdout in the format that was asked for."""
        write_records(self.output, columns, records)

    def say(self, text: str) -> None:
        """Write a message to stderr."""
        terminal.say(text)


def global_options(command: F) -> F:
    """The options of every command; they may stand before its name as well as behind it."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def with_global_options(command: click.Command) -> click.Command:
    """A plugin's command with the options of every command, once."""
    named = {each.name for each in command.params}
    return command if {"path", "output"} <= named else global_options(command)


def _store(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is None or value is False:
        return
    settings = context.find_root().ensure_object(Settings)
    setattr(settings, str(parameter.name), Format(value) if parameter.name == "output" else value)
    if parameter.name in ("verbose", "quiet"):
        start_logging(settings)  # behind the name of a command they are read after the log was started


def _option(*names: str, **attributes: Any) -> Callable[[F], F]:
    return click.option(*names, expose_value=False, callback=_store, is_eager=True, **attributes)


_OPTIONS = (
    _option("--project", "path", type=click.Path(path_type=Path), help=f"The project file or folder [{FILE_NAME}]."),
    _option("--state", type=click.Path(path_type=Path), help="The state folder [.connector beside the project]."),
    _option("--output", type=click.Choice([each.value for each in Format]), help="How data are written [table]."),
    _option("--verbose", is_flag=True, help="Log more, and show the details of a bug."),
    _option("--quiet", is_flag=True, help="Say nothing but errors on stderr."),
)


class _Formatter(logging.Formatter):
    """Messages alone, which steer no terminal; tracebacks only for those who asked for details."""

    def __init__(self, verbose: bool) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s" if verbose else "%(message)s")
        self._verbose = verbose

    def format(self, record: logging.LogRecord) -> str:
        """What is shown of a record, whose traceback the filter of secrets has made already."""
        shown = copy(record)
        if not self._verbose:
            shown.exc_info = shown.exc_text = shown.stack_info = None
        return printable(super().format(shown))


def start_logging(settings: Settings) -> None:
    """Log to stderr, without any known secret."""
    handler = logging.StreamHandler()
    handler.addFilter(RedactingFilter(REDACTORS))
    handler.addFilter(lambda record: settings.verbose or record.name != TRACEBACKS)
    handler.setFormatter(_Formatter(settings.verbose))
    level = logging.DEBUG if settings.verbose else logging.ERROR if settings.quiet else logging.WARNING
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("connector_sdk").setLevel(level)
