"""Check Python objects against annotations, with the same messages as for a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from connector_sdk.contract.errors import Problem
from connector_sdk.settings.references import Place
from connector_sdk.settings.structure import build_instance, problems_of
from connector_sdk.settings.wording import kind_of, with_article

_PLAIN = (str, int, float, bool, Decimal, date, datetime, NoneType)


def read_as(hint: Any, value: Any, place: Place, problems: list[Problem]) -> Any:
    """Return a value as an annotation wants it: the text of an enum as its member, a list as a tuple, a path as text.

    If the value does not fit, add a problem to `problems` and return the value unchanged.
    """
    if hint in (Any, object) or (type(value) in _members(hint) and not attrs.has(type(value))):
        return value
    if _is_plain(hint):
        return _read_plain(hint, value, place, problems)
    members = _members(hint)
    if value is None and NoneType in members:
        return None
    present = [each for each in members if each is not NoneType]
    read = _read_structure if len(present) == 1 else _read_one_of
    return read(present[0] if len(present) == 1 else present, value, place, problems)


@lru_cache(maxsize=512)
def hints_of(owner: Any) -> Mapping[str, Any]:
    """Return the annotations of a class or a function."""
    return get_type_hints(owner, include_extras=True)


def _members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _is_plain(hint: Any) -> bool:
    """Return whether a file can hold the values of an annotation in one place."""
    bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return all(
        each in _PLAIN
        or get_origin(each) is Literal
        or (isinstance(each, type) and issubclass(each, Enum))
        or (each is not bare and _is_plain(each))
        for each in _members(bare)
    )


def _read_plain(hint: Any, value: Any, place: Place, problems: list[Problem]) -> Any:
    if isinstance(value, os.PathLike) and str in _members(hint):
        return os.fspath(value)
    found = problems_of(hint, value, place)
    problems += found
    return value if found else build_instance(hint, value, place)


def _read_structure(hint: Any, value: Any, place: Place, problems: list[Problem]) -> Any:
    wanted = get_origin(hint) or hint
    if attrs.has(wanted):
        return _read_instance(wanted, value, place, problems)
    if wanted is Callable:
        return _require(callable(value), "a function", value, place, problems)
    if wanted is Path and isinstance(value, str | os.PathLike):
        return Path(value)
    if issubclass(wanted, Mapping):
        return _read_mapping(hint, value, place, problems)
    if issubclass(wanted, Collection):
        return _read_collection(hint, value, place, problems)
    return _require(isinstance(value, wanted), with_article(wanted.__name__), value, place, problems)


def _read_one_of(members: Sequence[Any], value: Any, place: Place, problems: list[Problem]) -> Any:
    for each in members:
        found: list[Problem] = []
        read = read_as(each, value, place, found)
        if not found:
            return read
        if isinstance(each, type) and isinstance(value, each):
            problems += found
            return value
    names = " or ".join(with_article(getattr(each, "__name__", str(each))) for each in members)
    return _require(False, names, value, place, problems)


def _read_instance(cls: Any, value: Any, place: Place, problems: list[Problem]) -> Any:
    if not isinstance(value, cls):
        required = ", ".join(each.alias for each in attrs.fields(cls) if each.default is attrs.NOTHING)
        hint = f"make one: {cls.__name__}({required})"
        return _require(False, with_article(cls.__name__), value, place, problems, hint)
    changed = {}
    for each in attrs.fields(cls):
        given = getattr(value, each.name)
        read = read_as(hints_of(cls)[each.name], given, (*place, each.name), problems)
        if read is not given and each.init:
            changed[each.alias] = read
    return attrs.evolve(value, **changed) if changed else value


def _read_mapping(hint: Any, value: Any, place: Place, problems: list[Problem]) -> Any:
    if not isinstance(value, Mapping):
        return _require(False, "a mapping", value, place, problems)
    names, values = get_args(hint) or (Any, Any)
    return {
        read_as(names, name, (*place, name), problems): read_as(values, each, (*place, name), problems)
        for name, each in value.items()
    }


def _read_collection(hint: Any, value: Any, place: Place, problems: list[Problem]) -> Any:
    wanted = get_origin(hint) or hint
    ordered = issubclass(wanted, Sequence)
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence if ordered else Collection):
        return _require(False, "a list", value, place, problems, "write a list: [one, two]")
    (items, *_) = get_args(hint) or (Any,)
    read = [read_as(items, each, (*place, at), problems) for at, each in enumerate(value)]
    return wanted(read) if wanted in (tuple, frozenset) else tuple(read) if ordered else read


def _require(fits: bool, wanted: str, value: Any, place: Place, problems: list[Problem], hint: str = "") -> Any:
    if not fits:
        problems.append(Problem(f"must be {wanted}, not {kind_of(value)}", place, hint or "correct the value"))
    return value
