"""Many runs in one process, with faults and kills, which show leaks in the process and wrong records in the org."""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.duel.org import Org, start_org
from connector_sdk import (
    Cancelled,
    ConnectionConfig,
    ExitCode,
    FieldMapping,
    Match,
    Mode,
    Model,
    Project,
    RunReport,
    RunStopped,
    Secret,
    Sync,
)
from connector_sdk.run import run

ROWS = 300
WARM_UP = 0.2
"""The share of the runs after which the process has loaded everything that it keeps."""

RATE = 0.02
"""The share of calls that each kind of fault spoils."""


def main() -> None:
    """Run again and again, and print the memory and open files of the process after the warm-up and at the end."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--killed", nargs=3, metavar=("LOGIN_URL", "ID", "SECRET"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.killed:
        run_sync(Path.cwd(), dict(zip(("login_url", "client_id", "client_secret"), asked.killed, strict=True)))
        return
    with tempfile.TemporaryDirectory() as name, start_org(Path(name)) as org:
        folder = Path(name) / "project"
        folder.mkdir()
        os.environ["XDG_STATE_HOME"] = str(Path(name) / "state")
        soak(folder, org, asked.runs, random.Random(asked.seed))


def soak(folder: Path, org: Org, runs: int, chance: random.Random) -> None:
    """Change the model, spoil a few calls and run the sync, `runs` times.

    Some runs are interrupted, and before some a run in another process is killed. Exits with 1 if a record is wrong at
    the end.
    """
    texts = dict.fromkeys((f"k{number}" for number in range(ROWS)), "")
    counts = dict.fromkeys(("runs", "resumed", "not begun", "stopped", "killed", "interrupted"), 0)
    warm: tuple[int, int] | None = None
    org.begin(0)
    for number in range(runs):
        texts |= dict.fromkeys(chance.sample(sorted(texts), ROWS // 10), f"text {number}")
        pq.write_table(pa.table({"key": list(texts), "text": list(texts.values())}), folder / "people.parquet")
        org.spoil(RATE, chance.randrange(1 << 30))
        if number % 10 == 5:
            counts["killed"] += _run_and_kill(folder, org.about, chance.uniform(0.8, 2.5))
        interrupted = _interrupt_later(chance.uniform(0.05, 0.5)) if number % 10 == 8 else None
        with interrupted or _do_not_interrupt() as cancel:
            _count(folder, org, cancel, counts)
        if number == int(runs * WARM_UP):
            warm = _measure_process()
    org.spoil(0.0, 0)
    last = run_sync(folder, org.about)
    found = org.texts()
    assert warm is not None
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    for what, before, after in zip(("memory (MB)", "open files"), warm, _measure_process(), strict=True):
        print(f"{what}: {before} after the warm-up, {after} in the end")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    wrong = sum(found.get(key) != ([text] if text else [None]) for key, text in texts.items())
    print(f"records that are not as the model says: {wrong + len(found.keys() - texts.keys())}")
    if wrong or last[-1].exit:
        sys.exit(1)


def _count(folder: Path, org: Org, cancel: threading.Event | None, counts: dict[str, int]) -> None:
    """Run the sync, and count its outcome."""
    try:
        reports = run_sync(folder, org.about, cancel)
    except (RunStopped, Cancelled):
        counts["not begun"] += 1
        return
    for report in reports:
        counts["runs"] += 1
        counts["resumed"] += report.resumed
        counts["stopped"] += report.state == "stopped"
        counts["interrupted"] += report.exit == ExitCode.INTERRUPTED


def run_sync(folder: Path, about: Mapping[str, str], cancel: threading.Event | None = None) -> tuple[RunReport, ...]:
    """Run the sync through the Python API."""
    auth = {
        "flow": "client_credentials", "client_id": about["client_id"], "client_secret": Secret(about["client_secret"]),
    }  # fmt: skip
    sync = Sync(
        name="people", model="people", connection="crm", objects=("Contact",), mode=Mode.UPSERT,
        fields=(FieldMapping(field="LastName", column="key"), FieldMapping(field="Description", column="text")),
        match=Match("External_Id__c", "key"),
    )  # fmt: skip
    project = Project(
        connections={"crm": ConnectionConfig("crm", "salesforce", {"login_url": about["login_url"], "auth": auth})},
        models={"people": Model(name="people", primary_key=("key",), file="people.parquet", folder=str(folder))},
        syncs={"people": sync},
        folder=str(folder),
    )
    return run(project, "people", cancel=cancel)


def _run_and_kill(folder: Path, about: Mapping[str, str], after: float) -> bool:
    """Run the sync in another process, kill it after `after` seconds, and return whether it was still running."""
    login = [about[each] for each in ("login_url", "client_id", "client_secret")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "bench.soak", "--killed", *login]
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.returncode == -signal.SIGKILL


@contextmanager
def _interrupt_later(after: float) -> Iterator[threading.Event]:
    """Yield an event that is set after `after` seconds, which interrupts a run as Ctrl-C does."""
    cancel = threading.Event()
    timer = threading.Timer(after, cancel.set)
    timer.start()
    yield cancel
    timer.cancel()
    timer.join()


@contextmanager
def _do_not_interrupt() -> Iterator[None]:
    yield None


def _measure_process() -> tuple[int, int]:
    """Return the megabytes of memory that this process uses, and the number of its open files."""
    time.sleep(0.2)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() >> 20, len(list(Path("/proc/self/fd").iterdir()))


if __name__ == "__main__":
    main()
