"""Wait between two looks at a job, and stop looking once the job has taken too long."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

from connector_salesforce.errors.exceptions import CallFailed
from connector_sdk import Attempt, Executed

log = logging.getLogger(__name__)

_GROWTH = 1.6
_HOUR = 3600.0
_FIRST_WARNING = 10 / 60
"""Hours."""


def wait_between_looks(attempt: Attempt, what: str, first: float, longest: float, *, hours: float) -> Iterator[float]:
    """Wait before each look at a job, from `first` seconds to `longest`; yield when that wait began.

    The clock is the monotonic one. `what` names the job in the log: as a warning after ten minutes, and once an hour.
    Raises `CallFailed` after a look that came `hours` or later and did not end the loop: the rows may still be
    executed.
    """
    began, next_warning, pause = time.monotonic(), _FIRST_WARNING, first
    while True:
        since = time.monotonic()
        attempt.wait(pause, f"{what} has not ended")
        yield since
        passed = (time.monotonic() - began) / _HOUR
        if passed >= hours:
            raise CallFailed("JOB_TIMEOUT", f"{what} has not ended after {hours:g} hours", Executed.MAYBE)
        if passed >= next_warning:
            next_warning = int(passed) + 1
            log.warning("%s has not ended after %d minutes; the run waits up to %g hours", what, passed * 60, hours)
        pause = min(pause * _GROWTH, longest)
