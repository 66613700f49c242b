"""Load a project from its file, or report everything that is wrong with the file, each problem with its line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from attrs import evolve

from connector_sdk.contract.errors import ConfigError
from connector_sdk.contract.project import Outline, Project
from connector_sdk.project.arguments import checks_arguments
from connector_sdk.project.document import Document, read_document, read_names
from connector_sdk.project.entries import read_entries
from connector_sdk.project.locate import locate_problems
from connector_sdk.project.shape import ProjectShape
from connector_sdk.settings.structure import problems_of

FILE_NAME = "connector.yml"


@checks_arguments()
def load_project(path: Path | str) -> Project:
    """Load the project in a file, or in the folder that holds a `connector.yml`.

    This imports no plugin and reads no secret. What needs a plugin or a secret is checked when a connection is opened.
    Raises `ConfigError` with every problem of the file.
    """
    file = _file(path)
    document = read_document(file)
    try:
        return _project(document, _folder(file))
    except ConfigError as error:
        raise locate_problems(error, document) from None


def load_outline(path: Path | str) -> Project | Outline:
    """Load the part of a project that its history needs, whatever mistakes the entries have (see `load_project`).

    If the names of the syncs cannot be read, load the whole project. Raises `ConfigError` if that fails.
    """
    file = _file(path)
    syncs = read_names(file, "syncs")
    return load_project(path) if syncs is None else Outline(syncs, str(_folder(file)), str(file))


def _file(path: Path | str) -> Path:
    given = Path(path)
    return given / FILE_NAME if given.is_dir() else given


def _folder(file: Path) -> Path:
    return Path(os.path.abspath(file.parent))


def _project(document: Document, folder: Path) -> Project:
    if not isinstance(document.data, Mapping):
        problems = [*document.problems, *problems_of(ProjectShape, document.data)]
        raise ConfigError([evolve(each, file=document.file, line=document.line(())) for each in problems])
    return read_entries(document.data, folder, document.file, document.problems)
