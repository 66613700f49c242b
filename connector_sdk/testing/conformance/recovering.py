"""Tests of recovery: a process that dies at an anchor, or a lost answer, must create no duplicates."""

# ruff: noqa: D102 - the name of a test is its sentence

from __future__ import annotations

from typing import Any

import pytest
from attrs import define

from connector_sdk import Anchor, Delivery, Mode
from connector_sdk.testing.conformance.kit import Kit, ways
from connector_sdk.testing.conformance.subject import Subject, Target, Way
from connector_sdk.testing.doubles import RecordedAttempt

_MOST_ANCHORS = 20


class DeathError(BaseException):
    """The simulated death of the process."""


@define
class DyingAttempt:
    """An attempt whose process dies at anchor `at`, counted from 1.

    The anchor is on disk before the death if `recorded_before_death` is true.
    """

    attempt: RecordedAttempt
    at: int
    recorded_before_death: bool
    seen: int = 0

    @property
    def number(self) -> int:
        """The number of this attempt."""
        return self.attempt.number

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """All anchors of this batch."""
        return self.attempt.anchors

    def anchor(self, step: str, **handle: str) -> None:
        """Record an anchor. Raise `DeathError` at anchor `at`, which is recorded only if `recorded_before_death`."""
        self.seen += 1
        if self.seen < self.at or self.recorded_before_death:
            self.attempt.anchor(step, **handle)
        if self.seen == self.at:
            raise DeathError

    def run_anchors(self) -> tuple[Anchor, ...]:
        """Return all anchors of the run."""
        return self.attempt.run_anchors()

    def wait(self, seconds: float, reason: str = "") -> None:
        """Wait as the recorded attempt does."""
        self.attempt.wait(seconds, reason)


class Recovering(Kit):
    """Tests of the promise of an api that delivers exactly once."""

    @ways([Mode.INSERT, Mode.UPSERT], delivery=Delivery.EXACTLY_ONCE)
    def test_an_api_that_delivers_exactly_once_notes_anchors(self, subject: Subject, way: Way) -> None:
        target = subject.target(way)
        batch = subject.batch(target, subject.samples.rows(target.fields, 1))
        subject.write(batch)
        assert subject.run.attempt(batch).anchors, "without an anchor a lost answer cannot be settled"

    @pytest.mark.parametrize("recorded_before_death", [False, True], ids=["before", "after"])
    @ways([Mode.INSERT, Mode.UPSERT], delivery=Delivery.EXACTLY_ONCE)
    def test_a_death_at_any_anchor_executes_the_rows_once(
        self, subject: Subject, way: Way, recorded_before_death: bool
    ) -> None:
        target = subject.target(way)
        for at in range(1, _MOST_ANCHORS):
            batch = subject.batch(target, subject.samples.rows(target.fields, 2, start=at * 2))
            before = self._count(subject, target)
            try:
                subject.write(batch, DyingAttempt(subject.run.attempt(batch), at, recorded_before_death))
            except DeathError:
                subject.reopen()
                self._assert_once(subject, target, before, subject.settle(batch, 1))
            else:
                return
        pytest.fail(f"a batch noted more than {_MOST_ANCHORS} anchors")

    @ways([Mode.INSERT, Mode.UPSERT], delivery=Delivery.EXACTLY_ONCE)
    def test_a_lost_answer_executes_the_rows_once(self, subject: Subject, way: Way) -> None:
        target = subject.target(way)
        batch = subject.batch(target, subject.samples.rows(target.fields, 2))
        before = self._count(subject, target)
        self.lose_next_answer(subject, way)
        with pytest.raises(Exception) as lost:  # noqa: PT011 - whichever the plugin's client raises
            subject.write(batch)
        assert subject.destination.classify_error(lost.value).executed == "maybe"
        subject.reopen()
        self._assert_once(subject, target, before, subject.settle(batch, 1))

    @ways([Mode.INSERT, Mode.UPSERT], delivery=Delivery.EXACTLY_ONCE)
    def test_a_batch_can_be_asked_about_again(self, subject: Subject, way: Way) -> None:
        """The process may also die after it has settled the batch."""
        target = subject.target(way)
        batch = subject.batch(target, subject.samples.rows(target.fields, 2))
        lines = subject.write(batch)
        subject.reopen()
        for _ in range(2):
            assert subject.settle(batch, 1) == lines

    @ways([Mode.INSERT, Mode.UPSERT], delivery=Delivery.EXACTLY_ONCE)
    def test_a_death_does_not_touch_what_other_batches_did(self, subject: Subject, way: Way) -> None:
        target = subject.target(way)
        first, second = (subject.batch(target, subject.samples.rows(target.fields, 2, start=n)) for n in (0, 2))
        done = subject.write(first)
        with pytest.raises(DeathError):
            subject.write(second, DyingAttempt(subject.run.attempt(second), 1, recorded_before_death=True))
        subject.reopen()
        assert subject.settle(first, 1) == done
        assert [line["status"] for line in subject.settle(second, 1)] == ["succeeded"] * 2

    @ways([Mode.INSERT, Mode.UPSERT], delivery=Delivery.EXACTLY_ONCE)
    def test_a_batch_of_another_run_does_not_pass_for_one_of_this_run(self, subject: Subject, way: Way) -> None:
        """A connection may serve several runs in turn. It must keep their batches apart."""
        target = subject.target(way)
        first, second = (subject.samples.rows(target.fields, 2, start=n) for n in (0, 2))
        subject.write(subject.batch(target, first))
        subject.another_run()
        batch = subject.batch(target, second)
        before = self._count(subject, target)
        with pytest.raises(DeathError):
            subject.write(batch, DyingAttempt(subject.run.attempt(batch), 1, recorded_before_death=True))
        subject.reopen()
        self._assert_once(subject, target, before, subject.settle(batch, 1))

    def _assert_once(self, subject: Subject, target: Target, before: int | None, lines: list[Any]) -> None:
        assert [line["status"] for line in lines] == ["succeeded"] * 2, lines
        after = self._count(subject, target)
        if before is not None and after is not None:
            assert after - before == 2, f"2 rows made {after - before} records"

    def _count(self, subject: Subject, target: Target) -> int | None:
        """Return the number of records, or None if they cannot be read.

        Without the number, a duplicate shows at best as a refused row.
        """
        try:
            return len(self.present(subject, target.schema.name, [target.fields[0].name]))
        except pytest.skip.Exception:
            return None
