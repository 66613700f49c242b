"""Sum up runs and plans: for people, and as the records that programs read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import asdict, fields, frozen

from connector_sdk.cli.clean import one_line
from connector_sdk.cli.records import to_json
from connector_sdk.errors import ExitCode
from connector_sdk.plan import Finding, PlanReport
from connector_sdk.report import ActionCounts, RowCounts, RunReport

Record = dict[str, Any]

_SAMPLES = 3


@frozen
class CodeCount:
    """How many rows ended with an error code, and what to do about it."""

    code: str
    rows: int
    advice: str


def run_record(report: RunReport) -> Record:
    """A run as programs read it."""
    record = asdict(report)
    record["seconds"] = round(report.seconds, 1)
    if not record["message"]:
        del record["message"]
    return record


def plan_record(report: PlanReport) -> Record:
    """A plan as programs read it."""
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
    }


def flat(record: Mapping[str, Any]) -> Record:
    """A record whose inner counts are columns of their own: `rows_read`, `calls_made`."""
    columns: Record = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and name != "samples":
            columns |= {f"{name}_{inner}": each for inner, each in value.items()}
        else:
            columns[name] = value
    return columns


def run_text(report: RunReport, codes: Sequence[CodeCount] = ()) -> str:
    """A run as people read it."""
    if not report.run:
        return f"{report.sync}: {report.state}"
    rows, state = report.rows, f"{report.state}, resumed" if report.resumed else report.state
    calls = [f"{report.calls.made:,} made"]
    if report.calls.remaining is not None:
        calls.append(f"{report.calls.remaining:,} left")
    lines = [
        f"{report.sync}: {state} in {report.seconds:.1f} s (run {report.run})",
        *_row_lines(rows),
        _line("outcomes", _counts(rows, ("succeeded", "rejected", "skipped", "unprocessed", "unknown")) or "none"),
        _line("actions", _actions(report.actions) or "none"),
        _line("calls", ", ".join(calls)),
        *_code_lines(codes),
        *_next_steps(report),
    ]
    return "\n".join(lines)


def plan_text(report: PlanReport) -> str:
    """A plan as people read it."""
    both = f", {report.created_or_updated:,} created or updated" if report.created_or_updated else ""
    actions = (_actions(report.actions) + both).removeprefix(", ") or "none"
    decided = _counts(report.rows, ("rejected", "skipped", "unprocessed"))
    calls = f", {report.cost.calls:,} calls" if report.cost.calls is not None else ""
    lookups = f", {report.cost.lookups:,} calls to look records up" if report.cost.lookups else ""
    lines = [
        f"{report.sync}: nothing is written yet" + (f" (plan {report.run})" if report.saved else ""),
        *_row_lines(report.rows),
        _line("would be", actions),
        *([_line("not sent", decided)] if decided else []),
        _line("cost", f"{report.cost.batches:,} batches{calls}{lookups}"),
        _line("delivery", str(report.delivery)),
        *(line for kind, samples in report.samples.items() for line in _sample_lines(kind, samples)),
        *(f"  {finding_text(each)}" for each in report.findings),
    ]
    if report.saved:
        lines.append(f"  → connector run {report.sync} --plan {report.run}")
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
    texts = [f"{each.rows:,} x {one_line(each.code)}: {one_line(each.advice)}".rstrip(": ") for each in codes]
    return [_line("" if number else "rejected", text) for number, text in enumerate(texts)]


def _next_steps(report: RunReport) -> list[str]:
    steps = []
    if report.rows.rejected and report.state != "stopped":
        steps.append(f"  → connector rows {report.run} --outcome rejected")
    if report.exit == ExitCode.HELD:
        steps.append(f"  → connector resolve {report.run}   lists the rows that wait for a decision")
    return steps


def _sample_lines(kind: str, samples: Sequence[Mapping[str, Any]]) -> list[str]:
    return [_line("for example", kind), *(f"    {one_line(to_json(sample))}" for sample in samples[:_SAMPLES])]


def finding_text(finding: Finding) -> str:
    """A finding in one line: how much it weighs, what it is, and what to do about it."""
    advice = f" — {one_line(finding.advice)}" if finding.advice else ""
    return f"{finding.level}: {one_line(finding.message)}{advice}"
