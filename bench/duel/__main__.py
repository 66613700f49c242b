"""Run the duel, and print how many duplicates and lost rows each client left in the org."""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from attrs import define

from bench.duel.clients import CLIENTS, Client, Rows, environment
from bench.duel.org import Org, start_org

ATTEMPTS = 20
"""How often a scheduler starts a client before it alerts an operator."""

PATIENCE = 120.0
"""Seconds after which a scheduler kills a client that does not end."""

LATE = 2.0
"""Seconds after which all late requests have arrived."""


@define
class Score:
    """The totals of a client over all trials."""

    starts: int = 0
    kills: int = 0
    gave_up: int = 0
    duplicates: int = 0
    lost: int = 0
    seconds: float = 0.0


def main() -> None:
    """Run every client through the same trials."""
    parser = argparse.ArgumentParser(prog="python -m bench.duel", description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--client", help="only those whose name has this in it", default="")
    parser.add_argument("--verbose", action="store_true", help="show what the clients say")
    asked = parser.parse_args()
    print("| client | version | rows | starts | kills | gave up | duplicates | lost |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for client in CLIENTS:
        if asked.client not in client.name:
            continue
        score = Score()
        with tempfile.TemporaryDirectory() as name, start_org(Path(name)) as org:
            for number in range(asked.trials):
                folder = Path(name) / str(number)
                folder.mkdir()
                _trial(client, org, folder, _rows(asked.rows), asked.seed + number, score, asked.verbose)
        print(
            f"| {client.name} | {_version(client)} | {asked.trials * asked.rows:,} | {score.starts} | {score.kills}"
            f" | {score.gave_up} | {score.duplicates} | {score.lost} |",
            flush=True,
        )


def _rows(count: int) -> Rows:
    return [
        {"last_name": f"Contact {number:05}", "first_name": "A", "email": f"c{number}@example.com"}
        for number in range(count)
    ]


def _trial(client: Client, org: Org, folder: Path, rows: Rows, seed: int, score: Score, verbose: bool) -> None:
    """Let a client insert the rows, as a scheduler would, with one kill and the faults of `seed`."""
    org.begin(seed)
    client.set_up(folder, rows, org.about)
    kill_after = random.Random(seed).randint(2, 7)
    succeeded = False
    for attempt in range(ATTEMPTS):
        score.starts += 1
        code = _start(client, org, folder, None if attempt else kill_after, verbose)
        score.kills += code is None
        succeeded = code == 0
        if succeeded:
            break
    time.sleep(LATE)
    found = org.keys()
    score.gave_up += not succeeded
    score.duplicates += sum(count - 1 for count in found.values())
    score.lost += sum(row["last_name"] not in found for row in rows)


def _start(client: Client, org: Org, folder: Path, kill_after: int | None, verbose: bool) -> int | None:
    """Start a client, wait for it, and return its exit code.

    Return None if it was killed, either after `kill_after` calls to the org or after `PATIENCE` seconds.
    """
    quiet: Mapping[str, int] = {} if verbose else {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    before, until = org.calls(), time.monotonic() + PATIENCE
    with subprocess.Popen(client.command, cwd=folder, env=environment(folder, org.about), **quiet) as process:
        while time.monotonic() < until and not _meets(org, before, kill_after):
            with suppress(subprocess.TimeoutExpired):
                return process.wait(0.02)
        process.kill()
    return None


def _meets(org: Org, before: int, kill_after: int | None) -> bool:
    return kill_after is not None and org.calls() - before >= kill_after


def _version(client: Client) -> str:
    asked = f"from importlib.metadata import version; print(version({client.distribution!r}))"
    return subprocess.run([client.python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
