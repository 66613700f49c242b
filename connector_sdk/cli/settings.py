"""What the options before and after a command say, and the project that they name."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import click
from attrs import define, field

from connector_sdk.cli.records import Format
from connector_sdk.destination import Destination, load
from connector_sdk.observing.redaction import RedactingFilter
from connector_sdk.opening import REDACTOR
from connector_sdk.project.load import FILE_NAME, load_project
from connector_sdk.sync import Project

VARIABLE = "CONNECTOR_PROJECT"

F = TypeVar("F", bound=Callable[..., Any])


@define(slots=False)
class Settings:
    """The options that every command takes. Commands of plugins get it as `ctx.obj`.

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

    @property
    def loaded(self) -> Project | None:
        """The project, if a command has asked for it."""
        return self.__dict__.get("project")

    def destination(self, type_: str) -> Destination:
        """The destination of a type."""
        return (self.destinations or {}).get(type_) or load(type_)


def global_options(command: F) -> F:
    """The options of every command; they may stand before its name as well as behind it."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _store(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is None or value is False:
        return
    settings = context.find_root().ensure_object(Settings)
    setattr(settings, str(parameter.name), Format(value) if parameter.name == "output" else value)


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
    """Messages alone; tracebacks only for those who asked for details."""

    def __init__(self, verbose: bool) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s" if verbose else "%(message)s")
        self._verbose = verbose

    def formatException(self, ei: Any) -> str:
        """The traceback, or nothing."""
        return super().formatException(ei) if self._verbose else ""


def start_logging(settings: Settings) -> None:
    """Log to stderr, without any known secret."""
    handler = logging.StreamHandler()
    handler.addFilter(RedactingFilter(REDACTOR))
    handler.setFormatter(_Formatter(settings.verbose))
    level = logging.DEBUG if settings.verbose else logging.ERROR if settings.quiet else logging.WARNING
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("connector_sdk").setLevel(level)
