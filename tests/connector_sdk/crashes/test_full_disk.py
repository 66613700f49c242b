"""A disk that is full: a run says so wherever it breaks off, and continues without loss or twins once there is room."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from .full_disk import NAMESPACE


def _has_namespaces() -> bool:
    return bool(shutil.which("unshare")) and not subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode


def full_disk(case: str, rows: int, model: str, step: int) -> int:
    """Run a case on a disk that is full a few pages later in each trial. Return how many trials it took."""
    if not _has_namespaces():
        pytest.skip("a disk of one's own needs user namespaces")
    command = [*NAMESPACE, sys.executable, "-m", f"{__package__}.full_disk", case, str(rows), model, str(step)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert not found["problems"], "\n".join(found["problems"])
    return int(found["trials"])


@pytest.mark.long
@pytest.mark.parametrize("case", ["upsert-two_phase", "insert-call", "insert-leased_job", "archive-two_phase"])
def test_a_small_run_on_a_disk_that_is_full_at_any_page_loses_and_doubles_nothing(case: str) -> None:
    assert full_disk(case, 30, "parquet", step=1) > 50


@pytest.mark.long
def test_a_list_that_is_replaced_on_a_full_disk_is_replaced_later() -> None:
    assert full_disk("all-replace", 30, "parquet", step=1) > 30


@pytest.mark.long
@pytest.mark.parametrize("case", ["upsert-two_phase", "insert-leased_job"])
def test_files_of_many_pages_on_a_full_disk_are_written_later(case: str) -> None:
    assert full_disk(case, 6000, "sql", step=2) > 50
