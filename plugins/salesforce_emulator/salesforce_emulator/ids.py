"""Record ids: 15 case-sensitive characters and a 3-character check suffix.

SOAP API Developer Guide, "ID Field Type".
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from zlib import crc32

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANCE = "5g00000"
_UPPER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _check(group: str) -> str:
    return _SUFFIX[sum(1 << place for place, char in enumerate(group) if char in _UPPER)]


def to18(record_id: str) -> str:
    """Return the 18-character form of a 15-character id."""
    return record_id + "".join(_check(record_id[at : at + 5]) for at in (0, 5, 10))


def read_id(text: str) -> str | None:
    """Return the 18-character form of an id. Return None if its length, characters or check suffix are wrong."""
    if len(text) not in (15, 18) or not (text.isascii() and text.isalnum()):
        return None
    full = to18(text[:15])
    return full if len(text) == 15 or text == full else None


def id_series(prefix: str) -> Callable[[], str]:
    """Return a function that returns the next id of an object. No id repeats."""
    head = prefix + _INSTANCE
    checked = _check(head[:5]) + _check(head[5:10])
    tails = product(ALPHABET, repeat=5)
    next(tails)

    def next_id() -> str:
        tail = "".join(next(tails))
        return head + tail + checked + _check(tail)

    return next_id


def stable_id(prefix: str, *names: str) -> str:
    """Return an id that depends only on the names, so that it is the same in every run."""
    number = crc32(" ".join(names).lower().encode())
    return to18(prefix + _INSTANCE + "".join(ALPHABET[number // 62**place % 62] for place in range(4, -1, -1)))


def custom_prefixes(letter: str) -> Callable[[], str]:
    """Return a function that returns the next key prefix, of custom objects (a00, a01, …) or events (e00, e01, …)."""
    rest = product(ALPHABET, repeat=2)
    return lambda: letter + "".join(next(rest))
