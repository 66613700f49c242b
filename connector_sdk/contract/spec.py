"""What a destination is and can do, declared by its plugin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from attrs import field, frozen

CONTRACT = 1
"""The number of the contract between this core and its plugins: version 0.N of connector-sdk has contract N."""


class Mode(StrEnum):
    """What a sync does with its object."""

    INSERT = "insert"
    UPDATE = "update"
    UPSERT = "upsert"
    ARCHIVE = "archive"
    ALL = "all"


class Removal(StrEnum):
    """What happens at the destination when a row leaves the model."""

    NOTHING = "nothing"
    CLEAR = "clear"
    DELETE = "delete"


class Delivery(StrEnum):
    """How often a batch can be executed when an answer is lost."""

    EXACTLY_ONCE = "exactly once"
    AT_LEAST_ONCE = "at least once"
    AT_MOST_ONCE = "at most once"


class EmptyText(StrEnum):
    """What the destination makes of empty text."""

    NULL = "null"
    KEPT = "kept"


@frozen
class Api:
    """One way to write: its limits, defaults, and the delivery it gives per mode.

    `rows_*` count rows of a batch (None: no limit), `bytes_*` the bytes of its body (without a default, the most that
    are allowed), `parallel_*` batches in flight. `anchors_first`: an anchor is noted before anything of a batch can be
    executed, so one without an anchor was not; it is always so where the delivery is exactly once. `not_writing` maps
    modes of the destination that it does not write in to the reason, where a person may want to know it.
    """

    name: str
    delivery: Mapping[Mode, Delivery]
    rows_default: int
    rows_max: int | None
    bytes_max: int | None
    parallel_default: int
    parallel_max: int
    bytes_default: int | None = None
    anchors_first: bool = False
    not_writing: Mapping[Mode, str] = field(factory=dict)

    def surely_anchors(self, mode: Mode) -> bool:
        """Whether a batch of a mode that has no anchor was not executed."""
        return self.anchors_first or self.delivery.get(mode) is Delivery.EXACTLY_ONCE

    @property
    def modes(self) -> frozenset[Mode]:
        """The modes that this way can write in."""
        return frozenset(self.delivery)


@frozen
class DestinationSpec:
    """A destination: its modes, its ways to write, and the classes that hold its configuration.

    `modes` maps each mode to what may happen to removed rows in it. The first of `apis` is the default.
    `config` and `options` are attrs classes: the connection's settings, and what a sync may set beyond the core's
    own options (`api`, `batch_size`, `batch_bytes`, `parallelism`, `split_retries`, `retry_codes`, `lock_aware`).
    `merge_rows_max` is how many records a batch may merge, None where none can be merged. `accepts` answers the guards
    that a sync with these options releases for good, because an option says the same in the destination's words.
    `at_least_once` answers whether a sync with these options wants rows that may have been created sent again, though
    they may be there twice then.
    """

    name: str
    modes: Mapping[Mode, frozenset[Removal]]
    apis: tuple[Api, ...]
    config: type
    options: type
    empty_text: EmptyText = EmptyText.KEPT
    merge_rows_max: int | None = None
    accepts: Callable[[Any], frozenset[str]] = field(default=lambda _options: frozenset())
    at_least_once: Callable[[Any], bool] = field(default=lambda _options: False)
    contract: int = field(kw_only=True)
