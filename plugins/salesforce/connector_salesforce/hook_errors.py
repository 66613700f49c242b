"""Translate a failed call into the error that a hook raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from connector_salesforce.errors.codes import classify as of_salesforce
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.quota import CALLS_KEPT
from connector_sdk import Classification, Executed, ExitCode, Kind, NotExecuted, RunStopped

Classify = Callable[[CallFailed], Classification | None]
"""A function that classifies a failed call, or returns None if it does not know the code."""


@contextmanager
def as_run_stopped(classify: Classify = of_salesforce) -> Iterator[None]:
    """Turn a fatal call failure into a `RunStopped` that tells the user what to do.

    Hooks without a batch use it. Raises any other `CallFailed` unchanged.
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
    """Turn a failed call into `NotExecuted` if it proves that nothing of the batch was executed.

    Hooks with a batch use it. Raises any other `CallFailed` unchanged.
    """
    try:
        yield
    except CallFailed as error:
        if error.executed is Executed.NO:
            raise NotExecuted(error.code, error.message, retry_after=error.retry_after) from error
        raise
