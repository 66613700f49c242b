"""Every call of a sync of events spoiled in every way: no event is doubled, and none is lost in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ..salesforce.emulated import Emulated
from ..salesforce.lost_answers import Chosen, choose_in_turn, of_every_kind, of_first, of_writing, spoil_every_call
from . import crashes

WAYS = [("rest", "at_most_once"), ("rest", "at_least_once"), ("bulk2", "at_most_once")]


def spoil_calls(org: Emulated, folder: Path, api: str, delivery: str, chosen: Chosen) -> int:
    tested = spoil_every_call(
        org, lambda ready: crashes.make_scenario(ready, api, delivery), folder, of_writing(chosen)
    )
    assert not tested.problems, tested.problems
    return tested.runs


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("api", "delivery"), [WAYS[0], WAYS[2]])
def test_no_lost_answer_doubles_an_event_or_loses_one_in_silence(
    emulated: Emulated, tmp_path: Path, api: str, delivery: str
) -> None:
    assert (
        spoil_calls(emulated, tmp_path, api, delivery, of_first(choose_in_turn) if api == "bulk2" else choose_in_turn)
        >= 3
    )


@pytest.mark.long
@pytest.mark.parametrize(("api", "delivery"), WAYS)
def test_no_lost_answer_of_any_kind_doubles_an_event_or_loses_one_in_silence(
    emulated: Emulated, tmp_path: Path, api: str, delivery: str, record_property: Callable[[str, int], None]
) -> None:
    runs = spoil_calls(emulated, tmp_path, api, delivery, of_every_kind)
    print(f"events, {api}, {delivery}: {runs} runs, in each a call was spoiled")
    record_property("faults", runs)
