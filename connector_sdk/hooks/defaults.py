"""The default hooks of a destination. They are registered with every plugin and called last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

from connector_sdk.contract.errors import Problem
from connector_sdk.contract.hookspecs import PROJECT
from connector_sdk.contract.outcome import Classification, Executed, Kind, RowError, Unknown
from connector_sdk.contract.plan import Finding

if TYPE_CHECKING:
    import click

hookimpl = pluggy.HookimplMarker(PROJECT)


@hookimpl(trylast=True)
def recover_batch() -> Unknown:
    """Return `Unknown`, because the destination cannot look a batch up."""
    return Unknown(hint="The destination keeps no record of batches; look for the rows there.")


@hookimpl(trylast=True)
def classify_error(error: RowError | BaseException) -> Classification:
    """Classify an error: a failed row is rejected, a network error is transient, and anything else stops the run."""
    if isinstance(error, RowError):
        return Classification(kind=Kind.REJECTED, executed=Executed.NO)
    if isinstance(error, OSError):
        return Classification(kind=Kind.TRANSIENT, executed=Executed.MAYBE, cause="The connection failed.")
    return Classification(
        kind=Kind.FATAL,
        executed=Executed.MAYBE,
        cause=f"The plugin raised {type(error).__name__}.",
        advice="Report this as a bug.",
    )


@hookimpl(trylast=True)
def check_sync() -> Sequence[Problem]:
    """Return no problems."""
    return ()


@hookimpl(trylast=True)
def check_plan() -> Sequence[Finding]:
    """Return no findings."""
    return ()


@hookimpl(trylast=True)
def commands() -> Sequence[click.Command]:
    """Return no commands."""
    return ()
