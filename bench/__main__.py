"""Rows per client CPU second and peak memory, beside the peers, in the same run. Prints the table of the README."""

from __future__ import annotations

import argparse
import compileall
import json
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RACES = (("bulk", 1.0), ("bulk2", 0.1), ("bulk2", 1.0), ("rest", 0.1), ("rest", 1.0))
"""The apis, and the share of the rows that runs through each."""

CLIENTS = {
    "bulk": ("simple-salesforce", "connector"),
    "bulk2": ("simple-salesforce", "simple-salesforce, records", "connector"),
    "rest": ("simple-salesforce", "connector"),
}
"""Who runs through each api; the ratios are to the first."""

SOURCES = ("connector_sdk", "plugins")
"""What is run from the checkout; the peers are installed, and so compiled."""

DELAY = 0.1
"""Seconds that each answer is held back while batches in flight are counted."""


def main() -> None:
    """Run every contender in turn, `--rounds` times, and print the medians."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", type=int, default=5_000_000, help="rows of the memory test, 0 to leave it out")
    parser.add_argument("--memory", type=int, nargs="+", metavar="ROWS", help="only this: peaks at these sizes")
    arguments = parser.parse_args()
    for each in SOURCES:
        compileall.compile_dir(each, quiet=1)
    if arguments.memory:
        _peaks(arguments.memory)
        return
    with tempfile.TemporaryDirectory() as name:
        folder, rows, rounds = Path(name), arguments.rows, arguments.rounds
        print("| api | rows | client | rows per CPU second | ratio | peak memory | calls |")
        print("|---|---:|---|---:|---:|---:|---:|")
        for api, share in RACES:
            _race(folder, api, int(rows * share), rounds)
        unchanged = [_measure("unchanged", folder, rows) for _ in range(rounds)]
        print(f"\nComparing {rows:,} unchanged rows: {_median(unchanged, 'cpu'):.1f} s of CPU.")
        delayed = _measure("connector rest", folder, rows // 10, DELAY)
        print(f"\nRequests in flight, of 10, when each answer takes {DELAY * 1000:.0f} ms: {delayed['in_flight']:.1f}.")
        if arguments.large:
            large = _measure("connector bulk", folder, arguments.large)
            print(f"\nPeak memory at {arguments.large:,} rows: {large['peak_mb']:.0f} MB.")


def _peaks(sizes: list[int]) -> None:
    """Print the peak memory of sending so many rows and comparing them again."""
    print("| rows, sent and compared | peak memory | CPU seconds of comparing |")
    print("|---:|---:|---:|")
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            found = _measure("unchanged", Path(name), rows)
        print(f"| {rows:,} | {found['peak_mb']:,.0f} MB | {found['cpu']:.0f} |", flush=True)


def _race(folder: Path, api: str, rows: int, rounds: int) -> None:
    """Run the product and its peers in turn through one api, and print their lines of the table."""
    measured: dict[str, list[dict[str, float]]] = {client: [] for client in CLIENTS[api]}
    for _ in range(rounds):
        for client in measured:
            measured[client].append(_measure(f"{client} {api}", folder, rows))
    base = _rate(measured[CLIENTS[api][0]])
    for client, found in measured.items():
        calls = f"{found[-1]['calls'] - found[-1]['polls']:.0f} + {found[-1]['polls']:.0f} polls"
        rate, peak = _rate(found), _median(found, "peak_mb")
        print(
            f"| {api} | {rows:,} | {client} | {rate:,.0f} | {rate / base:.1f} | {peak:,.0f} MB | {calls} |", flush=True
        )


def _median(measured: list[dict[str, float]], figure: str) -> float:
    return statistics.median(each[figure] for each in measured)


def _rate(rounds: list[dict[str, float]]) -> float:
    return statistics.median(each["rows"] / each["cpu"] for each in rounds)


def _measure(name: str, folder: Path, rows: int, delay: float = 0.0) -> dict[str, float]:
    """Run a contender in a process of its own, against a stub of its own."""
    _say(f"{name}, {rows:,} rows ...")
    subprocess.run([sys.executable, "-m", "bench.data", str(folder), str(rows)], check=True)
    with _stub(delay) as url:
        command = [sys.executable, "-m", "bench.contenders", name, url, str(folder), str(rows)]
        found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        with urllib.request.urlopen(f"{url}/stats") as answer:
            stats: dict[str, Any] = json.load(answer)
    result: dict[str, float] = json.loads(found.stdout.splitlines()[-1])
    if not result["rows"] == stats["rows"] == rows:
        raise SystemExit(f"of {rows} rows {stats['rows']} arrived, and {name} reports {result['rows']}")
    return result | {word: stats[word] for word in ("calls", "polls", "in_flight")}


@contextmanager
def _stub(delay: float) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.stub", str(delay)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stub:
        assert stub.stdin is not None
        assert stub.stdout is not None
        yield stub.stdout.readline().strip()
        stub.stdin.close()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
