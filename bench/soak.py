"""Many runs in one process, with faults and kills: what it holds on to shows, and what the org has in the end."""

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

from bench.duel.org import Org, running
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
"""The share of the runs after which a process has loaded and kept what it ever will."""

RATE = 0.02
"""How many calls are spoiled in each way."""


def main() -> None:
    """Run again and again, and print what the process held after the warm-up and in the end."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--killed", nargs=3, metavar=("LOGIN_URL", "ID", "SECRET"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.killed:
        once(Path.cwd(), dict(zip(("login_url", "client_id", "client_secret"), asked.killed, strict=True)))
        return
    with tempfile.TemporaryDirectory() as name, running(Path(name)) as org:
        folder = Path(name) / "project"
        folder.mkdir()
        os.environ["XDG_STATE_HOME"] = str(Path(name) / "state")
        soak(folder, org, asked.runs, random.Random(asked.seed))


def soak(folder: Path, org: Org, runs: int, chance: random.Random) -> None:
    """Change the model, spoil a few calls, sometimes kill a run in another process or interrupt one here, and run."""
    texts = dict.fromkeys((f"k{number}" for number in range(ROWS)), "")
    counts = dict.fromkeys(("runs", "resumed", "not begun", "stopped", "killed", "interrupted"), 0)
    warm: tuple[int, int] | None = None
    org.begin(0)
    for number in range(runs):
        texts |= dict.fromkeys(chance.sample(sorted(texts), ROWS // 10), f"text {number}")
        pq.write_table(pa.table({"key": list(texts), "text": list(texts.values())}), folder / "people.parquet")
        org.spoil(RATE, chance.randrange(1 << 30))
        if number % 10 == 5:
            counts["killed"] += _killed(folder, org.about, chance.uniform(0.8, 2.5))
        interrupted = _interrupted(chance.uniform(0.05, 0.5)) if number % 10 == 8 else None
        with interrupted or _not_interrupted() as cancel:
            _count(folder, org, cancel, counts)
        if number == int(runs * WARM_UP):
            warm = _held()
    org.spoil(0.0, 0)
    last = once(folder, org.about)
    found = org.texts()
    assert warm is not None
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    for what, before, after in zip(("memory (MB)", "open files"), warm, _held(), strict=True):
        print(f"{what}: {before} after the warm-up, {after} in the end")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    wrong = sum(found.get(key) != ([text] if text else [None]) for key, text in texts.items())
    print(f"records that are not as the model says: {wrong + len(found.keys() - texts.keys())}")
    if wrong or last[-1].exit:
        sys.exit(1)


def _count(folder: Path, org: Org, cancel: threading.Event | None, counts: dict[str, int]) -> None:
    """Run the sync, and count how it went."""
    try:
        reports = once(folder, org.about, cancel)
    except (RunStopped, Cancelled):
        counts["not begun"] += 1
        return
    for report in reports:
        counts["runs"] += 1
        counts["resumed"] += report.resumed
        counts["stopped"] += report.state == "stopped"
        counts["interrupted"] += report.exit == ExitCode.INTERRUPTED


def once(folder: Path, about: Mapping[str, str], cancel: threading.Event | None = None) -> tuple[RunReport, ...]:
    """Run the sync by the host API."""
    auth = {
        "flow": "client_credentials", "client_id": about["client_id"], "client_secret": Secret(about["client_secret"]),
    }  # fmt: skip
    sync = Sync(
        "people", "people", "crm", ("Contact",), Mode.UPSERT,
        fields=(FieldMapping("LastName", column="key"), FieldMapping("Description", column="text")),
        match=Match("External_Id__c", "key"),
    )  # fmt: skip
    project = Project(
        {"crm": ConnectionConfig("crm", "salesforce", {"login_url": about["login_url"], "auth": auth})},
        {"people": Model("people", ("key",), file="people.parquet", folder=str(folder))},
        {"people": sync},
        folder=str(folder),
    )
    return run(project, "people", cancel=cancel)


def _killed(folder: Path, about: Mapping[str, str], after: float) -> bool:
    """Run the sync in another process, and kill it after so many seconds; whether it was still running."""
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
def _interrupted(after: float) -> Iterator[threading.Event]:
    """An event that is set after so many seconds, as a Ctrl-C would."""
    cancel = threading.Event()
    timer = threading.Timer(after, cancel.set)
    timer.start()
    yield cancel
    timer.cancel()
    timer.join()


@contextmanager
def _not_interrupted() -> Iterator[None]:
    yield None


def _held() -> tuple[int, int]:
    """Megabytes of memory that this process has, and how many files it has open."""
    time.sleep(0.2)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() >> 20, len(list(Path("/proc/self/fd").iterdir()))


if __name__ == "__main__":
    main()
