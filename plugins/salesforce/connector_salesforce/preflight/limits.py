"""Compare what a run needs of the org's limits with what is left, and suggest settings that fit.

REST API Developer Guide, "Limits"; Bulk API 2.0 Developer Guide, "Limits". The org is asked each time what is left.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from connector_salesforce.config import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.org import Org
from connector_salesforce.transport.quota import CALLS, read_remaining
from connector_sdk import Action, Finding, Level, Mode, PlanSummary

_LARGEST_BATCH = 10_000
"""The most rows of a Bulk API batch, and of the batches into which Salesforce cuts a Bulk API 2.0 job."""

_INGEST_JOB = 100_000
"""Rows of a Bulk API 2.0 job unless the sync sets another size."""

_CALLS_OF_A_JOB = 2
_CALLS_OF_AN_INGEST_JOB = 4
"""Calls to open an ingest job, upload its data, hand it over and fetch its results.

If rows failed or were not processed, each of these two result files costs one more call.
"""


@frozen
class _Left:
    """The API calls that a run may make, and the Bulk API batches; None if Salesforce does not say."""

    calls: int | None
    batches: int | None


def check_allowances(org: Org, plan: PlanSummary, options: Options) -> Iterator[Finding]:
    """Yield what the run needs and what is left, and a warning for what cannot be checked."""
    org.client.quota.begin()
    limits: Mapping[str, Any] = {}
    try:
        limits = org.limits()
    except CallFailed as error:
        advice = "Give the user View Setup and Configuration to have them checked."
        yield Finding(Level.WARNING, f"could not check the org's limits: {error}", advice)
    org.client.quota.report_left(read_remaining(limits, CALLS))
    calls = org.client.quota.left
    left = _Left(
        None if calls is None else calls - options.keep_api_calls,
        read_remaining(limits, "DailyBulkApiBatches", "DailyBulkApiRequests"),
    )
    if limits or calls is not None:
        yield from _use(org, plan, options, limits, left)


def _use(org: Org, plan: PlanSummary, options: Options, limits: Mapping[str, Any], left: _Left) -> Iterator[Finding]:
    yield from _place(org, plan, limits)
    yield from _calls(plan, options, left)
    if limits and plan.api != "rest":
        yield from _batches(plan, left)


def forecast(plan: PlanSummary) -> int:
    """Return the number of API calls of a run, without its polls of batches and jobs.

    A Bulk API batch costs two calls: one posts it, and one fetches its results. Each action needs a job, which costs
    one call to open and one to close. A Bulk API 2.0 job costs four calls. A REST batch is one call, and so is a batch
    of merges.
    """
    return _calls_of(plan.api, _without_merges(plan.batches).values()) + plan.batches.get(Action.MERGE, 0)


def _without_merges(counts: Mapping[Action, int]) -> Mapping[Action, int]:
    """Return the counts of all actions but merges, which do not go through the plan's own api."""
    return {action: count for action, count in counts.items() if action is not Action.MERGE}


def _calls_of(api: str, batches: Iterable[int]) -> int:
    used = [count for count in batches if count]
    if api == "bulk":
        return sum(_CALLS_OF_A_JOB + 2 * count for count in used)
    return sum(used) * (_CALLS_OF_AN_INGEST_JOB if api == "bulk2" else 1)


def _batches_of(plan: PlanSummary) -> int:
    """Return how many batches of the daily limit a plan uses: its own, or those into which Salesforce cuts its jobs."""
    batches = sum(_without_merges(plan.batches).values())
    return batches if plan.api == "bulk" else max(batches, _internal(plan))


def _internal(plan: PlanSummary) -> int:
    return sum(math.ceil(count / _LARGEST_BATCH) for count in _without_merges(plan.planned).values())


