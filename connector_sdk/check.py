"""Check the connections, objects, mappings and models of a project without sending anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

from attrs import evolve, frozen

from connector_sdk.contract.errors import ConfigError
from connector_sdk.contract.plan import Finding
from connector_sdk.contract.project import Project, Sync
from connector_sdk.hooks.destination import Destination
from connector_sdk.hooks.observers import Observers
from connector_sdk.lifecycle.connect import OpenConnection, find_destination, hold_connection, scrub_findings
from connector_sdk.lifecycle.session import check_settings, discover
from connector_sdk.planning.mapping.objects import in_match_order
from connector_sdk.planning.model_check import check_columns, check_model
from connector_sdk.project.arguments import checks_arguments


@frozen
class CheckedConnection:
    """A connection that works: the account that it reaches, and findings about it and about the syncs that use it."""

    name: str
    type: str
    account: str
    label: str
    production: bool | None
    findings: tuple[Finding, ...] = ()


@checks_arguments()
def check(project: Project, *, destinations: Mapping[str, Destination] | None = None) -> tuple[CheckedConnection, ...]:
    """Open every connection and check every sync. Raises `ConfigError` with all problems of all of them.

    The exit code of the error is 69 if nothing is wrong except logins.
    """
    errors: list[ConfigError] = []
    found: list[CheckedConnection] = []
    with ExitStack() as stack:
        opened: dict[str, OpenConnection] = {}
        for name, connection in project.connections.items():
            try:
                destination = find_destination(project, name, destinations)
                each = stack.enter_context(hold_connection(project, name, destination, Observers()))
            except ConfigError as error:
                errors.append(error)
                continue
            opened[name] = each
            reached = each.connection
            found.append(CheckedConnection(name, connection.type, reached.account, reached.label, reached.production))
        findings = {name: dict.fromkeys(_own_findings(each)) for name, each in opened.items()}
        for sync in project.syncs.values():
            if sync.connection in opened:
                errors += _sync_errors(project, sync, opened[sync.connection], findings[sync.connection])
            else:
                errors += _model_errors(project, sync)
        if errors:
            problems = list(dict.fromkeys(problem for each in errors for problem in each.problems))
            cause = next((each.__cause__ for each in errors if each.__cause__), None)
            raise ConfigError(problems, exit_code=min(each.exit_code for each in errors)) from cause
    return tuple(evolve(each, findings=tuple(findings[each.name])) for each in found)


def _own_findings(opened: OpenConnection) -> tuple[Finding, ...]:
    """Return the findings that the destination reported when it opened the connection."""
    return scrub_findings(opened.connection.findings, opened.host.scrub)


def _sync_errors(
    project: Project, sync: Sync, opened: OpenConnection, findings: dict[Finding, None]
) -> Iterator[ConfigError]:
    """Yield the errors of a sync. Add what is only worth knowing to `findings`."""
    try:
        _, options = check_settings(project, sync, opened.destination)
        schemas = discover(opened, sync)
    except ConfigError as error:
        yield error
        yield from _model_errors(project, sync)
        return
    try:
        opened.destination.check_sync(opened.connection, sync, options)
    except ConfigError as error:
        yield error
    try:
        found = check_model(
            project,
            sync,
            in_match_order(schemas.values()),
            opened.destination.spec,
            lambda name: opened.destination.discover_schema(opened.connection, name),
        )
        findings |= dict.fromkeys(found)
    except ConfigError as error:
        yield error


def _model_errors(project: Project, sync: Sync) -> Iterator[ConfigError]:
    """Yield the errors of the model of a sync whose mapping cannot be checked now."""
    try:
        check_columns(project, sync)
    except ConfigError as error:
        yield error
