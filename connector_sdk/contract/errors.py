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

Each of them crosses processes with what caused it (`Portable`).
Failures of single rows are data (`WriteResult`), never exceptions.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

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


class Portable(BaseException):
    """An exception that crosses processes: it is pickled with its attributes, its notes, and what caused it.

    A cause that cannot be pickled is replaced by an `UnpicklableError`, which says what it was.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, vars(self), _pack_error(self.__cause__), self.__suppress_context__)


class UnpicklableError(Portable, Exception):
    """Stands for an exception that cannot leave its process; its text has the type and the text of that one."""


def _restore(cls: type[BaseException], args: Any, attributes: Any, cause: Any, suppresses: bool) -> BaseException:
    error = cls.__new__(cls, *args)
    vars(error).update(attributes)
    error.__cause__ = _unpack_error(cause)
    error.__suppress_context__ = suppresses
    return error


def _pack_error(error: BaseException | None) -> tuple[BaseException, Any] | None:
    """An exception and those that caused it: others than ours lose theirs when they are pickled."""
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


class NotExecuted(Portable, Exception):
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


class Stale(Portable, Exception):
    """Raised when the target is no longer at `Batch.version`; the core reads it and plans anew.

    Where a saved plan is run, that is refused instead (exit 6), with what changed.
    """


class Cancelled(Portable):
    """Raised by `attempt.wait` when a run that stops waits no longer; a destination lets it through."""
