"""Remove secrets from exceptions: from their messages, their attributes, and the exceptions that caused them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs

Scrub = Callable[[str], str]

_BUILT_IN = ("strerror", "filename", "filename2", "reason", "msg", "text", "code", "object")
"""The attributes in which Python's own exceptions keep text beside their arguments."""


def cleanse(error: BaseException, scrub: Scrub) -> None:
    """Remove known secrets from an exception, from its causes and contexts, and from exceptions that it holds.

    An exception group among the causes is dropped, because its message cannot be changed.
    """
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        each = todo.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        todo += _find_exceptions((each.args, vars(each)))
        each.args = _cleanse_value(each.args, scrub)
        for name in (*vars(each), *(name for name in _BUILT_IN if isinstance(getattr(each, name, None), str | bytes))):
            setattr(each, name, _cleanse_value(getattr(each, name), scrub))
        if isinstance(each.__cause__, BaseExceptionGroup) or isinstance(each.__context__, BaseExceptionGroup):
            each.__cause__ = each.__context__ = None
        todo += [each.__cause__, each.__context__]


def _find_exceptions(value: Any) -> Iterator[BaseException]:
    if isinstance(value, BaseException):
        yield value
    elif type(value) in (list, tuple, set, frozenset):
        for each in value:
            yield from _find_exceptions(each)
    elif type(value) is dict:
        yield from _find_exceptions((*value, *value.values()))


def _cleanse_value(value: Any, scrub: Scrub) -> Any:
    """Return a value without secrets. Values without secrets, and types that hold no text, are returned unchanged."""
    if isinstance(value, str):
        clean = scrub(value)
        return value if clean == value else clean
    if isinstance(value, bytes):
        return scrub(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(_cleanse_value(each, scrub) for each in value)
    if type(value) is dict:
        return {_cleanse_value(key, scrub): _cleanse_value(each, scrub) for key, each in value.items()}
    if attrs.has(type(value)):
        texts = {each.alias: getattr(value, each.name) for each in attrs.fields(type(value)) if each.init}
        return attrs.evolve(value, **{name: scrub(text) for name, text in texts.items() if type(text) is str})
    return value
