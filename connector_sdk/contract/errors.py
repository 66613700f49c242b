"""The exceptions of the product, and the exit codes of its commands.

Errors that users read::

    ConnectorError
    ├── ConfigError     the project, a connection or a mapping is wrong: lists every problem
    ├── PluginError     a destination broke the contract
    └── RunStopped      a run cannot continue; nothing is lost, `exit_code` says why

Errors that a destination raises for the core, and that users never see::

    NotExecuted         nothing of the batch was executed
    Stale               the target changed since it was read (mode `all`)

An exception that a destination must let propagate::

    Cancelled           the run stops, and no longer waits

All of them can be pickled together with their causes (`Portable`), so they cross processes.
Failures of single rows are data (`WriteResult`), never exceptions.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from attrs import evolve, field, frozen


class ExitCode(IntEnum):
    """The exit code of a command."""

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

    `path` is the place in the project (`("syncs", "contacts", "mode")`). `line` counts from 1 and is known if the
    project came from a file.
    """

    message: str
    path: tuple[str | int, ...] = ()
    hint: str = ""
    file: str = field(default="", kw_only=True)
    line: int | None = field(default=None, kw_only=True)

    def __str__(self) -> str:
        place = ".".join(str(part) for part in self.path)
        where = ":".join(str(part) for part in (self.file, self.line) if part)
        parts = [part for part in (where, place) if part]
        text = f"{' '.join(parts)}: {self.message}" if parts else self.message
        return f"{text} — {self.hint}" if self.hint else text


class Portable(BaseException):
    """An exception that crosses processes: it is pickled with its attributes, its notes and its cause.

    An `UnpicklableError` replaces a cause that cannot be pickled.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, vars(self), _pack_error(self.__cause__), self.__suppress_context__)


class UnpicklableError(Portable, Exception):
    """The stand-in for an exception that cannot be pickled; its text has the type and the text of that exception."""


def _restore(cls: type[BaseException], args: Any, attributes: Any, cause: Any, suppresses: bool) -> BaseException:
    error = cls.__new__(cls, *args)
    vars(error).update(attributes)
    error.__cause__ = _unpack_error(cause)
    error.__suppress_context__ = suppresses
    return error


def _pack_error(error: BaseException | None) -> tuple[BaseException, Any] | None:
    """Return an exception with its causes, because only a `Portable` exception keeps its cause when it is pickled."""
    if error is None:
        return None
    if isinstance(error, Portable):
        return error, None
    try:
        whole = type(pickle.loads(pickle.dumps(error))) is type(error)
    except Exception:
        whole = False
    kept = error if whole else UnpicklableError(f"{type(error).__name__}: {error}")
    return kept, _pack_error(error.__cause__)


def _unpack_error(packed: tuple[BaseException, Any] | None) -> BaseException | None:
    if packed is None:
        return None
    error, cause = packed
    if cause is not None:
        error.__cause__ = _unpack_error(cause)
    return error


class ConnectorError(Portable, Exception):
    """The base class of all errors that users read.

    try:
        run(project, "contacts")
    except ConnectorError as error:
        sys.exit(error.exit_code)
    """

    exit_code: ExitCode = ExitCode.BUG


class ConfigError(ConnectorError):
    """An error in the project, a connection or a mapping. `problems` lists everything that is wrong."""

    exit_code = ExitCode.CONFIG

    def __init__(
        self, problems: Sequence[Problem] | str, *, hint: str = "", exit_code: ExitCode = ExitCode.CONFIG
    ) -> None:
        self.problems: tuple[Problem, ...] = (
            (Problem(problems, hint=hint),) if isinstance(problems, str) else tuple(problems)
        )
        self.exit_code = exit_code
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def with_prefix(self, *place: str | int) -> ConfigError:
        """Return the same error with `place` put before the path of each problem."""
        placed = [evolve(each, path=(*place, *each.path)) for each in self.problems]
        return ConfigError(placed, exit_code=self.exit_code)


class PluginError(ConnectorError):
    """A breach of the contract by a plugin. The message names the plugin, the hook and the expected answer."""


class RunStopped(ConnectorError):
    """The error of a run that cannot continue. What it did is recorded; `exit_code` says whether it can be resumed."""

    def __init__(self, message: str, *, hint: str, exit_code: ExitCode = ExitCode.STOPPED) -> None:
        super().__init__(f"{message} — {hint}")
        self.message = message
        self.hint = hint
        self.exit_code = exit_code


class NotExecuted(Portable, Exception):
    """The error that `write_batch` raises only if it is certain that nothing of the batch was executed.

    `code` is classified like any other. `split` says that a smaller batch would be accepted, because the body was too
    large. `retry_after` is how many seconds the destination asks us to wait before the next try.
    """

    def __init__(self, code: str, message: str, *, split: bool = False, retry_after: float | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.split = split
        self.retry_after = retry_after


class Stale(Portable, Exception):
    """The error of a target that is no longer at `Batch.version`. The core reads the target and plans again.

    If it runs a saved plan, the core refuses that plan instead (exit 6) and lists what changed.
    """


class Cancelled(Portable):
    """The exception that `attempt.wait` raises when a stopping run no longer waits. Destinations let it propagate."""
