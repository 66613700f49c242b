"""Summarize runs and plans: as text for users, and as records for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import asdict, fields

from connector_sdk.cli.clean import one_line
from connector_sdk.cli.records import to_json
from connector_sdk.contract.codes import Code
from connector_sdk.contract.errors import ExitCode
from connector_sdk.contract.plan import Finding, PlanReport
from connector_sdk.contract.report import ActionCounts, CodeCount, ReportState, RowCounts, RunReport
from connector_sdk.settings.counts import say_count

Record = dict[str, Any]

_SAMPLES = 3
_CODES = 5


def run_record(report: RunReport) -> Record:
    """Return a run as a record for programs."""
    record = asdict(report)
    record["seconds"] = round(report.seconds, 1)
    if not record["message"]:
        del record["message"]
    return record


def plan_record(report: PlanReport) -> Record:
    """Return a plan as a record for programs."""
    return {
        "run": report.run,
        "sync": report.sync,
        "rows": asdict(report.rows),
        "actions": {**asdict(report.actions), "created_or_updated": report.created_or_updated},
        "samples": report.samples,
        "findings": [asdict(finding) for finding in report.findings],
        "cost": asdict(report.cost),
        "delivery": report.delivery,
        "saved": report.saved,
        "held": report.held,
        "codes": [asdict(each) for each in report.codes],
    }


def flat(record: Mapping[str, Any]) -> Record:
    """Return a record in which each nested count is a column of its own, such as `rows_read` and `calls_made`."""
    columns: Record = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and name != "samples":
            columns |= {f"{name}_{inner}": each for inner, each in value.items()}
        else:
            columns[name] = value
    return columns


def run_text(report: RunReport, command: str) -> str:
    """Return a run as text for users."""
    if not report.run:
        return f"{report.sync}: {report.state}"
    if report.state is ReportState.PLANNING:
        return f"{report.sync}: planning since {report.started} (run {report.run})"
    calls = [f"{report.calls.made:,} made"]
    if report.calls.remaining is not None:
        calls.append(f"{report.calls.remaining:,} left")
    lines = [
        f"{report.sync}: {_heading(report)} (run {report.run})",
        *_row_lines(report.rows),
        _line("outcomes", _outcomes(report) or "none"),
        _line("actions", _actions(report.actions) or "none"),
        *_progress_lines(report),
        _line("calls", ", ".join(calls)),
        *_code_lines([each for each in report.codes if each.code not in _pending_codes(report)][:_CODES]),
        *_doubt_lines(report),
        *_next_steps(report, command),
    ]
    return "\n".join(lines)


def _heading(report: RunReport) -> str:
    state = f"{report.state}, resumed" if report.resumed else str(report.state)
    if report.state is ReportState.RUNNING:
        return f"{state}, since {report.started}"
    return state if report.state is ReportState.INTERRUPTED else f"{state} in {report.seconds:.1f} s"


def _outcomes(report: RunReport) -> str:
    rows = report.rows
    said = _counts(rows, ("succeeded", "rejected", "skipped", "unprocessed", "unknown"))
    return said.replace(" unprocessed", " not done yet") if report.state is ReportState.RUNNING else said


def _progress_lines(report: RunReport) -> list[str]:
    """Return the line about the batches of a run that has not ended; none for an ended run."""
    if report.state in (ReportState.FINISHED, ReportState.ABANDONED) or not report.batches.planned:
        return []
    batches = report.batches
    in_flight = f", {batches.in_flight:,} in flight ({_rows(report.in_flight)})" if batches.in_flight else ""
    return [_line("batches", f"{batches.done:,} of {batches.planned:,} done{in_flight}")]


def _pending_codes(report: RunReport) -> tuple[str, ...]:
    """Return the codes of rows without an outcome, if the run is running: its progress lines say the same."""
    return (Code.IN_FLIGHT, Code.NOT_SENT) if report.state is ReportState.RUNNING else ()


def _doubt_lines(report: RunReport) -> list[str]:
    """Return the line about possible duplicates, if rows were sent again after a lost answer."""
    twice = report.possible_duplicates
    command = f"connector rows {report.run}"
    said = f"{_rows(twice)} sent again after a lost answer: possible duplicates; list them with: {command}"
    return [_line("doubt", said)] if twice else []


def _rows(count: int) -> str:
    return say_count(count, "row", "rows")


def plan_text(report: PlanReport, command: str) -> str:
    """Return a plan as text for users."""
    both = f", {report.created_or_updated:,} created or updated" if report.created_or_updated else ""
    actions = (_actions(report.actions) + both).removeprefix(", ") or "none"
    decided = _counts(report.rows, ("rejected", "skipped", "unprocessed"))
    batches, calls = say_count(report.cost.batches, "batch", "batches"), say_count(report.cost.lookups, "call", "calls")
    lines = [
        f"{report.sync}: nothing is written yet" + (f" (plan {report.run})" if report.saved else ""),
        *_row_lines(report.rows),
        _line("would be", actions),
        *([_line("not sent", decided)] if decided else []),
        _line("cost", f"{batches}, {calls} to look records up" if report.cost.lookups else batches),
        _line("delivery", str(report.delivery)),
        *_code_lines(report.codes[:_CODES]),
        *(line for kind, samples in report.samples.items() for line in _sample_lines(kind, samples)),
        *(f"  {finding_text(each)}" for each in report.findings),
    ]
    if report.saved:
        lines.append(f"  → {command} run {report.sync} --plan {report.run}")
    return "\n".join(lines)


def _row_lines(rows: RowCounts) -> list[str]:
    removed = f" + {rows.removed:,} removed" if rows.removed else ""
    return [_line("rows", f"{rows.read:,} read{removed} = {rows.unchanged:,} unchanged + {rows.planned:,} planned")]


def _line(title: str, text: str) -> str:
    return f"  {title:<12}{text}"


def _counts(counts: RowCounts | ActionCounts, names: Iterable[str]) -> str:
    found = ((name, getattr(counts, name)) for name in names)
    return ", ".join(f"{count:,} {name}" for name, count in found if count)


def _actions(actions: ActionCounts) -> str:
    return _counts(actions, [each.name for each in fields(ActionCounts)])


def _code_lines(codes: Sequence[CodeCount]) -> list[str]:
    """Return lines that say why rows were not accepted, grouped by outcome."""
    lines = []
    for outcome in dict.fromkeys(each.outcome for each in codes):
        texts = [_code_text(each) for each in codes if each.outcome == outcome]
        lines += [_line("" if number else outcome, text) for number, text in enumerate(texts)]
    return lines


def _code_text(count: CodeCount) -> str:
    return f"{count.rows:,} x {one_line(count.code) or 'no code'}: {one_line(count.advice)}".rstrip(": ")


def _next_steps(report: RunReport, command: str) -> list[str]:
    steps = []
    if report.rows.rejected:
        steps.append(f"  → {command} rows {report.run} --outcome rejected")
    if report.state in (ReportState.STOPPED, ReportState.INTERRUPTED):
        steps.append(f"  → {command} run {report.sync}   resumes it")
    if report.held or report.exit == ExitCode.HELD:
        rows = f"the {report.held:,} rows that wait" if report.held > 1 else "what waits"
        steps.append(f"  → {command} resolve {report.sync}   lists {rows} for a decision")
    return steps


def _sample_lines(kind: str, samples: Sequence[Mapping[str, Any]]) -> list[str]:
    return [_line("for example", kind), *(f"    {one_line(to_json(sample))}" for sample in samples[:_SAMPLES])]


def finding_text(finding: Finding) -> str:
    """Return a finding on one line: its level, what it is, and what to do about it."""
    advice = f" — {one_line(finding.advice)}" if finding.advice else ""
    return f"{finding.level}: {one_line(finding.message)}{advice}"
