"""Many starts of one sync at the same moment: one sends, and the others say that it does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from connector_sdk import ExitCode


@pytest.mark.parametrize("count", [8, pytest.param(50, marks=pytest.mark.long)])
def test_of_many_starts_at_the_same_moment_exactly_one_sends(tmp_path: Path, count: int) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *filter(None, sys.path)])}
    command = [sys.executable, "-m", f"{__package__}.starts", str(count)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert Counter(found["ended"]) == {ExitCode.LOCKED: count - 1, ExitCode.OK: 1}, done.stderr
    assert found["executed"] == {"a": 1, "b": 1}
    assert done.stderr.count("another run of sync is in progress") == count - 1
