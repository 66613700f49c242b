"""Load a project from its file, or say everything that is wrong with it, each problem with its line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from attrs import evolve

from connector_sdk.errors import ConfigError, Problem
from connector_sdk.project import convert
from connector_sdk.project.document import Document, read_document, read_names
from connector_sdk.project.locate import located
from connector_sdk.project.secrets import Place
from connector_sdk.project.shape import ConnectionShape, KeepShape, ModelShape, ProjectShape, SyncShape
from connector_sdk.project.structure import problems_of, structured
from connector_sdk.project.suggest import suggestion
from connector_sdk.sync import Keep, Model, Outline, Project

FILE_NAME = "connector.yml"

S = TypeVar("S")
W = TypeVar("W")


def load_project(path: Path | str) -> Project:
    """Load the project in a file, or in the folder that holds a `connector.yml`.

    Nothing is imported and no secret is read: what needs a plugin or a secret is checked when a connection is opened.
    Raises `ConfigError` with every problem of the file.
    """
    file = _file(path)
    document = read_document(file)
    try:
        return _project(document, _folder(file))
    except ConfigError as error:
        raise located(error, document) from None


def load_outline(path: Path | str) -> Project | Outline:
    """Load of a project what looking back at its runs needs, whatever mistakes its entries have (see `load_project`).

    Raises `ConfigError` when the file has no syncs that can be named.
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
    data, problems = document.data, list(document.problems)
    unread = {problem.path for problem in problems}
    problems += [problem for problem in problems_of(ProjectShape, data) if problem.path not in unread]
    if not isinstance(data, Mapping):
        raise ConfigError([evolve(each, file=document.file, line=document.line(())) for each in problems])
    reading = _Reading(data, {problem.path[:2] for problem in problems}, folder)
    connections = reading.section("connections", ConnectionShape, convert.connection)
    models = reading.section("models", ModelShape, convert.model)
    syncs = reading.section("syncs", SyncShape, convert.sync)
    sequences = {name: tuple(each) for name, each in reading.sound("sequences")}
    problems += [
        *(problem for model in models.values() for problem in _model_problems(model)),
        *(
            problem
            for name, each in _entries(data, "syncs").items()
            for problem in _reference_problems(name, each, data)
        ),
        *(problem for name, each in sequences.items() for problem in _sequence_problems(name, each, data)),
    ]
    if problems:
        raise ConfigError(problems)
    keep = structured(KeepShape, data.get("keep", {}))
    return Project(
        connections, models, syncs, sequences, Keep(keep.days, keep.runs), folder=str(folder), file=document.file
    )


class _Reading:
    """Those entries of a project file that are sound, whatever is wrong with the others."""

    def __init__(self, data: Mapping[str, Any], broken: set[Place], folder: Path) -> None:
        self._data = data
        self._broken = broken
        self._folder = folder

    def sound(self, section: str) -> Iterator[tuple[str, Any]]:
        """The entries of a section that have the right shape."""
        for name, each in _entries(self._data, section).items():
            if (section, name) not in self._broken:
                yield name, each

    def section(self, name: str, shape: type[S], word: Callable[[str, S, Path], W]) -> dict[str, W]:
        """The sound entries of a section as words."""
        return {
            each: word(each, structured(shape, data, (name, each)), self._folder) for each, data in self.sound(name)
        }


def _entries(data: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    found = data.get(section)
    return found if isinstance(found, Mapping) else {}


def _model_problems(model: Model) -> Iterator[Problem]:
    place: Place = ("models", model.name)
    if (model.file is None) == (model.sql is None):
        found = "neither is given" if model.file is None else "both are given"
        yield Problem(f"a model has either a file or sql; {found}", place, "keep exactly one of the two")
    repeated = {column for column in model.primary_key if model.primary_key.count(column) > 1}
    if repeated:
        named = ", ".join(sorted(repeated))
        yield Problem(f"the primary key names {named} twice", (*place, "primary_key"), "name each column once")


def _reference_problems(sync: str, entry: Any, data: Mapping[str, Any]) -> Iterator[Problem]:
    """What a sync refers to and is not there; said also of a sync with other problems."""
    for key, section in (("model", "models"), ("connection", "connections")):
        known, name = _entries(data, section), entry.get(key) if isinstance(entry, Mapping) else None
        if isinstance(name, str) and name not in known:
            yield Problem(f"there is no {key} {name}", ("syncs", sync, key), suggestion(name, list(known)))


def _sequence_problems(name: str, syncs: tuple[str, ...], data: Mapping[str, Any]) -> Iterator[Problem]:
    known = _entries(data, "syncs")
    if name in known:
        yield Problem(f"there is a sync {name} already", ("sequences", name), "give the sequence a name of its own")
    for index, sync in enumerate(syncs):
        place: Place = ("sequences", name, index)
        if sync not in known:
            yield Problem(f"there is no sync {sync}", place, suggestion(sync, list(known)))
        elif sync in syncs[:index]:
            yield Problem(f"the sync {sync} is in this sequence already", place, "name each sync once")
