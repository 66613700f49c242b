"""What a destination is and can do, declared by its plugin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from connector_sdk.contract.capabilities import Mergeable

CONTRACT = 2
"""The number of the contract between this core and its plugins. Version 0.N of connector-sdk has contract N."""


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
    """How often a batch can be executed if its response is lost."""

    EXACTLY_ONCE = "exactly once"
    AT_LEAST_ONCE = "at least once"
    AT_MOST_ONCE = "at most once"


class EmptyText(StrEnum):
    """What the destination stores for empty text: a null, or the empty text."""

    NULL = "null"
    KEPT = "kept"


@frozen(kw_only=True)
class Api:
    """One way to write: its limits, its defaults, and its delivery in each mode.

    `rows_*` count the rows of a batch (None: no limit). `bytes_*` count the bytes of its body; without `bytes_default`,
    `bytes_max` is the default. `parallel_*` count batches in flight. `anchors_first`: the plugin notes an anchor before
    anything of a batch can be executed, so a batch without an anchor was not executed. This is always so if the
    delivery is exactly once. `unsupported_modes` maps modes in which this api does not write to the reason, if a user
    may want to know it.
    """

    name: str
    delivery: Mapping[Mode, Delivery]
    rows_default: int
    rows_max: int | None = None
    bytes_max: int | None = None
    parallel_default: int = 1
    parallel_max: int = 1
    bytes_default: int | None = None
    anchors_first: bool = False
    unsupported_modes: Mapping[Mode, str] = field(factory=dict)

    def surely_anchors(self, mode: Mode) -> bool:
        """Return whether a batch of this mode was certainly not executed if it has no anchor."""
        return self.anchors_first or self.delivery.get(mode) is Delivery.EXACTLY_ONCE

    @property
    def modes(self) -> frozenset[Mode]:
        """The modes in which this api can write."""
        return frozenset(self.delivery)


@frozen
class NoOptions:
    """The options of a destination that has none."""


@frozen(kw_only=True)
class DestinationSpec:
    """A destination: its modes, its apis, and the classes that hold its configuration.

    `modes` maps each mode to what may happen to removed rows in it. The first of `apis` is the default. `config` is
    the attrs class of a connection's settings. `options` is the attrs class of what a sync may set beyond the core's
    own options (`api`, `batch_size`, `batch_bytes`, `parallelism`, `split_retries`, `retry_codes`, `lock_aware`).

    `mergeable`: some objects have records that can be merged. `released_guards` returns the guards that a sync with
    these options releases permanently, because an option says the same in the destination's words. `at_least_once`
    returns whether a sync with these options sends rows again that may have been created, although they may then exist
    twice.
    """

    name: str
    modes: Mapping[Mode, frozenset[Removal]]
    apis: tuple[Api, ...]
    config: type
    options: type = NoOptions
    empty_text: EmptyText = EmptyText.KEPT
    mergeable: Mergeable | None = None
    released_guards: Callable[[Any], frozenset[str]] = field(default=lambda _options: frozenset())
    at_least_once: Callable[[Any], bool] = field(default=lambda _options: False)
    contract: int
