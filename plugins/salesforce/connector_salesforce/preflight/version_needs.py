"""Check whether a sync uses something that only later versions of Salesforce's APIs have.

REST API Developer Guide, "sObject Collections", "Upsert Records Using sObject Collections", "Duplicate Rule Header";
Bulk API 2.0 Developer Guide, "Create a Job", "Create a Query Job"; Object Reference, "FlowDefinitionView".
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from connector_salesforce.config import Options
from connector_salesforce.transport.versions import number
from connector_sdk import Finding, Level, Mode, PlanSummary, Problem, Sync

COLLECTIONS = 42
COLLECTIONS_UPSERT = 46
FLOWS = 47
QUERY_JOBS = 47
BULK2_ASSIGNMENT = 49
DUPLICATE_HEADER = 52

_FIRST_API = "bulk"


@frozen
class Need:
    """A feature of the API: its first version, the option of a sync that asks for it, and what to set instead."""

    since: int
    what: str
    option: str
    otherwise: str = ""

    def problem(self, version: str, sync: str) -> Problem:
        """Return the problem that the connection's version lacks the feature."""
        return Problem(self._message(version), ("syncs", sync, "options", self.option), self._advice())

    def finding(self, version: str) -> Finding:
        """Return the finding that stops a plan for the same reason."""
        advice = self._advice()
        return Finding(Level.STOP, self._message(version), f"{advice[0].upper()}{advice[1:]}.")

    def _message(self, version: str) -> str:
        return f"{self.what} needs version {self.since}.0 of the API, and api_version of the connection is {version}"

    def _advice(self) -> str:
        newer = f'set api_version: "{self.since}.0" or later in the connection'
        return f"{newer}, or {self.otherwise}" if self.otherwise else newer


def check_version(version: str, sync: Sync, options: Options) -> Iterator[Problem]:
    """Yield a problem for each need of a sync that a version does not meet. `api: auto` is checked with the plan."""
    for each in _needs(sync.delivery.api or _FIRST_API, sync.mode, options):
        if number(version) < each.since:
            yield each.problem(version, sync.name)


def check_plan_version(version: str, plan: PlanSummary, options: Options) -> Iterator[Finding]:
    """Yield a finding for each need of a plan that a version does not meet."""
    for each in _needs(plan.api, plan.mode, options):
        if number(version) < each.since:
            yield each.finding(version)


def _collections(mode: Mode) -> Need:
    """Return what writing through sObject Collections needs in a mode."""
    if mode is Mode.UPSERT:
        return Need(COLLECTIONS_UPSERT, "api: rest in mode upsert", "api", "api: bulk in the options of the sync")
    return Need(COLLECTIONS, "api: rest", "api", "api: bulk in the options of the sync")


def _needs(api: str, mode: Mode, options: Options) -> Iterator[Need]:
    if api == "rest":
        yield _collections(mode)
        if options.duplicate_rules == "allow":
            yield Need(DUPLICATE_HEADER, "duplicate_rules: allow", "duplicate_rules", "duplicate_rules: respect")
    if api == "bulk2" and options.assignment_rule not in ("on", "off"):
        yield Need(BULK2_ASSIGNMENT, "an assignment rule with api: bulk2", "assignment_rules", "api: bulk")
