"""Check a project that was built in Python in the same way as a project file, and with the same messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
from attrs import evolve

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.project import ConnectionConfig, FieldMapping, Find, Model, Project, Sync
from connector_sdk.project.entries import is_sound, read_entries
from connector_sdk.settings.instances import read_as
from connector_sdk.settings.references import Place

_FIELD = 4
"""The number of parts in the place of a field: `syncs.NAME.fields.FIELD`."""

_IN_FILE = {"objects": "object", "delivery": "options", "object_name": "find", "conditions": "and"}
"""The keys that attributes have in a file, if the names differ."""


def verify_project(project: Project) -> Project:
    """Return a project as its file would make it. A project that was loaded from a file is returned unchanged.

    Raises `ConfigError` with every problem, with the messages and places of a file.
    """
    if is_sound(project):
        return project
    problems: list[Problem] = []
    typed = read_as(Project, project, (), problems)
    if not isinstance(typed, Project):
        raise ConfigError(problems)
    problems = [evolve(each, path=_place_in_file(each.path, typed)) for each in problems]
    problems += _naming_problems(typed)
    models = dict(_entries(typed.models, Model))
    rows = {name: each.data for name, each in models.items()}
    folder = Path(typed.folder) if isinstance(typed.folder, str) else Path()
    try:
        read = read_entries(_write(typed), folder, typed.file, tuple(problems), rows)
    except ConfigError as error:
        raise ConfigError(_without_repeats(error.problems, problems)) from None
    placed = {name: evolve(each, folder=models[name].folder) for name, each in read.models.items()}
    return evolve(read, models=placed, folder=typed.folder)


def _without_repeats(found: tuple[Problem, ...], known: list[Problem]) -> list[Problem]:
    """Return the known problems, and those of the found ones that no known problem may have caused."""
    places = [each.path for each in known]
    return [*known, *(each for each in found if not any(_covers(place, each.path) for place in places))]


def _covers(known: Place, place: Place) -> bool:
    """Return whether a problem at `known` may cause one at `place`: a place below it, or of the same field."""
    return place[: len(known)] == known or (len(place) == _FIELD and known[:_FIELD] == place)


def _place_in_file(path: Place, project: Project) -> Place:
    """Return the place in a file for a place in a project. In a file, fields go by their names."""
    place = tuple(_IN_FILE.get(part, part) if isinstance(part, str) else part for part in path)
    if len(place) < 4 or place[0] != "syncs" or place[2] != "fields":
        return place
    mapping = project.syncs[str(place[1])].fields[int(place[3])]
    name = getattr(mapping, "field", place[3])
    return (*place[:3], name if isinstance(name, str) else place[3], *place[4:])


def _entries(section: Any, cls: type) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a section that are instances of `cls`."""
    for name, each in section.items() if isinstance(section, Mapping) else ():
        if isinstance(each, cls):
            yield name, each


def _naming_problems(project: Project) -> Iterator[Problem]:
    """Yield names that contradict each other, because Python gives them twice and a file only once."""
    sections = (("connections", ConnectionConfig), ("models", Model), ("syncs", Sync))
    for section, cls in sections:
        for name, each in _entries(getattr(project, section), cls):
            if each.name != name:
                yield Problem(f"it is named {each.name} here, and {name} in the project", (section, name, "name"),
                              "give it one name")  # fmt: skip
    for name, sync in _entries(project.syncs, Sync):
        yield from _check_repeated_keys(name, sync)


def _check_repeated_keys(name: str, sync: Sync) -> Iterator[Problem]:
    fields = [each.field for each in _mappings(sync) if isinstance(each.field, str)]
    keys = {
        "fields": fields,
        "options": [*_without_defaults(sync.delivery), *(sync.options if _is_map(sync.options) else ())],
    }
    for place, named in keys.items():
        for key in (key for key, times in Counter(named).items() if times > 1):
            yield Problem(f"the key {key} is repeated", ("syncs", name, place, key), "keep one of them")


def _write(project: Project) -> dict[str, Any]:
    """Return the project as the data of a file. Invalid parts stay as they are, because they are reported already."""
    return {
        "version": 1,
        "connections": _write_section(project.connections, ConnectionConfig, _write_connection),
        "models": _write_section(project.models, Model, _write_model),
        "syncs": _write_section(project.syncs, Sync, _write_sync),
        "sequences": project.sequences,
        "keep": _without_defaults(project.keep),
    }


def _write_section(section: Any, cls: type, write: Callable[[Any], dict[str, Any]]) -> Any:
    if not _is_map(section):
        return section
    return {name: write(each) if isinstance(each, cls) else {} for name, each in section.items()}


def _write_connection(connection: ConnectionConfig) -> dict[str, Any]:
    return {**(connection.settings if _is_map(connection.settings) else {}), "type": connection.type}


def _write_model(model: Model) -> dict[str, Any]:
    own = _without_defaults(model)
    return {key: _without_defaults(each) for key, each in own.items() if key not in ("name", "data", "folder")}


def _write_sync(sync: Sync) -> dict[str, Any]:
    own = {
        key: _without_defaults(each) for key, each in _without_defaults(sync).items() if key not in ("name", "delivery")
    }
    own["object"] = own.pop("objects", ())
    own["fields"] = {each.field: _write_source(each) for each in _mappings(sync) if isinstance(each.field, str)}
    own["options"] = {**(sync.options if _is_map(sync.options) else {}), **_without_defaults(sync.delivery)}
    return own


def _mappings(sync: Sync) -> tuple[FieldMapping, ...]:
    fields = sync.fields if isinstance(sync.fields, tuple | list) else ()
    return tuple(each for each in fields if isinstance(each, FieldMapping))


def _write_source(mapping: FieldMapping) -> dict[str, Any]:
    own = {key: each for key, each in _without_defaults(mapping).items() if key != "field"}
    find = own.pop("find", None)
    return {**own, **_write_find(find)} if isinstance(find, Find) else own


def _write_find(find: Find) -> dict[str, Any]:
    own = _without_defaults(find)
    return {_IN_FILE.get(key, key): each for key, each in own.items()}


def _without_defaults(made: Any) -> Any:
    """Return the attributes of an instance that differ from their defaults, by name. Return other values unchanged."""
    if not attrs.has(type(made)):
        return made
    return {
        each.name: value
        for each in attrs.fields(type(made))
        if not _is_default(each, value := getattr(made, each.name))
    }


def _is_default(attribute: attrs.Attribute[Any], value: Any) -> bool:
    default: Any = attribute.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        default = default.factory()
    return type(value) is type(default) and bool(value == default)


def _is_map(value: Any) -> bool:
    return isinstance(value, Mapping)
