"""Rows per client CPU second and peak memory, beside the peers, in the same run. Prints the table of the README."""

from __future__ import annotations

import argparse
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

from bench import data
from bench.contenders import CONTENDERS


def main() -> None:
    """Run every contender in turn, `--rounds` times, and print the medians."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", type=int, default=5_000_000, help="rows of the memory test, 0 to leave it out")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _say(f"generating {arguments.rows:,} contacts x {len(data.FIELDS)} columns ...")
        data.csv(Path(folder), arguments.rows)
        measured: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
        for number in range(arguments.rounds):
            for name in CONTENDERS:
                _say(f"round {number + 1} of {arguments.rounds}: {name} ...")
                measured[name].append(_measure(name, Path(folder), arguments.rows))
        _print_table(measured, arguments.rows)
        if arguments.large:
            _say(f"memory at {arguments.large:,} rows ...")
            large = _measure("connector", Path(folder), arguments.large)
            print(f"\nPeak memory at {arguments.large:,} rows: {large['peak_mb']:.0f} MB.")


def _print_table(measured: dict[str, list[dict[str, float]]], rows: int) -> None:
    unchanged = measured.pop("unchanged")
    print(f"\n| {rows:,} rows x {len(data.FIELDS)} columns | rows per CPU second | ratio | peak memory | calls |")
    print("|---|---:|---:|---:|---:|")
    base = _rate(measured["simple-salesforce bulk"])
    for name, rounds in measured.items():
        rate, peak = _rate(rounds), statistics.median(each["peak_mb"] for each in rounds)
        calls = f"{rounds[-1]['calls'] - rounds[-1]['polls']:.0f} + {rounds[-1]['polls']:.0f} polls"
        print(f"| {name} | {rate:,.0f} | {rate / base:.1f} | {peak:,.0f} MB | {calls} |")
    cpu = statistics.median(each["cpu"] for each in unchanged)
    print(f"\nComparing {rows:,} unchanged rows: {cpu:.1f} s of CPU.")


def _rate(rounds: list[dict[str, float]]) -> float:
    return statistics.median(each["rows"] / each["cpu"] for each in rounds)


def _measure(name: str, folder: Path, rows: int) -> dict[str, float]:
    data.parquet(folder, rows)
    with _stub() as url:
        command = [sys.executable, "-m", "bench.contenders", name, url, str(folder), str(rows)]
        found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        with urllib.request.urlopen(f"{url}/stats") as answer:
            stats: dict[str, Any] = json.load(answer)
    result: dict[str, float] = json.loads(found.stdout.splitlines()[-1])
    if result["rows"] != rows:
        raise SystemExit(f"{name} reports {result['rows']} of {rows} rows")
    return result | {"calls": stats["calls"], "polls": stats["polls"]}


@contextmanager
def _stub() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.stub"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stub:
        assert stub.stdin is not None
        assert stub.stdout is not None
        yield stub.stdout.readline().strip()
        stub.stdin.close()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
