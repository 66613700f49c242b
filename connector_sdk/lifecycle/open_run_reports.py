"""Report on runs that have not ended: their progress, from the journal and the lock, and the counts of their rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import asdict, frozen

from connector_sdk.contract.codes import EXPLAINED, Code
from connector_sdk.contract.errors import ExitCode
from connector_sdk.contract.outcome import Outcome
from connector_sdk.contract.project import OnHeld
from connector_sdk.contract.report import BatchCounts, ReportState, RowCounts, RunReport
from connector_sdk.lifecycle.totals import TotalsBuilder, exit_code
from connector_sdk.observing.calls import count_calls
from connector_sdk.state.counts import count_rows
from connector_sdk.state.folder import StateFolder
from connector_sdk.state.journal import Journal
from connector_sdk.state.lock import session_of_holder
from connector_sdk.state.records import BatchProgress, BatchState, CountedRows, JournalledRun

if TYPE_CHECKING:
    from connector_sdk.planning.frozen import FrozenPlan


@frozen
class Planned:
    """What a run began with: its planned rows, and those `decided` while planning (None if only their number is known).

    `holds`: rows that may have been created wait for a person. `on_held` is the setting of the sync for held rows.
    """

    rows: RowCounts
    decided: tuple[CountedRows, ...] | None = None
    holds: bool = True
    on_held: OnHeld = OnHeld.REPORT

    @classmethod
    def of_plan(cls, plan: FrozenPlan, *, holds: bool, on_held: OnHeld) -> Planned:
        """Return what a run with this plan begins with."""
        from connector_sdk.planning.diff.decided import count_decided  # imported here to keep lists of runs fast

        counted = count_decided(plan.file) if plan.rows.rejected or plan.rows.skipped else ()
        return cls(plan.rows, tuple(counted), holds, on_held)

    @classmethod
    def of_run(cls, folder: StateFolder, run: JournalledRun, progress: Iterable[BatchProgress]) -> Planned:
        """Return what a run began with. If that was not kept, derive it from the plan or the batches."""
        if run.planned is not None:
            kept: dict[str, Any] = json.loads(run.planned)
            decided = tuple(CountedRows(**each) for each in kept["decided"])
            return cls(RowCounts(**kept["rows"]), decided, kept["holds"], OnHeld(kept["on_held"]))
        from connector_sdk.planning.frozen import read_row_counts  # imported here to keep lists of runs fast

        rows = read_row_counts(folder.plan(run.id))
        if rows is None:
            sent = sum(each.rows for each in progress if each.first)
            rows = RowCounts(read=sent, planned=sent)
        return cls(rows)

    def to_json(self) -> str:
        """Return the JSON that the journal keeps."""
        return json.dumps(asdict(self))


def report_of_open_run(folder: StateFolder, journal: Journal, run: JournalledRun, *, is_running: bool) -> RunReport:
    """Return the report of a run that has batches and has not ended, whether a process works on it now or not.

    Rows without an outcome count as unprocessed. If their batch was sent, they also count as in flight.
    """
    progress = journal.progress(run.id)
    planned = Planned.of_run(folder, run, progress)
    decided = planned.rows if planned.decided is None else RowCounts()
    tallying = TotalsBuilder(holds=planned.holds)
    tallying.count((*(planned.decided or ()), *_count_outcomes(journal, run.id, progress)))
    held = journal.count_held_rows(run.sync) + tallying.unsettled
    code = exit_code(tallying.result(planned.rows, decided).rows, held, planned.on_held)
    in_flight, not_sent = _count_pending(progress)
    tallying.count((in_flight, not_sent))
    tally = tallying.result(planned.rows, decided)
    since = run.since or run.created
    return RunReport(
        run=run.id,
        sync=run.sync,
        resumed=since != run.created,
        state=ReportState.RUNNING if is_running else ReportState.INTERRUPTED,
        exit=code if is_running else ExitCode.STOPPED,
        rows=tally.rows,
        actions=tally.actions,
        calls=count_calls(folder.calls(run.id)),
        seconds=_seconds_since(since) if is_running else 0.0,
        message="",
        held=held,
        in_flight=in_flight.rows,
        possible_duplicates=tally.possible_duplicates,
        codes=tally.codes,
        batches=count_batches(progress),
        started=since,
    )


def is_under_way(folder: StateFolder, run: JournalledRun) -> bool:
    """Return whether the session that took up a run holds the lock of the sync now."""
    return run.session is not None and session_of_holder(folder.lock(run.sync)) == run.session


def count_batches(progress: Sequence[BatchProgress]) -> BatchCounts:
    """Return how many batches there are, how many are done, and how many were sent and have no answer yet."""
    done = sum(each.state is BatchState.DONE for each in progress)
    return BatchCounts(len(progress), done, sum(each.in_flight for each in progress))


def _count_pending(progress: Sequence[BatchProgress]) -> tuple[CountedRows, CountedRows]:
    """Return how many rows are in flight, and how many were not sent. Both count as unprocessed."""
    waiting = [each for each in progress if each.state is not BatchState.DONE]
    sent = sum(each.rows for each in waiting if each.in_flight)
    rows = {Code.IN_FLIGHT: sent, Code.NOT_SENT: sum(each.rows for each in waiting) - sent}
    in_flight, not_sent = (
        CountedRows(Outcome.UNPROCESSED.value, "", code.value, EXPLAINED[code].advice, False, count)
        for code, count in rows.items()
    )
    return in_flight, not_sent


def _count_outcomes(journal: Journal, run: str, progress: Iterable[BatchProgress]) -> Iterator[CountedRows]:
    """Yield the counted rows of the batches that are done. Count them now if an earlier version did not."""
    for each in progress:
        if each.counts is not None:
            yield from each.counts
        elif each.state is BatchState.DONE:
            for outcomes in journal.outcomes(run, each.number):
                yield from count_rows(outcomes)


def _seconds_since(moment: str) -> float:
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())
