"""Add parts of file paths as columns: with `region=EU` in its path, every row of a file has the region `EU`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from attrs import evolve

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.engines.files import display_path
from connector_sdk.engines.reading import Reading
from connector_sdk.engines.relation import Column, Part
from connector_sdk.engines.sql import text

_NULL = "__HIVE_DEFAULT_PARTITION__"

Values = tuple[tuple[str, str | None], ...]
"""The partitions in a path, with their values."""


def path_values(reading: Reading, named: str, files: Sequence[str]) -> Mapping[str, Values]:
    """Return the partitions of each file. Raises `ConfigError` if a path lacks one, or has one twice.

    In a model's SQL, files may also have none of them. `named` is the path in the model. If it is relative, folders
    above the project's folder do not count.
    """
    wanted = reading.model.partitions
    found = {file: _parts(reading, named, file) for file in files}
    if reading.model.sql is not None and not any(each in parts for parts in found.values() for each in wanted):
        return dict.fromkeys(files, ())
    problems = [
        problem
        for file, parts in found.items()
        for problem in _problems(reading, display_path(reading.model, file), parts)
    ]
    if problems:
        raise ConfigError(problems)
    return {file: tuple((each, parts[each][0]) for each in wanted) for file, parts in found.items()}


def add_partitions(reading: Reading, part: Part, values: Values) -> Part:
    """Return a part with its partitions as columns. Raises `ConfigError` if its files have a column of that name."""
    own = {each.casefold() for each in (*part.columns, *part.left_out)}
    problems = [
        Problem(
            f"{part.shown} has a column {each} of its own",
            ("models", reading.model.name, "partitions"),
            "take it from the path or from the file: leave it out of partitions, or out of the file",
        )
        for each, _ in values
        if each.casefold() in own
    ]
    if problems:
        raise ConfigError(problems)
    added = {each: Column("null::varchar" if value is None else text(value), "VARCHAR") for each, value in values}
    return evolve(part, columns={**part.columns, **added})


def _parts(reading: Reading, named: str, file: str) -> Mapping[str, list[str | None]]:
    """Return the values of each `name=value` folder in the path of a file, from the project's folder on."""
    path = file if Path(named).is_absolute() else os.path.relpath(file, reading.model.folder)
    found: dict[str, list[str | None]] = {}
    for folder in Path(path).parts[:-1]:
        word, sign, value = folder.partition("=")
        if sign:
            found.setdefault(unquote(word), []).append(None if value == _NULL else unquote(value))
    return found


def _problems(reading: Reading, said: str, parts: Mapping[str, Sequence[str | None]]) -> list[Problem]:
    place = ("models", reading.model.name, "partitions")
    hint = "name just what every path has once, such as region for region=EU/people.csv"
    problems = []
    for each in reading.model.partitions:
        if len(parts.get(each, ())) != 1:
            how = "more than once" if each in parts else "not"
            problems.append(Problem(f"the path {said} has {each}=... {how}", place, hint))
    return problems
