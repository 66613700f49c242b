"""How hard to try: backoff with jitter, a bound on attempts, and a budget shared by the run.

The numbers are those of the AWS SDKs' standard retry mode: a bucket of 500 tokens, a retry costs 5, an answer that
never came 10, and every clean call gives one back.
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
"""How often a pause is doubled at most; what a destination itself waits for may take any number of tries."""

_LONGEST_WAIT = 900.0
"""Seconds that a run waits at most where a destination names a time; for a longer one it is stopped."""


@frozen
class Pace:
    """How patient a run is. `base` and `cap` bound the backoff, in seconds.

    `attempts` bounds how often a batch is sent before the run stops; `rounds` how often a row is tried again.
    """

    base: float = 0.5
    cap: float = 20.0
    attempts: int = 5
    rounds: int = 3
    tokens: int = 500

    def backoff(self, number: int) -> float:
        """Seconds to wait before try `number` (counted from 1): full jitter, doubling up to the cap."""
        return random.uniform(0, min(self.cap, self.base * 2 ** min(number - 1, _DOUBLINGS)))


class Budget:
    """The tokens that retries of one run share."""

    def __init__(self, tokens: int) -> None:
        self._lock = threading.Lock()
        self._full = self._left = tokens

    def spend(self, cost: int) -> bool:
        """Take `cost` tokens; False when there are not that many."""
        with self._lock:
            if cost > self._left:
                return False
            self._left -= cost
            return True

    def earn(self) -> None:
        """A clean call gives one token back."""
        with self._lock:
            self._left = min(self._full, self._left + 1)


class Failure(Portable, Exception):
    """A batch failed as a whole, and this is what it asks for."""

    def __init__(self, code: str, message: str, classification: Classification, *, split: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.classification = classification
        self.split = split

    @property
    def passes(self) -> bool:
        """Whether the same thing may succeed later."""
        doubtful = self.classification.executed is Executed.MAYBE and self.classification.kind is not Kind.FATAL
        return not self.split and (doubtful or self.classification.kind in (Kind.TRANSIENT, Kind.THROTTLED))


def persist(act: Callable[[], T], what: str, pace: Pace, budget: Budget, sleep: Callable[[float], None]) -> T:
    """Do `act`, called `what` in the log, until it answers, as long as it fails with a `Failure` that may pass.

    Tries are bounded, but for failures whose end the destination waits for by itself.
    Raises `RunStopped` (exit 4) when attempts or budget are used up, or the destination wants to be left alone for
    long, and any other failure as it is.
    """

    def seconds(state: RetryCallState) -> float:
        """How long to wait, at least as long as the destination asks for."""
        failure = _failure(state)
        return max(pace.backoff(state.attempt_number), failure.classification.retry_after or 0)

    def go_on(state: RetryCallState) -> None:
        """Pay for the next try and say that there is one, or give up."""
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
        retry=retry_if_exception(lambda error: isinstance(error, Failure) and error.passes),
        stop=lambda state: state.attempt_number >= pace.attempts and not _failure(state).classification.waits,
        wait=seconds,
        before_sleep=go_on,
        sleep=sleep,
        retry_error_callback=lambda state: _raise(_stop_after_retries(_failure(state))),
    )
    answer: T = retrying(act)
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
        hint=failure.classification.advice or f"{cause} Run again to go on from here.",
        exit_code=ExitCode.STOPPED,
    )


def _stop_for_retry_after(failure: Failure, seconds: float) -> RunStopped:
    return RunStopped(
        f"the destination wants to be left alone for {seconds:,.0f} seconds: {failure.code}: {failure.message}",
        hint="run again then; the run goes on from here",
    )


def _raise(error: Exception) -> None:
    raise error
