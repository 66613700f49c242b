"""Read the entries of a project in the form of its file: report what is wrong with them, or return the project."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from attrs import evolve

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.project import Keep, Model, Project
from connector_sdk.project import convert
from connector_sdk.project.shape import ConnectionShape, KeepShape, ModelShape, ProjectShape, SyncShape
from connector_sdk.settings.paths import explain_url
from connector_sdk.settings.references import Place
from connector_sdk.settings.structure import build_instance, problems_of
from connector_sdk.settings.suggest import suggestion

_SOUND: WeakValueDictionary[int, Project] = WeakValueDictionary()
"""The projects that were read here, by identity. Nothing is wrong with them."""

S = TypeVar("S")
W = TypeVar("W")


def read_entries(
    data: Any, folder: Path, file: str = "", unread: tuple[Problem, ...] = (), rows: Mapping[str, Any] | None = None
) -> Project:
    """Return the project in `data`, which has the form of a project file in `folder`.

    `unread` are problems that left the rest readable. `rows` are the data of models that exist only in this process,
    by the name of the model. Raises `ConfigError` with every problem.
    """
    places = {problem.path for problem in unread}
    problems = [*unread, *(each for each in problems_of(ProjectShape, data) if each.path not in places)]
    if not isinstance(data, Mapping):
        raise ConfigError(problems)
    reading = _Reading(data, {problem.path[:2] for problem in problems}, folder)
    connections = reading.section("connections", ConnectionShape, convert.connection)
    models = reading.section("models", ModelShape, convert.model)
    models = {name: evolve(each, data=(rows or {}).get(name)) for name, each in models.items()}
    syncs = reading.section("syncs", SyncShape, convert.sync)
    sequences = {name: tuple(each) for name, each in reading.sound("sequences")}
    sources = ("file", "sql") if rows is None else ("file", "sql", "data")
    problems += [
        *(problem for model in models.values() for problem in _model_problems(model, sources)),
        *(problem for name, each in _section(data, "syncs").items() for problem in _sync_problems(name, each, data)),
        *(problem for name, each in sequences.items() for problem in _sequence_problems(name, each, data)),
    ]
    if problems:
        raise ConfigError(problems)
    keep = build_instance(KeepShape, data.get("keep", {}))
    project = Project(
        connections=connections,
        models=models,
        syncs=syncs,
        sequences=sequences,
        keep=Keep(keep.days, keep.runs),
        folder=str(folder),
        file=file,
    )
    _SOUND[id(project)] = project
    return project


def is_sound(project: Project) -> bool:
    """Return whether a project was read here, so that it need not be checked again."""
    return _SOUND.get(id(project)) is project


class _Reading:
    """The valid entries of a project, whatever is wrong with the others."""

    def __init__(self, data: Mapping[str, Any], broken: set[Place], folder: Path) -> None:
        self._data = data
        self._broken = broken
        self._folder = folder

    def sound(self, section: str) -> Iterator[tuple[str, Any]]:
        """Yield the entries of a section that have the right shape."""
        for name, each in _section(self._data, section).items():
            if (section, name) not in self._broken:
                yield name, each

    def section(self, name: str, shape: type[S], word: Callable[[str, S, Path], W]) -> dict[str, W]:
        """Return the valid entries of a section, converted by `word`."""
        return {
            each: word(each, build_instance(shape, data, (name, each)), self._folder) for each, data in self.sound(name)
        }


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def _model_problems(model: Model, sources: tuple[str, ...]) -> Iterator[Problem]:
    """Yield what is wrong with the source of a model, which is one of `sources`, and with its primary key."""
    place: Place = ("models", model.name)
    given = [each for each in sources if getattr(model, each) is not None]
    if len(given) != 1:
        found = f"{' and '.join(given)} are given" if given else "none is given"
        yield Problem(f"a model has one of {', '.join(sources)}; {found}", place, "keep exactly one of them")
    if isinstance(model.file, str) and (explained := explain_url(model.file)):
        message, hint = explained
        yield Problem(message, (*place, "file"), hint)
    repeated = {column for column in model.primary_key if model.primary_key.count(column) > 1}
    if repeated:
        named = ", ".join(sorted(repeated))
        yield Problem(f"primary_key names {named} more than once", (*place, "primary_key"), "name each column once")


def _sync_problems(sync: str, entry: Any, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the model and the connection that a sync names and the project lacks, even if it has other problems."""
    for key, section in (("model", "models"), ("connection", "connections")):
        known, name = data.get(section, {}), entry.get(key) if isinstance(entry, Mapping) else None
        if isinstance(known, Mapping) and isinstance(name, str) and name not in known:
            yield Problem(f"there is no {key} {name}", ("syncs", sync, key), suggestion(name, list(known)))


def _sequence_problems(name: str, syncs: tuple[str, ...], data: Mapping[str, Any]) -> Iterator[Problem]:
    known = _section(data, "syncs")
    if name in known:
        yield Problem(f"there is a sync {name} already", ("sequences", name), "give the sequence a name of its own")
    for index, sync in enumerate(syncs):
        place: Place = ("sequences", name, index)
        if sync not in known:
            yield Problem(f"there is no sync {sync}", place, suggestion(sync, list(known)))
        elif sync in syncs[:index]:
            yield Problem(f"the sync {sync} is in this sequence already", place, "name each sync once")
