"""Checks of a sync and its plan before events are published: hourly and daily limits, and what subscribers need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector_salesforce import CallFailed, read_remaining

from connector_salesforce_events.allocation import allocation_in
from connector_salesforce_events.config import Options
from connector_salesforce_events.publishing import Events
from connector_sdk import Finding, Level, PlanSummary, Problem, Sync


def check_sync(sync: Sync, options: Options) -> Iterator[Problem]:
    """Yield a problem for each option that contradicts another one."""
    place = ("syncs", sync.name, "options")
    if options.ordered and sync.delivery.parallelism not in (None, 1):
        message = f"ordered needs parallelism 1, not {sync.delivery.parallelism}"
        yield Problem(message, (*place, "parallelism"), "leave it out, or set it to 1")
    if options.ordered and sync.delivery.api == "bulk2":
        message = "ordered does not go with the Bulk API 2.0, which keeps no order"
        yield Problem(message, (*place, "api"), "use api: rest")


def check_plan(events: Events, plan: PlanSummary, options: Options) -> list[Finding]:
    """Return the findings about a plan before events are published; none if no event is planned."""
    if not sum(plan.planned.values()):
        return []
    return [*_allowances(events, plan, options), *_delivery(plan, options), *_key(plan)]


def _allowances(events: Events, plan: PlanSummary, options: Options) -> Iterator[Finding]:
    try:
        limits = events.org.limits()
    except CallFailed as error:
        advice = "Give the user View Setup and Configuration to have it checked."
        yield Finding(Level.WARNING, f"could not check how many events may be published: {error}", advice)
        return
    yield from _hourly(limits, plan, options)
    yield from _daily(limits, plan, options)


def _hourly(limits: Mapping[str, Any], plan: PlanSummary, options: Options) -> Iterator[Finding]:
    planned = sum(plan.planned.values())
    left, whole = allocation_in(limits)
    if left is None:
        yield Finding(Level.WARNING, "could not check how many events may be published this hour")
        return
    in_all = f" of {whole:,}" if whole is not None else ""
    events = "1 event" if planned == 1 else f"{planned:,} events"
    message = f"{events}, and {left:,}{in_all} may still be published this hour"
    if planned <= left:
        yield Finding(Level.INFO, message)
    elif options.on_limit == "wait":
        yield Finding(Level.WARNING, f"{message}: the run waits for the next hour", "on_limit: stop ends it instead.")
    else:
        yield Finding(Level.WARNING, f"{message}: the run stops there", "Run again in an hour, or set on_limit: wait.")


def _daily(limits: Mapping[str, Any], plan: PlanSummary, options: Options) -> Iterator[Finding]:
    """Stop a plan that needs more API calls than are left today. Each request is one call."""
    left = read_remaining(limits, "DailyApiRequests")
    needed, floor = sum(plan.batches.values()), options.keep_api_calls
    if left is not None and plan.api != "bulk2" and needed > left - floor:
        kept = f", of which {floor:,} are kept for others" if floor else ""
        calls = "1 API call" if needed == 1 else f"{needed:,} API calls"
        message = f"the run needs about {calls}, and {left:,} are left today{kept}"
        yield Finding(Level.STOP, message, "Raise batch_size, or run again when calls are free.")


def _delivery(plan: PlanSummary, options: Options) -> Iterator[Finding]:
    message = "Salesforce queues each event that it accepts, and does not report whether subscribers received it"
    yield Finding(Level.INFO, message)
    if options.delivery == "at_least_once" and plan.api != "bulk2":
        yield Finding(Level.INFO, "delivery: at_least_once: an event whose answer is lost is published again")
    if plan.api == "bulk2":
        message = "the Bulk API 2.0 tells no ids of events, takes longer and keeps no order"
        yield Finding(Level.WARNING, message, "Set api: rest unless there are too many events for it.")


def _key(plan: PlanSummary) -> Iterator[Finding]:
    """Warn if no field holds the primary key.

    Salesforce delivers an event at least once, and has no key by which subscribers could find a second message.
    """
    if not plan.key_fields:
        message = "no field of the event holds the primary key, so subscribers cannot tell a message that comes twice"
        yield Finding(Level.WARNING, message, "Map the primary key to a text field of the event.")
