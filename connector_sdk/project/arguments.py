"""Check the arguments of a host's call: each one by its annotation, and a project as its file would be checked."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar, get_args

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.project import Project
from connector_sdk.project.made import verify_project
from connector_sdk.settings.instances import hints_of, read_as

P = ParamSpec("P")
R = TypeVar("R")

Judge = Callable[[Mapping[str, Any]], Iterable[Problem]]
"""A function that yields what is wrong with the arguments of a call beyond their types. It gets no mistyped ones."""


def checks_arguments(*judges: Judge) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Check the arguments of each call before it begins, and pass them on as their annotations say.

    The call raises `ConfigError` with all problems of all arguments.
    """

    def decorate(call: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(call)

        @wraps(call)
        def call_checked(*args: P.args, **kwargs: P.kwargs) -> R:
            given = signature.bind(*args, **kwargs)
            problems: list[Problem] = []
            for name, value in given.arguments.items():
                given.arguments[name] = _read(hints_of(call)[name], value, name, problems)
            mistyped = {each.path[0] for each in problems if each.path}
            sound = {name: each for name, each in given.arguments.items() if name not in mistyped}
            problems += [problem for judge in judges for problem in judge(sound)]
            if problems:
                raise ConfigError(problems)
            return call(*given.args, **given.kwargs)

        return call_checked

    return decorate


def _read(hint: Any, value: Any, name: str, problems: list[Problem]) -> Any:
    if not isinstance(value, Project):
        return read_as(hint, value, (name,), problems)
    if hint is not Project and Project in get_args(hint):
        return value  # the history of a project can be read whatever mistakes the project has
    try:
        return verify_project(value)
    except ConfigError as error:
        problems += error.problems
        return value
