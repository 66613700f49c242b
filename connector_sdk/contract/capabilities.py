"""What only some destinations can do. A destination that cannot do it says nothing about it."""

from __future__ import annotations

from attrs import frozen


@frozen
class Convertible:
    """Records of an object that the destination can convert into records of others.

    `shared_key_advice` says how a record keeps its key then, and how to get a key that several objects have.
    """

    converts_to: tuple[str, ...]
    shared_key_advice: str = ""


@frozen
class Replaceable:
    """A list that is replaced as a whole (mode `all`). `entries` is a plural noun for what it holds."""

    entries: str


@frozen
class Mergeable:
    """Merging of records into others. `max_rows` is how many records a batch may merge."""

    max_rows: int


@frozen
class Locking:
    """References that lock: two batches conflict if they refer to the same record by one of these fields."""

    fields: frozenset[str]
