"""Rows per client CPU second and peak memory, beside the peers, in the same run.

Prints the tables. A run of the usual sizes also writes them into the manual, between the two marks of its page.
"""

from __future__ import annotations

import argparse
import compileall
import json
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
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

SIZES = (1_000_000, 3, 5_000_000)
"""The usual rows, rounds, and rows of the memory test: those of the manual."""

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks" / "index.md"
MARKS = ("<!-- Written by make bench, down to the next mark. -->", "<!-- Down to here. -->")


def main() -> None:
    """Run every contender in turn, `--rounds` times, and print the medians."""
    rows, rounds, large = SIZES
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=rows)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--large", type=int, default=large, help="rows of the memory test, 0 to leave it out")
    parser.add_argument("--memory", type=int, nargs="+", metavar="ROWS", help="only this: peaks at these sizes")
    arguments = parser.parse_args()
    for each in SOURCES:
        compileall.compile_dir(each, quiet=1)
    if arguments.memory:
        _peaks(arguments.memory)
        return
    sizes, lines = (arguments.rows, arguments.rounds, arguments.large), list[str]()
    for line in _measure_all(*sizes):
        print(line, flush=True)
        lines.append(line)
    if sizes == SIZES:
        PAGE.write_text(put_between_marks(PAGE.read_text(encoding="utf-8"), lines), encoding="utf-8")
        _say(f"{PAGE}: written")


def put_between_marks(page: str, lines: Sequence[str]) -> str:
    """Return the text of a page with these lines in place of what is between its two marks."""
    before, rest = page.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    return "\n".join((before + MARKS[0], "", *lines, "", MARKS[1] + after))


def _measure_all(rows: int, rounds: int, large: int) -> Iterator[str]:
    """Measure everything, and yield the lines of the manual as soon as each is known."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield "| api | rows | client | rows per CPU second | ratio | peak memory | calls |"
        yield "|---|---:|---|---:|---:|---:|---:|"
        for api, share in RACES:
            yield from _race(folder, api, int(rows * share), rounds)
        unchanged = [_measure("unchanged", folder, rows) for _ in range(rounds)]
        yield from ("", "| what | measured |", "|---|---:|")
        yield f"| comparing {rows:,} unchanged rows | {_median(unchanged, 'cpu'):.1f} s of CPU |"
        delayed = _measure("connector rest", folder, rows // 10, DELAY)
        in_flight = f"{delayed['in_flight']:.1f} of 10"
        yield f"| requests in flight when each answer takes {DELAY * 1000:.0f} ms | {in_flight} |"
        if large:
            peak = _measure("connector bulk", folder, large)["peak_mb"]
            yield f"| peak memory at {large:,} rows through `bulk` | {peak:.0f} MB |"


def _peaks(sizes: list[int]) -> None:
    """Print the peak memory of sending so many rows and comparing them again."""
    print("| rows, sent and compared | peak memory | CPU seconds of comparing |")
    print("|---:|---:|---:|")
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            found = _measure("unchanged", Path(name), rows)
        print(f"| {rows:,} | {found['peak_mb']:,.0f} MB | {found['cpu']:.0f} |", flush=True)


def _race(folder: Path, api: str, rows: int, rounds: int) -> Iterator[str]:
    """Run the product and its peers in turn through one api, and yield their lines of the table."""
    measured: dict[str, list[dict[str, float]]] = {client: [] for client in CLIENTS[api]}
    for _ in range(rounds):
        for client in measured:
            measured[client].append(_measure(f"{client} {api}", folder, rows))
    base = _rate(measured[CLIENTS[api][0]])
    for client, found in measured.items():
        calls = f"{found[-1]['calls'] - found[-1]['polls']:.0f} + {found[-1]['polls']:.0f} polls"
        rate, peak = _rate(found), _median(found, "peak_mb")
        yield f"| {api} | {rows:,} | {client} | {rate:,.0f} | {rate / base:.1f} | {peak:,.0f} MB | {calls} |"


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
