"""Rows of an insert arrive in the order of the model."""

from __future__ import annotations

from connector_sdk import DeliveryOptions, Mode, PlanSummary, hookimpl
from connector_sdk.run import FirstRun

from .bench import Bench, map_fields, people

ONE = DeliveryOptions(api="call", parallelism=1)
NAMES = [f"p{number * 7 % 1000:03}" for number in range(1000)]


def _rows(names: list[str]) -> list[dict[str, str]]:
    return [{"k": name, "n": name} for name in names]


class Watching:
    """Remembers the plan of a run."""

    plan: PlanSummary

    @hookimpl
    def run_planned(self, plan: PlanSummary) -> None:
        self.plan = plan


def test_rows_of_an_insert_keep_the_order_of_the_model_also_beside_a_larger_snapshot(bench: Bench) -> None:
    bench.sync = people(Mode.INSERT, fields=map_fields(external_id="k", name="n"), delivery=ONE)
    known = NAMES[:900]
    bench.run(_rows(sorted(known)), first_run=FirstRun.SEND)
    bench.run(_rows(NAMES[895:]))
    created = [record["name"] for record in bench.store.records("people")]
    assert created[900:] == NAMES[900:]


def test_a_plan_says_which_fields_hold_the_primary_key(bench: Bench) -> None:
    watching = Watching()
    bench.sync = people(Mode.INSERT, fields=map_fields(name="n", external_id="k"))
    bench.run(_rows(["p1"]), first_run=FirstRun.SEND, observers=[watching])
    assert watching.plan.key_fields == ("external_id",)
