"""A state folder that is kept as a file. Every later version must be able to continue from it.

    python -m tests.connector_sdk.crashes.frozen_state

makes one with the version at hand, beside those of former versions, in `frozen/`. It is a project with its state and
its destination. The sync `people` was killed in its second run: one batch was done, one was uploaded but not committed,
and one was not sent yet. The sync `notes` holds a row whose answer was lost.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from click.testing import CliRunner, Result

from connector_sdk import Destination
from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings
from connector_sdk.contract.crashpoint import listen
from connector_sdk.state.database import VERSION
from connector_sdk.testing.reference import Fault, FaultKind, Store, plugin

KEPT = Path(__file__).parent / "frozen"
STATE = "state"
ROWS = 30
GONE = 3
"""How many of the rows left the model before the second run; all others changed."""

PROJECT = """\
version: 1
connections:
  crm: {type: reference, path: store.db}
models:
  people: {file: people.parquet, primary_key: key}
  notes: {file: notes.csv, primary_key: key}
syncs:
  people:
    model: people
    connection: crm
    object: people
    mode: upsert
    match: {field: external_id, column: key}
    fields: {name: text}
    on_removed: delete
    options: {api: two_phase, batch_size: 10, parallelism: 1}
  notes:
    model: notes
    connection: crm
    object: notes
    mode: insert
    fields: {key: key, text: text}
    options: {api: call, batch_size: 1, parallelism: 1}
"""


def invoke(folder: Path, *arguments: str) -> Result:
    """Run a command in the project of `folder`, which is the current one."""
    settings = Settings(path=folder, destinations={"reference": Destination("reference", plugin)})
    return CliRunner().invoke(connector, [*arguments, "--state", str(folder / STATE)], obj=settings)


def main() -> None:
    """Make a project, let things happen to it, and keep it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "frozen"
        folder.mkdir()
        os.chdir(folder)
        os.environ["XDG_STATE_HOME"] = str(Path(name) / "home")
        _live(folder)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        if named := [str(path) for path in paths if name.encode() in path.read_bytes()]:
            sys.exit(f"these files name the place where they were made: {', '.join(named)}")
        KEPT.mkdir(exist_ok=True)
        target = KEPT / f"state-{VERSION}.tar.gz"
        with tarfile.open(target, "w:gz") as archive:
            archive.add(folder, "frozen", filter=without_names)
        print(target.relative_to(Path(__file__).parents[3]))


def _live(folder: Path) -> None:
    (folder / "connector.yml").write_text(PROJECT)
    (folder / "notes.csv").write_text("key,text\na,first\nb,second\nc,third\n")
    _model(folder, 0)
    in_a_process(lambda: require_exit(invoke(folder, "run", "people"), 0))
    store = Store.at(folder / "store.db")
    store.add_fault(Fault(FaultKind.CUT_AFTER, object_name="notes", skip=1))
    store.close()
    in_a_process(lambda: require_exit(invoke(folder, "run", "notes", "--first-run", "send"), 3))
    _model(folder, GONE)
    in_a_process(lambda: kill_at_upload(folder, "people"))
    for each in (folder / STATE / "calls").iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()


def _model(folder: Path, first: int) -> None:
    keys = [f"k{number}" for number in range(first, ROWS)]
    pq.write_table(pa.table({"key": keys, "text": [f"{key} of {first}" for key in keys]}), folder / "people.parquet")


def require_exit(result: Result, code: int) -> None:
    """End unless a command ended with a code."""
    if result.exit_code != code:
        sys.exit(f"ended with {result.exit_code}: {result.output}")


def kill_at_upload(folder: Path, sync: str) -> None:
    """Run a sync, and be killed when its second batch was uploaded."""
    uploads: list[str] = []

    def meet(point: str) -> None:
        uploads.extend([point] if point == "after anchor uploaded is committed" else [])
        if len(uploads) == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    listen(meet)
    invoke(folder, "run", sync)


def in_a_process(act: Callable[[], None]) -> None:
    """Do something in a process of its own, which may be killed."""
    if child := os.fork():
        status = os.waitpid(child, 0)[1]
        if status not in (0, signal.SIGKILL):
            sys.exit(1)
        return
    act()
    sys.stdout.flush()
    os._exit(0)


def without_names(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return an entry of the archive without the name of the user who made it."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main()
