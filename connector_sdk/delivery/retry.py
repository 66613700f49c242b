"""The retry policy: backoff with jitter, a limit on attempts, and a budget that the whole run shares.

The numbers are those of the AWS SDKs' standard retry mode: a bucket of 500 tokens. A retry costs 5, or 10 if no answer
arrived. Each clean call gives one token back.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from typing import TypeVar

from attrs import frozen
from tenacity import RetryCallState, Retrying, retry_if_exception

from connector_sdk.contract.errors import ExitCode, Portable, RunStopped
from connector_sdk.contract.outcome import Classification, Executed, Kind

T = TypeVar("T")

log = logging.getLogger(__name__)

_DOUBLINGS = 32
"""How often a pause is doubled at most. A failure that the destination waits out may take any number of tries."""

_LONGEST_WAIT = 900.0
"""The longest wait in seconds that a destination may ask for; if it asks for more, the run stops."""


@frozen
class Pace:
    """The patience of a run. `base` and `cap` bound the backoff, in seconds.

    `attempts` bounds how often a batch is sent before the run stops, `rounds` how often a row is retried.
    """

    base: float = 0.5
    cap: float = 20.0
    attempts: int = 5
    rounds: int = 3
    tokens: int = 500

    def backoff(self, number: int) -> float:
        """Return the seconds to wait before try `number`, counted from 1: full jitter, doubling up to the cap."""
        return random.uniform(0, min(self.cap, self.base * 2 ** min(number - 1, _DOUBLINGS)))


class Budget:
    """The tokens that the retries of one run share."""

    def __init__(self, tokens: int) -> None:
        self._lock = threading.Lock()
        self._full = self._left = tokens

    def spend(self, cost: int) -> bool:
        """Take `cost` tokens; return False if fewer are left."""
        with self._lock:
            if cost > self._left:
                return False
            self._left -= cost
            return True

    def earn(self) -> None:
        """Give one token back after a clean call."""
        with self._lock:
            self._left = min(self._full, self._left + 1)


class Failure(Portable, Exception):
    """A failure of a whole batch, with its classification."""

    def __init__(self, code: str, message: str, classification: Classification, *, split: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.classification = classification
        self.split = split

    @property
    def is_temporary(self) -> bool:
        """Whether the same batch may succeed if it is sent again. A batch that must be split cannot."""
        doubtful = self.classification.executed is Executed.MAYBE and self.classification.kind is not Kind.FATAL
        return not self.split and (doubtful or self.classification.kind in (Kind.TRANSIENT, Kind.THROTTLED))


def call_with_retry(act: Callable[[], T], what: str, pace: Pace, budget: Budget, sleep: Callable[[float], None]) -> T:
    """Call `act` until it returns, and retry each `Failure` that may pass. `what` names the call in the log.

    Attempts are limited, except for failures that the destination itself waits out. Raises `RunStopped` (exit 4) when
    the attempts or the budget are used up, or the destination asks for a long wait. Other failures propagate.
    """

    def seconds(state: RetryCallState) -> float:
        """Return the seconds to wait, at least as many as the destination asks for."""
        failure = _failure(state)
        return max(pace.backoff(state.attempt_number), failure.classification.retry_after or 0)

    def prepare_retry(state: RetryCallState) -> None:
        """Pay for the next try and log it, or give up."""
        failure = _failure(state)
        if not failure.classification.waits:
            pay(failure)
        _log(what, state, "any number" if failure.classification.waits else str(pace.attempts))

    def pay(failure: Failure) -> None:
        """Pay for the next try, or give up."""
        wanted = failure.classification.retry_after or 0
        if wanted > _LONGEST_WAIT:
            raise _stop_for_retry_after(failure, wanted)
        if not budget.spend(10 if failure.classification.executed is Executed.MAYBE else 5):
            raise _stop_after_retries(failure)

    retrying = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, Failure) and error.is_temporary),
        stop=lambda state: state.attempt_number >= pace.attempts and not _failure(state).classification.waits,
        wait=seconds,
        before_sleep=prepare_retry,
        sleep=sleep,
        retry_error_callback=lambda state: _raise(_stop_after_retries(_failure(state))),
    )
    try:
        answer: T = retrying(act)
    finally:
        # `retrying` refers to itself here. The cycle would keep what `sleep` refers to until the garbage is collected.
        retrying.iter_state.reset()
    budget.earn()
    return answer


def _log(what: str, state: RetryCallState, most: str) -> None:
    failure, pause = _failure(state), state.next_action.sleep if state.next_action else 0
    log.info(
        "%s failed (%s) and is tried again in %.2f s (try %d of %s): %s: %s",
        what, failure.classification.kind, pause, state.attempt_number + 1, most, failure.code, failure.message,
    )  # fmt: skip


def _failure(state: RetryCallState) -> Failure:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, Failure)
    return error


def _stop_after_retries(failure: Failure) -> RunStopped:
    cause = failure.classification.cause or failure.message
    return RunStopped(
        f"the destination keeps failing: {failure.code}: {failure.message}",
        hint=failure.classification.advice or f"{cause} Run again to continue from here.",
        exit_code=ExitCode.STOPPED,
    )


def _stop_for_retry_after(failure: Failure, seconds: float) -> RunStopped:
    return RunStopped(
        f"the destination asked us to wait {seconds:,.0f} seconds (Retry-After): {failure.code}: {failure.message}",
        hint="run again after that; the run continues from here",
    )


def _raise(error: Exception) -> None:
    raise error
