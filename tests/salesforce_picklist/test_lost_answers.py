"""Every writing call of a picklist spoiled in every way: the list ends as the model has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ..salesforce.emulated import Emulated
from ..salesforce.lost_answers import Chosen, choose_in_turn, of_every_kind, of_writing, spoil_every_call
from . import crashes


def spoil_calls(org: Emulated, folder: Path, way: str, chosen: Chosen) -> int:
    tested = spoil_every_call(org, lambda ready: crashes.make_scenario(ready, way), folder, of_writing(chosen))
    assert not tested.problems, tested.problems
    return tested.runs


@pytest.mark.timeout(600)
def test_no_lost_answer_keeps_a_list_from_becoming_the_new_one(emulated: Emulated, tmp_path: Path) -> None:
    assert spoil_calls(emulated, tmp_path, "plain", choose_in_turn) >= 3


@pytest.mark.long
@pytest.mark.parametrize("way", ["plain", "moving"])
def test_no_lost_answer_of_any_kind_keeps_a_list_from_becoming_the_new_one(
    emulated: Emulated, tmp_path: Path, way: str, record_property: Callable[[str, int], None]
) -> None:
    runs = spoil_calls(emulated, tmp_path, way, of_every_kind)
    print(f"picklist, {way}: {runs} runs, in each a call was spoiled")
    record_property("faults", runs)
