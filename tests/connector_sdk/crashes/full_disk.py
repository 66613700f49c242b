"""Runs on a disk that is full after so many bytes, and again when there is room, in a mount namespace of their own.

The state folder is a file system in memory that only this process and its children see. A file takes all of its room
but what the trial grants, so that each trial breaks off a page (4 KiB) later than the one before. The destination lies
on another disk.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb  # noqa: F401 - imported before the first fork, so that no child pays for it
import pyarrow.compute
import pyarrow.parquet  # noqa: F401
from attrs import evolve
from click.testing import CliRunner

from connector_sdk import DeliveryOptions, Mode
from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings

from .scenarios import BATCH, CASES, DESTINATIONS, Case, audit, prepare, project

DISK = 32 << 20
"""The size of the file system in bytes."""

PAGE = 4096
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
"""The command in front of this one: no rights are needed for it where user namespaces are allowed."""

_DONE = {0, 1, 3}


def main() -> None:
    """Run `python -m tests.connector_sdk.crashes.full_disk CASE ROWS MODEL STEP`, behind `NAMESPACE`.

    The room grows by STEP pages until a run has enough. Print how many trials that took and what went wrong, as JSON.
    """
    name, rows, model, step = sys.argv[1:]
    case = evolve(CASES[name], rows=int(rows))
    with tempfile.TemporaryDirectory() as root:
        prepared = Path(root) / "prepared"
        prepared.mkdir()
        _child(prepared, lambda: _prepare(case, prepared))
        problems, trials = [], 0
        for room in range(0, DISK, int(step) * PAGE):
            trials += 1
            found = list(_trial(case, model, prepared, Path(root) / "trial", room))
            problems += [f"{room // PAGE} pages: {each}" for each in found if each]
            if not found or len(problems) > 3:
                break
        print(json.dumps({"trials": trials, "problems": problems}))


def _prepare(case: Case, folder: Path) -> str:
    prepare(case, folder)
    return ""


def _trial(case: Case, model: str, prepared: Path, folder: Path, room: int) -> Iterator[str]:
    """Yield what is wrong with a run that has `room` bytes, and with the next one. Yield nothing if that is enough."""
    shutil.copytree(prepared, folder, ignore=shutil.ignore_patterns("home"))  # where the rollback guard knows a copy
    os.environ["XDG_STATE_HOME"] = str(folder / "home")
    state = folder / ".connector"
    shutil.move(state, folder / "kept") if state.exists() else (folder / "kept").mkdir()
    state.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "none", state], check=True)
    try:
        shutil.copytree(folder / "kept", state, dirs_exist_ok=True)
        os.chmod(state, 0o700)
        ballast = state / "ballast"
        _fill(ballast, room)
        ended, said = _command(case, model, folder)
        yield from [] if ended in _DONE else [_wrong_words(ended, said)]
        ballast.unlink()
        if ended not in _DONE:
            again, words = _command(case, model, folder)
            yield "" if again in _DONE else f"with room it ends with {again}: {words}"
            yield from json.loads(_child(folder, lambda: json.dumps(list(audit(case, folder, faulty=False)))))
    finally:
        subprocess.run(["umount", state], check=True)
        shutil.rmtree(folder)


def _wrong_words(ended: int, said: str) -> str:
    """Return what is wrong with how a command without room ends, or an empty text."""
    line = said.strip().splitlines()[-1] if said.strip() else "nothing"
    if ended != 4 or " — " not in line or not any(word in line for word in ("room", "disk", "space")):
        return f"it ends with {ended} and says: {said.strip()[-600:]}"
    return ""


def _fill(ballast: Path, room: int) -> None:
    """Leave `room` bytes on the disk of a file."""
    free = os.statvfs(ballast.parent)
    with ballast.open("wb") as file:
        file.write(bytes(max(0, free.f_bavail * free.f_frsize - room)))


def _command(case: Case, model: str, folder: Path) -> tuple[int, str]:
    """Run the sync by the command, and return the exit code and what it printed."""

    def run() -> str:
        made = project(case, folder)
        made = evolve(made, syncs={"sync": evolve(made.syncs["sync"], delivery=_in_few_batches(case))})
        if model == "sql":
            query = evolve(made.models["model"], file=None, sql="select * from 'model.parquet'")
            made = evolve(made, models={"model": query})
        settings = Settings(path=folder, destinations=DESTINATIONS)
        settings.project = made
        first = ["--first-run", "send"] if case.mode is Mode.INSERT else []
        accept = ["--accept", "rejected"] if case.mode is Mode.ALL else []
        result = CliRunner().invoke(connector, ["run", "sync", *first, *accept], obj=settings)
        return json.dumps([result.exit_code, result.output])

    code, said = json.loads(_child(folder, run))
    return int(code), str(said)


def _in_few_batches(case: Case) -> DeliveryOptions:
    """Return options with few batches, so that the files of a large case fill the disk, and not the journal."""
    size = None if case.mode is Mode.ALL else max(BATCH, case.rows // 3)
    return DeliveryOptions(api=case.api, batch_size=size, parallelism=1)


def _child(folder: Path, act: Callable[[], str]) -> str:
    """Do something in a process of its own, which has threads and open files, and return its answer."""
    answer = folder.parent / "answer"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            answer.write_text(act())
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    if os.waitpid(child, 0)[1]:
        raise SystemExit(f"a child failed in {folder}")
    return answer.read_text()


if __name__ == "__main__":
    main()
