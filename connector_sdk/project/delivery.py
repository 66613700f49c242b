"""Check how a sync wants its rows delivered against what the destination can do, and settle the numbers."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from connector_sdk.errors import ConfigError, Problem
from connector_sdk.project.secrets import Place
from connector_sdk.project.suggest import suggestion
from connector_sdk.spec import Api, DestinationSpec
from connector_sdk.sync import Sync


@frozen
class DeliverySettings:
    """How rows are delivered, in numbers: rows and bytes of a batch, batches in flight, what is sent again."""

    api: Api
    batch_size: int
    batch_bytes: int | None
    parallelism: int
    split_retries: bool
    retry_codes: tuple[str, ...]
    lock_aware: bool


def delivery_settings(sync: Sync, spec: DestinationSpec) -> DeliverySettings:
    """The settings of a sync, defaults filled in. Raises `ConfigError` with every option out of its limits."""
    api = _api(sync, spec)
    problems = list(_problems(sync, spec, api))
    if problems:
        raise ConfigError(problems)
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


def _api(sync: Sync, spec: DestinationSpec) -> Api:
    """The api that was asked for; without one the first that writes the mode, or just the first."""
    asked = [api for api in spec.apis if api.name == sync.delivery.api]
    able = [api for api in spec.apis if sync.mode in api.modes]
    return [*asked, *able, *spec.apis][0]


def _problems(sync: Sync, spec: DestinationSpec, api: Api) -> Iterator[Problem]:
    place: Place = ("syncs", sync.name, "options")
    options = sync.delivery
    if options.api is not None and api.name != options.api:
        hint = suggestion(options.api, [each.name for each in spec.apis])
        yield Problem(f"{spec.name} has no api {options.api}", (*place, "api"), hint)
    elif sync.mode in spec.modes and sync.mode not in api.modes:
        able = ", ".join(each.name for each in spec.apis if sync.mode in each.modes)
        yield Problem(f"the api {api.name} does not write in mode {sync.mode}", (*place, "api"), f"these do: {able}")
    for key, asked, limit, of in (
        ("batch_size", options.batch_size, api.rows_max, "rows in a batch"),
        ("batch_bytes", options.batch_bytes, api.bytes_max, "bytes in a batch"),
        ("parallelism", options.parallelism, api.parallel_max, "batches at the same time"),
    ):
        if asked is not None and (asked < 1 or (limit is not None and asked > limit)):
            allowed = f"1 to {limit:,}" if limit is not None else "1 or more"
            message = f"{asked:,} is outside of what {api.name} takes: {allowed} {of}"
            yield Problem(message, (*place, key), f"choose {allowed}, or leave it out for the default")
    if sync.merge is not None and options.parallelism not in (None, 1):
        message = f"merging needs parallelism 1, not {options.parallelism}"
        yield Problem(message, (*place, "parallelism"), "leave it out, or set it to 1")
