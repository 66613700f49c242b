"""A value that must not be seen."""

from __future__ import annotations

from attrs import field, frozen


@frozen
class Secret:
    """Text that no repr, log or report shows; `reveal()` is the only way to it."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __str__(self) -> str:
        return "***"