def _place(org: Org, plan: PlanSummary, limits: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield where the rows go, and a warning if there is no room for new records."""
    left = read_remaining(limits, "DataStorageMB")
    room = "" if left is None else f", {left:,} MB of data storage left"
    if org.kind:
        yield Finding(Level.INFO, f"the org is {org.kind}{room}")
    if left is not None and left <= 0 and (plan.planned.get(Action.CREATE) or plan.planned.get(Action.UPSERT)):
        message = "the org has no data storage left: new records are refused with STORAGE_LIMIT_EXCEEDED"
        yield Finding(Level.WARNING, message, "Free or buy storage in Salesforce.")


def _calls(plan: PlanSummary, options: Options, left: _Left) -> Iterator[Finding]:
    needed, floor = forecast(plan), options.keep_api_calls
    if left.calls is None:
        advice = (
            f"keep_api_calls: {floor} cannot be kept: Salesforce does not say how many calls are left." if floor else ""
        )
        yield Finding(Level.WARNING, "could not check the org's API calls", advice)
        return
    kept = f", of which {floor:,} are kept for others" if floor else ""
    rows, looks = sum(plan.planned.values()), "batches and limits" if floor else "batches"
    calls = "1 API call" if needed == 1 else f"{needed:,} API calls"
    if rows:
        need = "1 row needs" if rows == 1 else f"{rows:,} rows need"
        message = f"{need} about {calls}, looks at {looks} apart; {left.calls + floor:,} are left today{kept}"
        yield Finding(Level.INFO, message)
    missing = needed - left.calls
    if missing > 0:
        message = f"the run needs about {calls} and may use {max(left.calls, 0):,}: {missing:,} too few"
        yield Finding(Level.STOP, message, _advice(plan, left))


def _batches(plan: PlanSummary, left: _Left) -> Iterator[Finding]:
    needed = _batches_of(plan)
    if left.batches is None:
        yield Finding(Level.WARNING, "could not check the org's Bulk API batches", "")
        return
    batches = "1 Bulk API batch" if needed == 1 else f"{needed:,} Bulk API batches"
    if needed:
        yield Finding(Level.INFO, f"{batches} of the {left.batches:,} that are left today")
    if needed > left.batches:
        message = f"the run needs {batches} and {left.batches:,} are left today"
        yield Finding(Level.STOP, message, _advice(plan, left, "api: rest"))


def _advice(plan: PlanSummary, left: _Left, *others: str) -> str:
    """Return advice on what would fit: larger batches, or another api."""
    fitting = [*_suggest_options(plan, left), *others]
    if not fitting or (others and len(fitting) == len(others)):
        return f"No batch size fits: wait until {'some are' if others else 'calls are'} free, or have the limit raised."
    return f"Set {', or '.join(fitting)}."


def _suggest_options(plan: PlanSummary, left: _Left) -> Iterator[str]:
    calls = math.inf if left.calls is None else left.calls
    batches = math.inf if left.batches is None else left.batches
    actions = sum(1 for count in plan.planned.values() if count)
    size = _size(plan, min((calls - _CALLS_OF_A_JOB * actions) // 2, batches) - actions + 1)
    if size is not None and size <= _LARGEST_BATCH and plan.api != "bulk2":
        yield f"{'' if plan.api == 'bulk' else 'api: bulk with '}batch_size: {size} or more"
    size = _size(plan, calls // _CALLS_OF_AN_INGEST_JOB - actions + 1)
    if size is None or _internal(plan) > batches or plan.mode is Mode.INSERT:
        return
    if plan.api == "bulk2" and size > plan.batch_size:
        yield f"batch_size: {size} or more"
    elif plan.api != "bulk2":
        yield "api: bulk2" + (f" with batch_size: {size} or more" if size > _INGEST_JOB else "")


def _size(plan: PlanSummary, batches: float) -> int | None:
    """Return how many rows each of so many batches must hold, or None if there may be no batch."""
    return math.ceil(sum(plan.planned.values()) / batches) if batches >= 1 else None
