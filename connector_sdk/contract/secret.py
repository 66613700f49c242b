"""Text that must never be shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from attrs import field, frozen


@frozen
class Secret:
    """Text that no repr, log or report shows; `reveal()` is the only way to it."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __str__(self) -> str:
        return "***"


def secrets_in(value: Any) -> Iterator[Secret]:
    """Yield the secrets in settings: in instances of attrs classes, mappings and sequences, however deeply nested."""
    if isinstance(value, Secret):
        yield value
    elif attrs.has(type(value)):
        for each in attrs.fields(type(value)):
            yield from secrets_in(getattr(value, each.name))
    elif isinstance(value, Mapping | list | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from secrets_in(each)
