from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from connector_sdk import Api, ConfigError, Delivery, DeliveryOptions, DestinationSpec, Match, Merge, Mode, Sync
from connector_sdk.project.delivery import DeliverySettings, delivery_settings


def settle(
    spec: DestinationSpec, mode: Mode = Mode.UPSERT, merge: Merge | None = None, **options: Any
) -> DeliverySettings:
    sync = Sync(
        name="people",
        model="m",
        connection="crm",
        objects=("X",),
        mode=mode,
        match=Match("k", "k"),
        merge=merge,
        delivery=DeliveryOptions(**options),
    )
    return delivery_settings(sync, spec)


def refusal(spec: DestinationSpec, mode: Mode = Mode.UPSERT, **options: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        settle(spec, mode, **options)
    assert all(problem.path[:3] == ("syncs", "people", "options") for problem in caught.value.problems)
    return [str(problem) for problem in caught.value.problems]


def test_the_first_api_and_its_numbers_are_the_defaults(spec: DestinationSpec) -> None:
    assert settle(spec) == DeliverySettings(spec.apis[0], 1_000, spec.apis[0].bytes_max, 10, True, (), True)
    careful = evolve(spec, apis=(evolve(spec.apis[0], bytes_max=90, bytes_default=32),))
    assert settle(careful).batch_bytes == 32


def test_what_is_asked_for_within_the_limits_is_taken(spec: DestinationSpec) -> None:
    settings = settle(spec, api="rest", batch_size=50, parallelism=8, split_retries=False, retry_codes=("BUSY",))
    assert settings == DeliverySettings(spec.apis[1], 50, spec.apis[1].bytes_max, 8, False, ("BUSY",), True)
    assert settle(spec, batch_bytes=5_000).batch_bytes == 5_000
    assert not settle(spec, lock_aware=False).lock_aware


def test_an_unknown_api_says_which_was_meant(spec: DestinationSpec) -> None:
    (problem,) = refusal(spec, api="bulkk")
    assert "did you mean bulk?" in problem
    assert "use one of: bulk, rest, auto" in refusal(spec, api="soap")[0]


def test_an_api_that_does_not_write_the_mode_names_those_that_do(spec: DestinationSpec) -> None:
    (problem,) = refusal(spec, Mode.INSERT, api="rest")
    assert "these do: bulk" in problem
    rest = evolve(spec.apis[1], unsupported_modes={Mode.INSERT: "it could not tell new records"})
    (problem,) = refusal(evolve(spec, apis=(spec.apis[0], rest)), Mode.INSERT, api="rest")
    assert "does not write in mode insert: it could not tell new records" in problem


@pytest.mark.parametrize(
    ("options", "limits"),
    [
        ({"batch_size": 10_001, "parallelism": 51}, ["1 to 10,000 rows", "1 to 50 batches"]),
        ({"batch_bytes": 10_000_001}, ["1 to 10,000,000 bytes"]),
        ({"api": "rest", "batch_size": 201, "parallelism": 0}, ["1 to 200 rows", "1 to 8 batches"]),
    ],
)
def test_each_number_out_of_its_limits_names_the_limit(
    spec: DestinationSpec, options: dict[str, Any], limits: list[str]
) -> None:
    problems = refusal(spec, **options)
    assert len(problems) == len(limits)
    assert all(limit in problem for limit, problem in zip(limits, problems, strict=True))


def add_bulk2(spec: DestinationSpec, delivery: Delivery) -> DestinationSpec:
    """Return the destination with a third way to write, in larger batches and not in mode insert."""
    keyed = dict.fromkeys((Mode.UPSERT, Mode.UPDATE, Mode.ARCHIVE), delivery)
    return evolve(
        spec,
        apis=(
            *spec.apis,
            Api(
                name="bulk2",
                delivery=keyed,
                rows_default=100_000,
                rows_max=None,
                bytes_max=None,
                parallel_default=3,
                parallel_max=10,
            ),
        ),
    )


def names(settings: DeliverySettings) -> list[str]:
    return [each.api.name for each in settings.choices]


@pytest.mark.parametrize("delivery", [Delivery.AT_LEAST_ONCE, Delivery.EXACTLY_ONCE])
def test_auto_leaves_the_choice_among_apis_that_promise_no_less(spec: DestinationSpec, delivery: Delivery) -> None:
    assert names(settle(add_bulk2(spec, delivery), api="auto")) == ["bulk", "rest", "bulk2"]
    assert names(settle(add_bulk2(spec, delivery))) == ["bulk"]


def test_auto_takes_no_api_that_promises_less_or_does_not_write_the_mode(spec: DestinationSpec) -> None:
    assert "bulk2" not in names(settle(add_bulk2(spec, Delivery.AT_MOST_ONCE), api="auto"))
    assert names(settle(add_bulk2(spec, Delivery.EXACTLY_ONCE), Mode.INSERT, api="auto")) == ["bulk"]


def test_numbers_beside_auto_have_to_fit_each_api_that_may_be_taken(spec: DestinationSpec) -> None:
    bulk, rest = refusal(add_bulk2(spec, Delivery.EXACTLY_ONCE), api="auto", batch_size=10_001)
    assert "of what bulk takes: 1 to 10,000 rows" in bulk
    assert "of what rest takes: 1 to 200 rows" in rest


def test_merging_goes_one_batch_at_a_time(spec: DestinationSpec) -> None:
    assert settle(spec, merge=Merge("s", "c")).parallelism == 1
    assert "merging needs parallelism 1" in refusal(spec, merge=Merge("s", "c"), parallelism=10)[0]


def test_a_mode_that_is_not_offered_is_left_to_the_other_checks(spec: DestinationSpec) -> None:
    assert settle(spec, Mode.ALL).api.name == "bulk"
