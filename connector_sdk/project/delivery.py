"""Check the delivery options of a sync against what the destination can do, and fill in the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve, frozen

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.project import DeliveryOptions, Sync
from connector_sdk.contract.spec import Api, Delivery, DestinationSpec
from connector_sdk.settings.references import Place
from connector_sdk.settings.suggest import suggestion

AUTO = "auto"
"""The `api` of a sync that leaves the choice of the api to the number of its rows."""


@frozen
class DeliverySettings:
    """How rows are delivered: the rows and bytes of a batch, the batches in flight, and what is sent again.

    `others` are the settings with other apis, if the rows decide on the api.
    """

    api: Api
    batch_size: int
    batch_bytes: int | None
    parallelism: int
    split_retries: bool
    retry_codes: tuple[str, ...]
    lock_aware: bool
    others: tuple[DeliverySettings, ...] = ()

    @property
    def choices(self) -> tuple[DeliverySettings, ...]:
        """These settings and the others, in the order of the destination's apis."""
        return (self, *self.others)


def delivery_settings(sync: Sync, spec: DestinationSpec) -> DeliverySettings:
    """Return the settings of a sync with its defaults. Raises `ConfigError` with every option outside of its limits."""
    apis = _apis(sync, spec)
    problems = list(_problems(sync, spec, apis))
    if problems:
        raise ConfigError(problems)
    first, *others = (_settings(sync, each) for each in apis)
    return evolve(first, others=tuple(others))


def explain_skipped_apis(sync: Sync, spec: DestinationSpec) -> Iterator[str]:
    """Yield why `api: auto` leaves out the apis that it cannot choose."""
    taken = _apis(sync, spec)
    for each in spec.apis:
        if sync.mode not in each.modes:
            yield _does_not_write(each, sync)
        elif each not in taken:
            yield f"{each.name} delivers {each.delivery[sync.mode]} only"


def _does_not_write(api: Api, sync: Sync) -> str:
    reason = api.unsupported_modes.get(sync.mode)
    return f"{api.name} does not write in mode {sync.mode}{f': {reason}' if reason else ''}"


def _settings(sync: Sync, api: Api) -> DeliverySettings:
    options = sync.delivery
    return DeliverySettings(
        api,
        options.batch_size or api.rows_default,
        options.batch_bytes or api.bytes_default or api.bytes_max,
        options.parallelism or (1 if sync.merge else api.parallel_default),
        options.split_retries,
        options.retry_codes,
        options.lock_aware,
    )


def _apis(sync: Sync, spec: DestinationSpec) -> Sequence[Api]:
    """Return the api that the sync names, or else the first api that writes the mode, or else the first api.

    If the sync leaves the choice to its rows, return also the other apis whose delivery is no weaker.
    """
    asked = [api for api in spec.apis if api.name == sync.delivery.api]
    able = [api for api in spec.apis if sync.mode in api.modes]
    first = [*asked, *able, *spec.apis][0]
    if asked or not able or sync.delivery.api != AUTO:
        return [first]
    enough = (first.delivery[sync.mode], Delivery.EXACTLY_ONCE)
    return [api for api in able if api.delivery[sync.mode] in enough]


def _problems(sync: Sync, spec: DestinationSpec, apis: Sequence[Api]) -> Iterator[Problem]:
    place: Place = ("syncs", sync.name, "options")
    options, api = sync.delivery, apis[0]
    if options.api not in (None, AUTO, api.name):
        hint = suggestion(options.api, [*(each.name for each in spec.apis), AUTO])
        yield Problem(f"{spec.name} has no api {options.api}", (*place, "api"), hint)
    elif sync.mode in spec.modes and sync.mode not in api.modes:
        able = ", ".join(each.name for each in spec.apis if sync.mode in each.modes)
        yield Problem(f"the api {_does_not_write(api, sync)}", (*place, "api"), f"these do: {able}")
    for each in apis:
        yield from _out_of_limits(options, each, place)
    if sync.merge is not None and options.parallelism not in (None, 1):
        message = f"merging needs parallelism 1, not {options.parallelism}"
        yield Problem(message, (*place, "parallelism"), "leave it out, or set it to 1")


def _out_of_limits(options: DeliveryOptions, api: Api, place: Place) -> Iterator[Problem]:
    for key, asked, limit, of in (
        ("batch_size", options.batch_size, api.rows_max, "rows in a batch"),
        ("batch_bytes", options.batch_bytes, api.bytes_max, "bytes in a batch"),
        ("parallelism", options.parallelism, api.parallel_max, "batches at the same time"),
    ):
        if asked is not None and (asked < 1 or (limit is not None and asked > limit)):
            allowed = f"1 to {limit:,}" if limit is not None else "1 or more"
            message = f"{asked:,} is outside of what {api.name} takes: {allowed} {of}"
            yield Problem(message, (*place, key), f"choose {allowed}, or leave it out for the default")
