"""Runs that may have little more memory than their process has already, and again when there is enough."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from attrs import evolve
from click.testing import CliRunner

from connector_sdk import Mode
from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings
from connector_sdk.testing.crash import Scenario

from .scenarios import CASES, DESTINATIONS, Case, audit, prepare, project, run_once

_DONE = {0, 1, 3}
_STOPPED = {*_DONE, 4, 127, -signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS}
"""How a run may end: as it should, without room, or by what a library does to a process without memory.

A library that is loaded only now and finds no room is an `ImportError`, and so a bug for the command.
"""

_FOUND = "found.json"


def make_scenario(case: str, rows: str, most: str, step: str) -> Scenario:
    """Return a scenario of runs that may have 0 MB more, `step`, and so on below `most`. The audit yields problems.

    `ends.json` beside the trial counts how they ended: with an exit code, or by a signal, which has a minus.
    """
    chosen = evolve(CASES[case], rows=int(rows))

    def run(folder: Path) -> int:
        if not (folder / _FOUND).exists():
            ends: Counter[int] = Counter()
            problems = [each for more in range(0, int(most), int(step)) for each in _trial(chosen, folder, more, ends)]
            (folder / _FOUND).write_text(json.dumps(problems))
            Path(os.environ["STARVED"]).write_text(json.dumps(ends))
        return 0

    return Scenario(prepare=lambda folder: _prepare(chosen, folder), run=run, audit=_problems)


def _problems(folder: Path) -> Iterable[str]:
    found: list[str] = json.loads((folder / _FOUND).read_text())
    return found


def _prepare(case: Case, folder: Path) -> None:
    (folder / "prepared").mkdir()
    prepare(case, folder / "prepared")


def _trial(case: Case, folder: Path, more: int, ends: Counter[int]) -> Iterator[str]:
    """Yield what is wrong with a run that may have `more` megabytes, and with the next one."""
    trial = folder / "trial"
    shutil.copytree(folder / "prepared", trial, ignore=shutil.ignore_patterns("home"))  # the rollback guard's
    ended, said = _child(trial, lambda: _command(case, trial, more << 20))
    ends[ended] += 1
    if ended not in _STOPPED and not (ended == 70 and "ImportError" in said):
        yield f"{more} MB: it ends with {ended} and says {said.strip()[-600:]}"
    code, said = _child(trial, lambda: (run_once(case, trial), ""))
    if code not in _DONE:
        yield f"{more} MB: with enough it ends with {code}: {said[-600:]}"
    _, said = _child(trial, lambda: (0, json.dumps(list(audit(case, trial, faulty=False)))))
    yield from (f"{more} MB: {each}" for each in json.loads(said or '["the audit failed"]'))
    shutil.rmtree(trial)


def _command(case: Case, folder: Path, more: int) -> tuple[int, str]:
    """Run the sync by the command in a process that may take only `more` bytes besides those that it has."""
    settings = Settings(path=folder, destinations=DESTINATIONS)
    settings.project = project(case, folder)
    first = ["--first-run", "send"] if case.mode is Mode.INSERT else []
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, resource.RLIM_INFINITY))
    result = CliRunner().invoke(connector, ["run", "sync", *first], obj=settings)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return result.exit_code, result.output


def _child(folder: Path, act: Callable[[], tuple[int, str]]) -> tuple[int, str]:
    """Do something in a process of its own. Return its answer, or the signal that ended it with a minus."""
    answer = folder / "answer.json"
    answer.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        os.environ["XDG_STATE_HOME"] = str(folder / "home")
        try:
            answer.write_text(json.dumps(act()))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(0 if answer.exists() else 99)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        return status, ""
    code, said = json.loads(answer.read_text())
    return int(code), str(said)
