"""Too little memory: wherever a run meets the end of it, it stops or dies, and the next one is whole."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from connector_sdk.testing.crash import replay

from ...conftest import Unharmed

STARVING = f"{__package__}.little_memory:make_scenario"
NEVER = "1000000"
"""A crash point that no run meets."""


def starve(case: str, rows: int, most: int, step: int, unharmed: Unharmed, ends: Path) -> dict[str, int]:
    unharmed(replay(STARVING, case, str(rows), str(most), str(step), at=NEVER))
    found: dict[str, int] = json.loads(ends.read_text())
    return found


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says and limits how much memory a process has")
@pytest.mark.parametrize("case", ["insert-call", "insert-leased_job", "upsert-two_phase"])
def test_a_run_with_any_little_memory_loses_and_doubles_nothing(
    case: str, unharmed: Unharmed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARVED", str(tmp_path / "ends.json"))
    ends = starve(case, 30, 900, 20, unharmed, tmp_path / "ends.json")
    done = sum(ends.get(code, 0) for code in ("0", "1", "3"))
    assert 0 < done < sum(ends.values()), ends
