"""Commands for a new project: `init`, `schema`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from connector_sdk.cli import terminal
from connector_sdk.cli.records import write_json
from connector_sdk.cli.settings import Settings, global_options
from connector_sdk.cli.template import project_template
from connector_sdk.contract.errors import ConfigError, ConnectorError
from connector_sdk.contract.spec import DestinationSpec
from connector_sdk.hooks.plugins import find_installed
from connector_sdk.project.load import FILE_NAME
from connector_sdk.project.published import project_schema


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@global_options
def init(directory: Path) -> None:
    """Write a project file to start from into DIRECTORY."""
    file = directory / FILE_NAME
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:
            stream.write(project_template(find_installed()))
    except FileExistsError:
        raise ConfigError(f"{file} is there already", hint="name another folder, or edit that file") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{file} cannot be written: {reason}", hint="name a folder that you may write to") from None
    terminal.data(f"{file}\n")
    terminal.note(f"next: edit {file}, then connector --project {directory} check")


@click.command()
@global_options
@click.pass_obj
def schema(settings: Settings) -> None:
    """Print the JSON Schema of the project file, for editors.

    It knows the settings of the destinations that the project names; without a project, of all that are installed.
    """
    write_json(project_schema(_specs(settings)))


def _specs(settings: Settings) -> Iterator[tuple[str, DestinationSpec]]:
    for type_ in project_types(settings):
        try:
            yield type_, settings.destination(type_).spec
        except ConnectorError as error:
            terminal.say(f"the settings of {type_} are left out: {error}")


def project_types(settings: Settings) -> list[str]:
    """Return the types of destinations that the project names; without a project, all that are available."""
    if settings.path.exists() and (settings.path.is_file() or (settings.path / FILE_NAME).exists()):
        return sorted({each.type for each in settings.project.connections.values()})
    return sorted({*find_installed(), *(settings.destinations or ())})
