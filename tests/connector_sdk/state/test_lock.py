from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from connector_sdk import ExitCode, RunStopped
from connector_sdk.state.lock import hold_lock, session_of_holder

HOLD = """
import sys, time
from pathlib import Path
from connector_sdk.state.lock import hold_lock
with hold_lock(Path(sys.argv[1]), "contacts"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_run_of_a_sync_is_refused_and_told_which_process_holds_it(tmp_path: Path, holder) -> None:
    with pytest.raises(RunStopped, match=f"process {holder.pid}") as stopped, hold_lock(tmp_path / "lock", "contacts"):
        pass
    assert stopped.value.exit_code is ExitCode.LOCKED


def test_a_process_that_is_halted_keeps_the_lock_for_as_long_as_it_lives(tmp_path: Path, holder) -> None:
    os.kill(holder.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, holder.pid, os.WSTOPPED)

    with pytest.raises(RunStopped, match="in progress"), hold_lock(tmp_path / "lock", "contacts"):
        pass


def test_a_kill_frees_the_lock(tmp_path: Path, holder) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()

    with hold_lock(tmp_path / "lock", "contacts"):
        pass


@pytest.mark.parametrize(("process", "session"), [("this one", "s1"), ("", None), ("unknown", None), ("-1", None)])
def test_where_no_lock_can_be_seen_a_session_counts_only_with_a_process_that_lives(
    tmp_path: Path, process: str, session: str | None
) -> None:
    """The number -1 means every process to the system, and asking it would find one that lives."""
    number = process.replace("this one", str(os.getpid()))
    (tmp_path / "lock").write_text(f"process {number}\nsession s1\nwithout locks\n", encoding="utf-8")
    assert session_of_holder(tmp_path / "lock") == session
