"""What a destination gets for one attempt at a batch: its anchors, and a way to wait."""

from __future__ import annotations

import logging

from attrs import frozen

from connector_sdk.contract.batch import Anchor
from connector_sdk.delivery.context import RunContext
from connector_sdk.state.records import JournalledBatch

log = logging.getLogger(__name__)


@frozen
class BatchAttempt:
    """The `Attempt` of a batch. It stores anchors in the journal."""

    _run: RunContext
    _batch: JournalledBatch
    number: int

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """All anchors of this batch, oldest first."""
        return self._run.journal.anchors(self._batch.run, self._batch.number)

    def anchor(self, step: str, **handle: str) -> None:
        """Note what identifies the batch at the destination; the note is durable when this returns."""
        self._run.journal.anchor(self._batch, self.number, step, handle)

    def run_anchors(self) -> tuple[Anchor, ...]:
        """Return all anchors of this run, oldest first."""
        return self._run.journal.anchors(self._batch.run)

    def wait(self, seconds: float, reason: str = "") -> None:
        """Sleep, more briefly while the run stops; raises `Cancelled` once the run waits no longer."""
        why = reason or "until its destination answers"
        log.info("Try %d of %s waits %.2f s: %s", self.number, self._batch.label, seconds, why)
        self._run.stop.wait_for_answer(seconds)
