"""The crash harness: kill a run at each crash point, resume it, and audit the outcome of its rows.

An importable function returns a `Scenario`, which prepares, runs and audits a folder:

    # tests/crashes.py
    def upserts() -> Scenario:
        return Scenario(prepare, run, audit)

    # tests/test_crashes.py
    def test_no_crash_loses_or_doubles_a_row():
        report = exhaust("tests.crashes:upserts")
        assert not report.failures, report

`exhaust` kills at point 1, then at point 2, until a run survives. `batter` kills several times per trial, at random
points and moments. Each failure has the command that repeats it:
`python -m connector_sdk.testing.crash SCENARIO --at 17`.
"""

from connector_sdk.testing.crash.harness import Failure, Report, Scenario
from connector_sdk.testing.crash.server import CrashHarnessError, batter, exhaust, replay

__all__ = ["CrashHarnessError", "Failure", "Report", "Scenario", "batter", "exhaust", "replay"]
