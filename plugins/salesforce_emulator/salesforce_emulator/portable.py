"""Exceptions that can be pickled, whatever arguments their constructors take."""

from __future__ import annotations

from typing import Any


class Portable(BaseException):
    """An exception that pickles its arguments and attributes. Unpickling does not call its constructor."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, vars(self))


def _restore(cls: type[BaseException], args: tuple[Any, ...], attributes: dict[str, Any]) -> BaseException:
    error = cls.__new__(cls, *args)
    vars(error).update(attributes)
    return error
