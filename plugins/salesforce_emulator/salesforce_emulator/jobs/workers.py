"""Run queued tasks: after a delay, in any order, one or several at a time."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from threading import Condition, Thread

from attrs import define

from salesforce_emulator.org.model import Org


@define(eq=False)
class _Task:
    due: float
    run: Callable[[], None]
    of: object
    alone: bool


class Workers:
    """Worker threads. They start with the first tasks and end with `close`. A task handles its own exceptions."""

    def __init__(self, org: Org, seed: int) -> None:
        self.adopt(org)
        self._seed = seed
        self._chance = random.Random(seed)
        self._changed = Condition()
        self._threads: list[Thread] = []
        self._closing = False
        self._added = 0.0
        self._waiting: list[_Task] = []
        self._running: Counter[object] = Counter()

    def adopt(self, org: Org) -> None:
        """Apply the settings of a changed org."""
        self._settings = org.bulk
        self._count = org.workers

    def advance(self, seconds: float) -> None:
        """Move time forward. Waiting tasks become due that many seconds earlier."""
        with self._changed:
            self._added += seconds
            self._changed.notify_all()

    def submit(self, run: Callable[[], None], of: object, slow: float = 0.0, alone: bool = False) -> None:
        """Queue a task of a job. It starts after the org's delay and `slow` further seconds.

        A task that runs `alone` waits for other tasks of its job.
        """
        with self._changed:
            self._waiting.append(_Task(self._now() + self._delay() + slow, run, of, alone))
            if len(self._threads) < min(self._count, len(self._waiting) + self._running.total()):
                thread = Thread(target=self._work, name="salesforce-emulator-bulk", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify_all()

    def withdraw(self, of: object) -> None:
        """Remove the tasks of a job that have not started."""
        with self._changed:
            self._waiting = [task for task in self._waiting if task.of is not of]

    def reset(self) -> None:
        """Remove every waiting task. Return when the running ones have finished."""
        with self._changed:
            self._waiting.clear()
            self._changed.wait_for(lambda: not self._running.total())
            self._chance = random.Random(self._seed)

    def close(self) -> None:
        """Let the running tasks finish, then end the threads."""
        with self._changed:
            self._closing = True
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _now(self) -> float:
        return time.monotonic() + self._added

    def _delay(self) -> float:
        # Each task gets its own random delay. Salesforce promises no order, not even in Serial mode.
        spread = 0.5 + self._chance.random() if self._settings.shuffle else 1.0
        return self._settings.delay * spread

    def _work(self) -> None:
        while (task := self._take_next()) is not None:
            try:
                task.run()
            finally:
                with self._changed:
                    self._running[id(task.of)] -= 1
                    self._changed.notify_all()

    def _take_next(self) -> _Task | None:
        with self._changed:
            while not self._closing:
                now = self._now()
                ready = [task for task in self._waiting if not (task.alone and self._running[id(task.of)])]
                due = [task for task in ready if task.due <= now]
                if due and self._running.total() < self._count:
                    chosen = self._chance.choice(due) if self._settings.shuffle else due[0]
                    self._waiting.remove(chosen)
                    self._running[id(chosen.of)] += 1
                    return chosen
                soonest = min((task.due for task in ready if task.due > now), default=None)
                self._changed.wait(None if soonest is None else soonest - now)
        return None
