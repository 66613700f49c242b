"""Every call spoiled in every way: nothing is lost, nothing is doubled, and only a REST insert is ever unknown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from . import crashes, merge_crashes
from .emulated import Emulated
from .lost_answers import Crashing, in_turn, of_beginning, of_every_kind, of_first, of_writing, spoil_every_call


def contacts(api: str, mode: str) -> Crashing:
    return lambda ready: crashes.crashing(ready, api, mode)


WAYS = {
    f"{api}-{mode}": contacts(api, mode)
    for api in ("bulk", "bulk2", "rest") for mode in ("insert", "upsert", "update", "archive")
    if (api, mode) != ("bulk2", "insert")
}  # fmt: skip
WAYS["merge"] = merge_crashes.crashing
QUICK = ("bulk-upsert", "bulk2-upsert", "rest-insert", "merge")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", QUICK)
def test_no_lost_answer_of_a_writing_call_loses_or_doubles_a_row(emulated: Emulated, tmp_path: Path, way: str) -> None:
    chosen = of_first(in_turn) if "bulk" in way else in_turn
    tested = spoil_every_call(emulated, WAYS[way], tmp_path, of_writing(chosen))
    assert not tested.problems, tested.problems
    assert tested.runs >= 3


@pytest.mark.timeout(600)
def test_no_lost_answer_before_the_first_writing_call_does_any_harm(emulated: Emulated, tmp_path: Path) -> None:
    tested = spoil_every_call(emulated, WAYS["rest-upsert"], tmp_path, of_first(of_beginning(in_turn)))
    assert not tested.problems, tested.problems
    assert tested.runs >= 8


@pytest.mark.timeout(600)
def test_an_empty_answer_before_the_first_writing_call_is_a_failure_like_others(
    emulated: Emulated, tmp_path: Path
) -> None:
    nothing = of_first(of_beginning(lambda _: ["nothing"]))
    assert not spoil_every_call(emulated, WAYS["rest-upsert"], tmp_path, nothing).problems


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_no_lost_answer_of_any_kind_loses_or_doubles_a_row(
    emulated: Emulated, tmp_path: Path, way: str, record_property: Callable[[str, int], None]
) -> None:
    chosen = of_every_kind if way in ("rest-upsert", "merge") else of_writing(of_every_kind)
    tested = spoil_every_call(emulated, WAYS[way], tmp_path, chosen)
    print(f"{way}: {tested.runs} runs, in each one of {tested.calls} calls was spoiled")
    assert not tested.problems, tested.problems
    record_property("faults", tested.runs)
