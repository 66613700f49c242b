"""Commands that ask a destination without writing: `check`, `discover`, `explain`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import click
from attrs import asdict

from connector_sdk.check import check as check_project
from connector_sdk.cli import terminal
from connector_sdk.cli.described import write_objects, write_schema
from connector_sdk.cli.init_commands import project_types
from connector_sdk.cli.orphaned_runs import tell_left_behind
from connector_sdk.cli.records import Format, Record, write_records
from connector_sdk.cli.settings import Settings, global_options
from connector_sdk.cli.summaries import finding_text
from connector_sdk.contract.batch import Action
from connector_sdk.contract.codes import EXPLAINED, Code
from connector_sdk.contract.errors import ConfigError, ConnectorError
from connector_sdk.contract.outcome import Classification, RowError
from connector_sdk.hooks.destination import Destination
from connector_sdk.lifecycle.connect import open_connection
from connector_sdk.settings.counts import say_count

_SAID = ("code", "kind", "cause", "advice")
"""What a destination says of a code."""


@click.command()
@global_options
@click.pass_obj
def check(settings: Settings) -> None:
    """Check project, plugins, logins and mappings; write nothing."""
    found = check_project(settings.project, destinations=settings.destinations)
    columns = ("name", "type", "account", "label", "production")
    write_records(settings.output, columns, (asdict(each) for each in found))
    for finding in dict.fromkeys(finding for each in found for finding in each.findings):
        terminal.note(finding_text(finding))
    terminal.note(f"{say_count(len(settings.project.syncs), 'sync', 'syncs')} OK")
    tell_left_behind(settings)


@click.command()
@click.argument("connection")
@click.argument("object_name", metavar="[OBJECT]", required=False)
@click.option("--refresh", is_flag=True, help="Ask the destination, and do not use the stored description.")
@global_options
@click.pass_obj
def discover(settings: Settings, connection: str, object_name: str | None, refresh: bool) -> None:
    """List the objects of CONNECTION, or the fields of OBJECT.

    Says which fields can be written and matched, and why the others cannot.
    """
    with open_connection(settings.project, connection, destinations=settings.destinations) as (destination, opened):
        if object_name is None:
            write_objects(settings.output, destination.list_objects(opened))
        else:
            write_schema(settings.output, destination.discover_schema(opened, object_name, refresh))


@click.command()
@click.argument("code", nargs=-1, required=True)
@global_options
@click.pass_obj
def explain(settings: Settings, code: tuple[str, ...]) -> None:
    """Say what each error CODE means and what to do about it."""
    found, unknown = _find_codes(list(_load_destinations(settings)), code)
    if settings.output is not Format.TABLE and found:
        write_records(settings.output, tuple(found[0]), found)
    elif found:
        terminal.text("\n".join(map(_explanation_text, found)))
    if unknown:
        hint = "connector rows RUN shows what the destination said about each row"
        raise ConfigError(f"no destination of this project knows the code {' '.join(unknown)}", hint=hint)


def _load_destinations(settings: Settings) -> Iterator[tuple[str, Destination]]:
    for type_ in project_types(settings):
        try:
            yield type_, settings.destination(type_)
        except ConnectorError as error:
            terminal.say(str(error))


def _find_codes(
    destinations: Sequence[tuple[str, Destination]], words: Sequence[str]
) -> tuple[list[Record], list[str]]:
    """Return the explanations of the codes in `words`, and the words that belong to none.

    A code may have several words: as many as make a known code are taken for one.
    """
    found: list[Record] = []
    unknown: list[str] = []
    start = 0
    while start < len(words):
        ends = range(len(words), start, -1)
        known = ((end, list(_explanations(destinations, " ".join(words[start:end])))) for end in ends)
        end, explained = next((each for each in known if each[1]), (start + 1, []))
        found += _join_destinations(explained)
        unknown += [] if explained else [words[start]]
        start = end
    return found, unknown


def _explanations(destinations: Sequence[tuple[str, Destination]], asked: str) -> Iterator[Record]:
    own = asked.upper().replace(" ", "_")
    if own in EXPLAINED:
        said = EXPLAINED[Code(own)]
        yield {"destination": "connector", "code": own, "kind": "row", "cause": said.cause, "advice": said.advice}
    for type_, destination in destinations:
        for spelling in dict.fromkeys((asked, asked.upper(), asked.lower(), asked.capitalize())):
            known = destination.classify_error(RowError(spelling, "", Action.UPSERT))
            if known.cause or known.advice:
                yield _explanation(type_, spelling, known)
                break


def _join_destinations(found: Iterable[Record]) -> list[Record]:
    """Return one record for the destinations that explain a code alike."""
    joined: dict[tuple[str, ...], list[str]] = {}
    for each in found:
        said = tuple(str(each[name]) for name in _SAID)
        joined.setdefault(said, []).append(str(each["destination"]))
    return [{"destination": ", ".join(types), **dict(zip(_SAID, said, strict=True))} for said, types in joined.items()]


def _explanation_text(record: Record) -> str:
    heading = f"{record['code']} ({record['destination']}, {record['kind']})"
    return f"{heading}\n  cause     {record['cause']}\n  solution  {record['advice']}"


def _explanation(type_: str, code: str, known: Classification) -> Record:
    return {"destination": type_, "code": code, "kind": known.kind, "cause": known.cause, "advice": known.advice}
