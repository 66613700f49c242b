from __future__ import annotations

import pytest

from connector_sdk import Action, ExitCode, RunStopped
from connector_sdk.delivery.retry import Budget

from .scripted import Bench, LostError, Scripted, fail_first


@pytest.mark.parametrize(("tokens", "calls"), [(9, 1), (10, 2), (20, 3)])
def test_a_run_stops_when_its_budget_does_not_pay_for_another_try(bench: Bench, tokens: int, calls: int) -> None:
    bench.plan(Action.UPSERT, (0, 2))
    plugin = Scripted(fail_first(99, LostError("no answer")))
    with pytest.raises(RunStopped, match="the destination keeps failing: LostError: no answer") as stopped:
        bench.send(plugin, budget=Budget(tokens))
    assert stopped.value.exit_code is ExitCode.STOPPED
    assert len(plugin.sent) == calls


def test_a_clean_call_gives_back_one_token_and_never_more_than_there_were() -> None:
    budget = Budget(6)
    assert budget.spend(6)
    assert not budget.spend(1)
    budget.earn()
    assert budget.spend(1)
    for _ in range(10):
        budget.earn()
    assert not budget.spend(7)
    assert budget.spend(6)
