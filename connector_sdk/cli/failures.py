"""Report why a command failed: what happened, where, and one next step, never a traceback."""

from __future__ import annotations

import errno
import traceback
from datetime import UTC, datetime
from pathlib import Path

import click

from connector_sdk.cli import terminal
from connector_sdk.cli.settings import Settings
from connector_sdk.contract.errors import Cancelled, ConfigError, ConnectorError, ExitCode
from connector_sdk.files.corruption import first_line
from connector_sdk.files.private import make_folder, write_file
from connector_sdk.lifecycle.connect import REDACTORS
from connector_sdk.project.locate import locate
from connector_sdk.state.folder import state_path

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
"""System errors that mean: no disk space, memory or file descriptors left."""


def report_failure(error: BaseException, settings: Settings) -> int:
    """Write to stderr what happened, and return the exit code."""
    if isinstance(error, click.exceptions.Abort | KeyboardInterrupt | Cancelled):
        terminal.say("interrupted")
        return ExitCode.INTERRUPTED
    if isinstance(error, BrokenPipeError) and terminal.has_no_reader():
        return ExitCode.INTERRUPTED
    if isinstance(error, click.ClickException):
        terminal.say(_usage(error))
        return ExitCode.CONFIG
    if isinstance(error, ConfigError):
        terminal.say(str(locate(error, settings.loaded.file) if settings.loaded else error))
        return error.exit_code
    if isinstance(error, ConnectorError):
        terminal.say(str(error))
        return error.exit_code
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        terminal.say(f"{first_line(error)} — make room in memory and on the disk, and run again; nothing is lost")
        return ExitCode.STOPPED
    terminal.say(_bug(error, settings))
    return ExitCode.BUG


def _usage(error: click.ClickException) -> str:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    where = context.command_path if context else "connector"
    return f"{error.format_message()} — {where} --help shows how it is used"


def _bug(error: BaseException, settings: Settings) -> str:
    details = REDACTORS.scrub("".join(traceback.format_exception(error)))
    summary = f"this is a bug: {type(error).__name__}: {error}"
    if settings.verbose:
        return f"{details}{summary} — report it with the lines above"
    kept = _keep(details, settings)
    return f"{summary} — report it with " + (f"the file {kept}" if kept else "what --verbose shows")


def _keep(details: str, settings: Settings) -> Path | None:
    """Write details into the state folder, readable by this user only. Return the file, or None if that fails."""
    if settings.loaded is None:
        return None
    try:
        folder = state_path(settings.loaded, settings.state)
        make_folder(folder)
        file = folder / f"bug-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.txt"
        write_file(file, details)
    except (OSError, ConfigError):
        return None
    return file
