"""Turn plain data into an instance of an attrs class: check it by its JSON Schema, and structure it with cattrs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from traceback import walk_tb
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import attrs
import cattrs
from cattrs.errors import AttributeValidationNote
from cattrs.gen import make_dict_structure_fn, override

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.secret import Secret
from connector_sdk.settings.json_schema import json_schema, key_of, rest_of
from connector_sdk.settings.references import Interpolated, Place, interpolate

T = TypeVar("T")


def structure(cls: type[T], data: Any, path: Place = ()) -> T:
    """Resolve the references in `data`, check it against `cls` and return an instance.

    Raises `ConfigError` with all problems, each placed below `path`.
    """
    resolved, problems = interpolate(data, path)
    missing = {problem.path for problem in problems}
    problems += [each for each in problems_of(cls, resolved, path) if each.path not in missing]
    if problems:
        raise ConfigError(problems)
    return build_instance(cls, resolved, path)


def problems_of(cls: Any, data: Any, path: Place = ()) -> list[Problem]:
    """Return what keeps `data` from being structured as `cls`, without resolving references in it."""
    from connector_sdk.settings.validation import schema_problems  # imported here to keep lists of runs fast

    return schema_problems(_schema(cls), data, path)


def build_instance(cls: type[T], data: Any, path: Place = ()) -> T:
    """Return valid data as an instance of `cls`. Raises `ConfigError` if a validator of a class refuses the data."""
    try:
        return _converter.structure(data, cls)
    except cattrs.BaseValidationError as error:
        written = dict(_find_interpolated(data))
        problems = [_hide_values(each, written) for each in _refusals(error, path)]
    raise ConfigError(problems)  # outside of `except`, because the caught error holds the values


@lru_cache(maxsize=512)
def _schema(type_: Any) -> dict[str, Any]:
    return json_schema(type_)


def _refusals(error: BaseException, path: Place) -> Iterator[Problem]:
    if not isinstance(error, cattrs.ClassValidationError | cattrs.IterableValidationError):
        said = error.args[0] if error.args else type(error).__name__
        yield Problem(str(said), (*path, *_refusing_key(error)), "correct the value")
        return
    noted, others = error.group_exceptions()
    for inner, note in noted:
        key = note.name if isinstance(note, AttributeValidationNote) else note.index
        yield from _refusals(inner, (*path, key))
    for other in others:
        yield from _refusals(other, path)


def _refusing_key(error: BaseException) -> Place:
    """Return the key of the attribute whose validator raised an error; nothing for an error of a whole class."""
    for frame, _ in walk_tb(error.__traceback__):
        arguments = frame.f_code.co_varnames[: frame.f_code.co_argcount]
        for each in arguments:
            if isinstance(attribute := frame.f_locals.get(each), attrs.Attribute):
                return (key_of(attribute.name),)
    return ()


def _find_interpolated(data: Any) -> Iterator[tuple[str, str]]:
    """Yield each text that came out of a reference, with the reference as the file writes it."""
    if isinstance(data, Interpolated):
        yield str(data), data.source
    elif isinstance(data, Mapping | list):
        for each in data.values() if isinstance(data, Mapping) else data:
            yield from _find_interpolated(each)


def _hide_values(problem: Problem, written: Mapping[str, str]) -> Problem:
    """Return the problem with references in place of their texts, because a text may be a secret."""
    message = problem.message
    for text, source in written.items():
        message = message.replace(text, source)
    return attrs.evolve(problem, message=message)


def _is_union(type_: Any) -> bool:
    return get_origin(type_) in (Union, UnionType)


def _structure_union(value: Any, type_: Any) -> Any:
    """Structure a value as the first member of a union that it fits."""
    from connector_sdk.settings.validation import fits

    member = next(each for each in get_args(type_) if fits(_schema(each), value))
    return None if member is type(None) else _converter.structure(value, member)


def _with_rest(cls: type) -> Callable[[Any, Any], Any]:
    """Return a hook that structures a class which collects the keys that it does not name."""
    others = str(rest_of(cls))
    named = {each.name for each in attrs.fields(cls)} - {others}
    inner: Callable[[Any, Any], Any] = make_dict_structure_fn(cls, _converter)

    def hook(value: Mapping[str, Any], _: Any) -> Any:
        own = {key: each for key, each in value.items() if key in named}
        return inner({**own, others: {key: each for key, each in value.items() if key not in named}}, cls)

    return hook


def _with_keys(cls: type) -> Callable[[Any, Any], Any]:
    """Return a hook that structures a class with attributes whose keys have other names."""
    renamed: dict[str, Any] = {name: override(rename=key_of(name)) for name in _differing_keys(cls)}
    hook: Callable[[Any, Any], Any] = make_dict_structure_fn(cls, _converter, **renamed)
    return hook


def _differing_keys(cls: type) -> list[str]:
    return [each.name for each in attrs.fields(cls) if key_of(each.name) != each.name]


def _as_is(value: Any, _: Any) -> Any:
    return value


def _bool(value: Any, _: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _secret(value: Any, _: Any) -> Secret:
    return value if isinstance(value, Secret) else Secret(str(value))


_converter = cattrs.Converter()
_converter.register_structure_hook(bool, _bool)
_converter.register_structure_hook(Secret, _secret)
_converter.register_structure_hook(Decimal, lambda value, _: Decimal(str(value)))
_converter.register_structure_hook(date, _as_is)
_converter.register_structure_hook(datetime, _as_is)
_converter.register_structure_hook_func(_is_union, _structure_union)
_converter.register_structure_hook_factory(lambda cls: attrs.has(cls) and bool(_differing_keys(cls)), _with_keys)
_converter.register_structure_hook_factory(lambda cls: attrs.has(cls) and rest_of(cls) is not None, _with_rest)
