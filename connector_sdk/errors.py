"""The exceptions of the product, and the codes with which a command ends.

What a person reads::

    ConnectorError
    ├── ConfigError     the project, a connection or a mapping is wrong: lists every problem
    ├── PluginError     a destination broke the contract
    └── RunStopped      a run cannot go on; nothing is lost, `exit_code` says why

What a destination raises to the core, never shown to a person::

    NotExecuted         nothing of the batch was executed
    Stale               the target changed since it was read (mode `all`)

What a destination must let through::

    Cancelled           the run stops, and no longer waits

Failures of single rows are data (`WriteResult`), never exceptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from attrs import evolve, frozen


class ExitCode(IntEnum):
    """How a command ends."""

    OK = 0
    ROWS_FAILED = 1
    CHANGES = 2
    HELD = 3
    STOPPED = 4
    LOCKED = 5
    GUARD = 6
    CONFIG = 64
    UNREACHABLE = 69
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


@frozen
class Problem:
    """One thing that is wrong, where it is, and what to do about it.

    `path` leads to the place in the project (`("syncs", "contacts", "mode")`); `line` is counted from 1 and is
    known when the project came from a file.
    """

    message: str
    path: tuple[str | int, ...] = ()
    hint: str = ""
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = ".".join(str(part) for part in self.path)
        where = ":".join(str(part) for part in (self.file, self.line) if part)
        parts = [part for part in (where, place) if part]
        text = f"{' '.join(parts)}: {self.message}" if parts else self.message
        return f"{text} — {self.hint}" if self.hint else text


class ConnectorError(Exception):
    """The root of everything that is meant for a person.

    try:
        run(project, "contacts")
    except ConnectorError as error:
        sys.exit(error.exit_code)
    """

    exit_code: ExitCode = ExitCode.BUG


class ConfigError(ConnectorError):
    """Something in the project, a connection or a mapping is wrong; `problems` lists all of it."""

    exit_code = ExitCode.CONFIG

    def __init__(
        self, problems: Sequence[Problem] | str, *, hint: str = "", exit_code: ExitCode = ExitCode.CONFIG
    ) -> None:
        self.problems: tuple[Problem, ...] = (
            (Problem(problems, hint=hint),) if isinstance(problems, str) else tuple(problems)
        )
        self.exit_code = exit_code
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def below(self, *place: str | int) -> ConfigError:
        """The same error, its problems placed below a place of the project."""
        placed = [evolve(each, path=(*place, *each.path)) for each in self.problems]
        return ConfigError(placed, exit_code=self.exit_code)


class PluginError(ConnectorError):
    """A destination broke the contract: the message names the plugin, the hook and what it should have answered."""


class RunStopped(ConnectorError):
    """A run cannot go on. What was done is recorded; `exit_code` says whether it can be resumed."""

    def __init__(self, message: str, *, hint: str, exit_code: ExitCode = ExitCode.STOPPED) -> None:
        super().__init__(f"{message} — {hint}")
        self.message = message
        self.hint = hint
        self.exit_code = exit_code


class NotExecuted(Exception):
    """Raised by `write_batch` when nothing of the batch was executed, for certain.

    `code` is classified like any other; `split` says that a smaller batch would pass (the body was too large),
    `retry_after` how many seconds the destination asks for before the next try.
    """

    def __init__(self, code: str, message: str, *, split: bool = False, retry_after: float | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.split = split
        self.retry_after = retry_after


class Stale(Exception):
    """Raised when the target is no longer at `Batch.version`; the core reads it and plans anew.

    Where a saved plan is run, that is refused instead (exit 6), with what changed.
    """


class Cancelled(BaseException):
    """Raised by `attempt.wait` when a run that stops waits no longer; a destination lets it through."""
