"""What changed at the destination since a plan was saved keeps the plan from running only if its rows would fail."""

from __future__ import annotations

import pytest

from connector_sdk import ExitCode, Field, FieldMapping, FieldType, Find, OnNull, RunStopped

from .bench import Bench, map_fields
from .test_drift import Become, become

__all__ = ["become"]

ANN = {"k": "1", "e": "a", "n": "Ann", "x": "Gold", "r": "acme"}


def read_refusal(bench: Bench, plan_id: str) -> str:
    """Run a saved plan that is out of date, and return the message."""
    with pytest.raises(RunStopped, match="the destination changed since") as refused:
        bench.run([ANN], plan_id=plan_id)
    assert refused.value.exit_code is ExitCode.GUARD
    assert bench.names() == {}
    return str(refused.value)


@pytest.mark.parametrize("null", list(OnNull))
def test_a_key_that_finds_no_records_any_more_is_told_with_its_object(
    bench: Bench, become: Become, null: OnNull
) -> None:
    bench.store.put("accounts", number="acme", name="Acme")
    account = FieldMapping(field="account", find=Find("accounts", "r", "number"), null=null)
    bench.change(fields=(*map_fields(name="n"), account))
    saved = bench.plan([ANN], save=True)
    become(account={"reference_keys": ()})
    assert "people.account does not find records by accounts.number any more" in read_refusal(bench, saved.run)


@pytest.mark.parametrize(
    ("values", "refused"),
    [(("Silver", "Bronze"), "people.tier does not take Gold any more"), (("Gold",), None)],
    ids=["one that the plan sends", "one that it does not send"],
)
def test_a_value_that_left_a_list_matters_only_if_the_plan_sends_it(
    bench: Bench, become: Become, values: tuple[str, ...], refused: str | None
) -> None:
    bench.change(fields=map_fields(name="n", tier="x"))
    saved = bench.plan([ANN], save=True)
    become(tier={"values": values})
    if refused is not None:
        assert refused in read_refusal(bench, saved.run)
    else:
        assert bench.run([ANN], plan_id=saved.run).ledger == {"1": "succeeded"}


def test_a_field_that_an_object_did_not_have_matters_to_the_other_object_alone(bench: Bench, become: Become) -> None:
    bench.change(objects=("people", "guests"), create_in="guests", fields=map_fields(name="n", tier="x"))
    saved = bench.plan([ANN], save=True)
    become("guests", tier=Field(name="tier", type=FieldType.INTEGER))
    assert bench.run([ANN], plan_id=saved.run).ledger == {"1": "succeeded"}
