"""The command line: finds the commands, ours and those of plugins, and ends each with an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from connector_sdk.cli import terminal
from connector_sdk.cli.failures import report_failure
from connector_sdk.cli.settings import Settings, global_options, start_logging, with_global_options
from connector_sdk.hooks.plugins import find_installed
from connector_sdk.lifecycle.connect import REDACTORS

_COMMANDS = {
    "init": "init_commands",
    "schema": "init_commands",
    "check": "inspect_commands",
    "discover": "inspect_commands",
    "plan": "run_commands",
    "run": "run_commands",
    "runs": "history_commands",
    "show": "history_commands",
    "rows": "history_commands",
    "calls": "history_commands",
    "resolve": "history_commands",
    "explain": "inspect_commands",
}
"""Our commands in the order of use, each with its module, which is imported when click looks for the command."""


class PluginCommands(click.Group):
    """The commands of one destination. Its plugin is imported when click looks for one of them, not before."""

    def __init__(self, type_: str) -> None:
        super().__init__(type_.replace("_", "-"), short_help=f"Commands of the destination {type_}.")
        self._type = type_

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the destination's commands."""
        return sorted(self._load_commands(ctx))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of the destination, or None."""
        return self._load_commands(ctx).get(cmd_name)

    def _load_commands(self, ctx: click.Context) -> dict[str, click.Command]:
        destination = ctx.find_root().ensure_object(Settings).destination(self._type)
        return {str(each.name): with_global_options(each) for each in destination.commands()}


class Connector(click.Group):
    """All commands. A command ends with an exit code that says what happened, never with a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return our commands in the order of use, then the names of the destinations."""
        return [*_COMMANDS, *sorted(set(_types_by_command(ctx)) - set(_COMMANDS))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one of our commands or a destination's group of commands, or None."""
        if cmd_name in _COMMANDS:
            command: click.Command = getattr(import_module(f"connector_sdk.cli.{_COMMANDS[cmd_name]}"), cmd_name)
            return command
        type_ = _types_by_command(ctx).get(cmd_name)
        return PluginCommands(type_) if type_ else None

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        """Parse the arguments."""
        with _tell_broken_pipes():
            return super().make_context(*arguments, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was parsed."""
        with _tell_broken_pipes():
            return super().invoke(ctx)

    def main(  # type: ignore[override]  # the flags of click that we fix are not offered
        self, args: Sequence[str] | None = None, prog_name: str | None = "connector", **extra: Any
    ) -> Any:
        """Run the command that `args` name, and exit."""
        settings = extra.setdefault("obj", Settings())
        extra["standalone_mode"] = False
        terminal.take_any_character()
        with REDACTORS.keep():
            try:
                ended = super().main(args, prog_name, **extra)
            except SystemExit:
                raise
            except BaseException as error:
                failure = error.__cause__ if isinstance(error, _PipeError) else None
                sys.exit(int(report_failure(failure or error, settings)))
            sys.exit(int(ended) if isinstance(ended, int) else 0)


class _PipeError(Exception):
    """A broken pipe, wrapped. click would end the command with exit code 1 and no message, whichever pipe it is."""


@contextmanager
def _tell_broken_pipes() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _PipeError from error


def _types_by_command(ctx: click.Context) -> dict[str, str]:
    """Return the types of destinations by the names of their command groups, without importing a plugin."""
    settings = ctx.find_root().ensure_object(Settings)
    return {type_.replace("_", "-"): type_ for type_ in (*find_installed(), *(settings.destinations or ()))}


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("connector-sdk")
        except PackageNotFoundError:
            number = "(not installed)"
        terminal.text(f"connector {number}")
        context.exit()


@click.group(cls=Connector, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@global_options
@click.pass_context
def connector(context: click.Context) -> None:
    """Write what changed in a warehouse into business applications, exactly.

    \b
    Exit codes:
      0         every row was accepted, or there was nothing to do
      1         some rows were rejected or not processed
      2         a run would change something (plan --detailed-exitcode)
      3         rows are held
      4         stopped; can be resumed
      5         another run holds the lock
      6         stopped by a guard or a stale plan
      64        wrong usage or configuration
      69        cannot reach the destination or log in
      70        a bug
      130, 143  interrupted; can be resumed
    """
    start_logging(context.ensure_object(Settings))
