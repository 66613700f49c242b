"""The stored jobs of one kind: kept for seven days after their end, and listed page by page."""

from __future__ import annotations

from threading import Lock
from typing import Generic, TypeVar

from salesforce_emulator.clock import Clock
from salesforce_emulator.jobs.bulk2_job import ENDED, Job

_KEPT_SECONDS = 7 * 86_400
_PAGE = 1_000

Kind = TypeVar("Kind", bound=Job)


class Shelf(Generic[Kind]):
    """The jobs of one kind."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._jobs: dict[str, Kind] = {}

    def reset(self) -> None:
        """Remove every job."""
        with self._lock:
            self._jobs.clear()

    def add(self, job: Kind) -> None:
        """Store a new job."""
        with self._lock:
            self._jobs[job.id[:15]] = job

    def find(self, job_id: str) -> Kind | None:
        """Return the job with a 15- or 18-character id, unless it is deleted or too old."""
        with self._lock:
            self._forget_old()
            return self._jobs.get(job_id[:15])

    def remove(self, job: Kind) -> None:
        """Delete a job."""
        with self._lock:
            self._jobs.pop(job.id[:15], None)

    def page(self, start: int) -> tuple[list[Kind], int | None]:
        """Return up to 1,000 jobs, and the start of the next page or None."""
        with self._lock:
            self._forget_old()
            jobs = list(self._jobs.values())
        end = start + _PAGE
        return jobs[start:end], end if end < len(jobs) else None

    def _forget_old(self) -> None:
        horizon = self._clock.now() - _KEPT_SECONDS
        for key in [key for key, job in self._jobs.items() if job.state in ENDED and job.modified < horizon]:
            del self._jobs[key]
