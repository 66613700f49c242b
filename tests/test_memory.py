"""The memory of a run does not grow with its rows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GOAL = 500
"""Megabytes."""


@pytest.mark.long
def test_five_million_rows_are_sent_and_compared_in_little_more_memory_than_one_million() -> None:
    command = [sys.executable, "-m", "bench", "--memory", "1000000", "5000000"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    small, large = (int(peak) for peak in re.findall(r"([\d,]+) MB", said))
    assert large < GOAL, said
    assert large <= 1.35 * small, said
