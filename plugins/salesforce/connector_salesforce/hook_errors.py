"""What a failed call means for the hook that made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from connector_salesforce.errors.codes import classify as of_salesforce
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.quota import CALLS_KEPT
from connector_sdk import Classification, Executed, ExitCode, Kind, NotExecuted, RunStopped

Classify = Callable[[CallFailed], Classification | None]
"""Says what a failed call asks for; None where nobody knows."""


@contextmanager
def as_run_stopped(classify: Classify = of_salesforce) -> Iterator[None]:
    """Where there is no batch, a failure that would not pass goes to the person, with what to do about it.

    Raises `RunStopped` for it, and any other `CallFailed` as it is.
    """
    try:
        yield
    except CallFailed as error:
        known = classify(error)
        if known is None or known.kind is not Kind.FATAL:
            raise
        exit_code = ExitCode.GUARD if error.code == CALLS_KEPT else ExitCode.UNREACHABLE
        raise RunStopped(str(error), hint=known.advice, exit_code=exit_code) from error


@contextmanager
def as_not_executed() -> Iterator[None]:
    """Where there is a batch, a failure which proves that nothing of it was executed is `NotExecuted`."""
    try:
        yield
    except CallFailed as error:
        if error.executed is Executed.NO:
            raise NotExecuted(error.code, error.message, retry_after=error.retry_after) from error
        raise
