"""Report to observers what a run does. An observer that fails is logged once and not called again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector_sdk.contract.connection import Call
from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.observer_hooks import ObserverHooks
from connector_sdk.contract.plan import Finding, PlanSummary
from connector_sdk.contract.report import BatchReport, RunReport, RunStart
from connector_sdk.hooks.signatures import HookManager
from connector_sdk.settings.wording import with_article

log = logging.getLogger(__name__)


class Observers:
    """The observers of a run. The methods are named after the hooks and can be called from any thread.

    `observers` are objects or modules with functions marked `@hookimpl`.
    """

    def __init__(self, observers: Sequence[object] = ()) -> None:
        """Register the observers. Raises `ConfigError` with everything that keeps one of them from being called."""
        if problems := list(observer_problems({"observers": observers})):
            raise ConfigError(problems)
        self._lock = threading.RLock()
        self._managers = tuple(_manager(observer) for observer in observers)

    def run_started(self, start: RunStart) -> None:
        """Report that a run is about to begin."""
        self._tell("run_started", start=start)

    def run_planned(self, plan: PlanSummary, findings: Sequence[Finding] = ()) -> None:
        """Report that the plan of a run is frozen."""
        self._tell("run_planned", plan=plan, findings=findings)

    def batch_finished(self, batch: BatchReport) -> None:
        """Report that the rows of a batch have outcomes."""
        self._tell("batch_finished", batch=batch)

    def call_finished(self, call: Call) -> None:
        """Report that an API call was made."""
        self._tell("call_finished", call=call)

    def run_finished(self, report: RunReport) -> None:
        """Report that a run ended, whatever the reason."""
        self._tell("run_finished", report=report)

    def close(self) -> None:
        """Stop all reports, also those of a thread that outlives the run.

        This does not wait for an observer that is being called.
        """
        self._managers = ()

    def _tell(self, hook: str, **arguments: Any) -> None:
        with self._lock:
            for manager in self._managers:
                try:
                    getattr(manager.hook, hook)(**arguments)
                except Exception:
                    self._managers = tuple(each for each in self._managers if each is not manager)
                    log.warning("An observer failed in %s. The run continues without it:", hook, exc_info=True)


def observer_problems(asked: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the observers among the arguments of a call, such as an observer without a hook."""
    for place, observer in enumerate(asked.get("observers", ())):
        manager = _manager(observer)
        yield from (Problem(each, ("observers", place)) for each in manager.problems)
        if not manager.problems and not manager.get_hookcallers(observer):
            hint = f"mark one of its functions with @hookimpl: {', '.join(_NAMES)}"
            yield Problem(f"{with_article(type(observer).__name__)} has no hook", ("observers", place), hint)


_NAMES = [name for name in vars(ObserverHooks) if not name.startswith("_")]


def _manager(observer: object) -> HookManager:
    manager = HookManager(ObserverHooks)
    manager.add(observer)
    return manager
