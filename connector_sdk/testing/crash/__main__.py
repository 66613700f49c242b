"""The harness as a command: one warm process that forks the trials and prints the report, as JSON if asked."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
from pathlib import Path

import duckdb  # noqa: F401 - imported before the first fork, so that no child pays for it
import pyarrow.compute
import pyarrow.parquet  # noqa: F401
from attrs import asdict

from connector_sdk.testing.crash.harness import Harness, Scenario


def main() -> None:
    """Run the trials of a scenario, and exit with 1 if any failed."""
    options = _parser().parse_args()
    scenario = _scenario(options.scenario, options.arguments)
    with tempfile.TemporaryDirectory(prefix="crash-") as root:
        name = " ".join([options.scenario, *options.arguments])
        harness = Harness(name, scenario, Path(options.keep or root))
        if options.at:
            report = harness.replay(options.at.split(","))
        elif options.trials:
            report = harness.batter(options.trials, options.seed, options.kills)
        else:
            report = harness.exhaust()
    if options.json:
        print(json.dumps(asdict(report)))
    else:
        print(report)
    sys.exit(1 if report.failures else 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m connector_sdk.testing.crash")
    parser.add_argument("scenario", help="the function that makes the scenario, as module:function")
    parser.add_argument("arguments", nargs="*", help="arguments of that function, as text")
    parser.add_argument("--at", help="run one trial with kills at these crash points or moments: 17 or 3,0.020s,5")
    parser.add_argument("--trials", type=int, default=0, help="number of random trials, instead of all crash points")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=5, help="largest number of kills in a random trial")
    parser.add_argument("--keep", help="folder in which to keep the trials")
    parser.add_argument("--json", action="store_true")
    return parser


def _scenario(name: str, arguments: list[str]) -> Scenario:
    module, _, function = name.partition(":")
    made = getattr(importlib.import_module(module), function)(*arguments)
    if not isinstance(made, Scenario):
        raise TypeError(f"{name} made a {type(made).__name__}, not a Scenario")
    return made


main()
