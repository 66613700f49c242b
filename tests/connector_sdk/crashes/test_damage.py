"""Damaged files: whatever is wrong with one, each command says which one it is, and nothing that was good is lost."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import frozen
from click.testing import CliRunner, Result

from connector_sdk import Destination
from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings
from connector_sdk.testing.reference import Fault, FaultKind, Store, plugin

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
    options: {api: two_phase, batch_size: 20}
  notes:
    model: notes
    connection: crm
    object: notes
    mode: insert
    fields: {key: key, text: text}
    options: {api: call}
"""
ROWS = 60
STATE = (
    "state.db", "snapshots/people/*.parquet", "ledgers/*.parquet", "calls/*.db", "plans/*/plan.parquet",
    "plans/*/plan.json",
)  # fmt: skip
MODELS = ("../people.parquet", "../notes.csv")
PLACES = ("start", "middle", "end", "truncated", "emptied", "deleted")
STOPPED = {4, 6, 64}


@frozen
class Place:
    """A project whose sync `people` has an open run after a finished one, and whose sync `notes` holds a row."""

    folder: Path
    finished: str
    held: str

    def invoke(self, *arguments: str) -> Result:
        settings = Settings(path=self.folder, destinations={"reference": Destination("reference", plugin)})
        return CliRunner().invoke(connector, list(arguments), obj=settings)

    def commands(self) -> Iterator[tuple[str, ...]]:
        yield ("runs",)
        yield from ((command, self.finished) for command in ("show", "rows", "calls"))
        yield ("resolve", self.held)
        yield from (("plan", sync) for sync in ("people", "notes"))
        yield from (("run", sync) for sync in ("people", "notes"))

    def files(self, pattern: str) -> list[Path]:
        found = sorted((self.folder / ".connector").glob(pattern))
        assert found
        return found


def write_models(folder: Path, first: int) -> None:
    keys = [f"k{number}" for number in range(first, ROWS)]
    texts = [f"text {number} of {first}" for number in range(first, ROWS)]
    pq.write_table(pa.table({"key": keys, "text": texts}), folder / "people.parquet", row_group_size=20)
    lines = [f"{key},text of {key}\n" for key in keys]
    (folder / "notes.csv").write_text("".join(["key,text\n", *lines]))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "connector.yml").write_text(PROJECT)
    place = Place(folder, "", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        store = Store.at("store.db")
        write_models(folder, 0)
        again = place.invoke("run", "people")
        assert again.exit_code == 0, again.output
        store.add_fault(Fault(FaultKind.CUT_AFTER, object_name="notes"))
        assert place.invoke("run", "notes", "--first-run", "send").exit_code == 3
        write_models(folder, 3)
        store.add_fault(Fault(FaultKind.REFUSED, call="upload", code="suspended", skip=1))
        assert place.invoke("run", "people").exit_code == 4
        store.close()
    finished, held, _ = sorted(path.stem for path in place.files("calls/*.db"))
    return Place(folder, finished, held)


@pytest.fixture
def place(prepared: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A copy of its own."""
    copied = tmp_path / "place"
    shutil.copytree(prepared.folder, copied)
    monkeypatch.chdir(copied)
    return Place(copied, prepared.finished, prepared.held)


def damage(path: Path, where: str) -> None:
    content = bytearray(path.read_bytes())
    if where == "deleted":
        path.unlink()
        return
    if where == "truncated":
        content = content[: len(content) // 2]
    elif where == "emptied":
        content = bytearray()
    else:
        start = {"start": 0, "middle": len(content) // 2, "end": max(len(content) - 64, 0)}[where]
        content[start : start + 64] = bytes(each ^ 0xA5 for each in content[start : start + 64])
    path.write_bytes(content)


def audit(place: Place, files: list[Path], harm: Callable[[Path], None]) -> None:
    """Check that a command that stops names the damaged file, and that all is well once that file is put back."""
    good = {path: path.read_bytes() for path in files}
    for path in files:
        harm(path)
    stopped = check_commands(place, files)
    if stopped:
        put_back(good)
        if not list((place.folder / ".connector").glob("plans/*/plan.json")):
            # What is open in this journal was finished meanwhile, and a journal that was put back lacks that.
            place.invoke("run", "people", "--abandon", "--accept", "old-state")
        again = place.invoke("run", "people")
        assert again.exit_code == 0, again.output
    store = Store.at("store.db")
    assert set(store.execution_counts("notes").values()) == {1}
    if stopped:
        assert {record["external_id"] for record in store.records("people")} == {f"k{n}" for n in range(3, ROWS)}
    store.close()


def check_commands(place: Place, files: list[Path]) -> bool:
    """Check that every command that stops says so and names a damaged file. Return whether a run was stopped."""
    stopped = False
    for command in place.commands():
        result = place.invoke(*command)
        said = f"{command}: {result.exit_code} {result.output}"
        assert result.exit_code in {0, 1, 3, *STOPPED}, said
        if result.exit_code in STOPPED:
            assert any(path.name in result.output.replace("\n", "") for path in files), said
            stopped = stopped or command[0] == "run"
    return stopped


def put_back(good: dict[Path, bytes]) -> None:
    for path, content in good.items():
        path.write_bytes(content)
        for beside in ("-wal", "-shm"):
            Path(f"{path}{beside}").unlink(missing_ok=True)


def test_the_commands_of_this_test_end_well_while_everything_is_sound(place: Place) -> None:
    codes = {command[0]: place.invoke(*command).exit_code for command in place.commands()}
    assert {command: code for command, code in codes.items() if code} == {"run": 3, "resolve": 3}


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("pattern", [*STATE, *MODELS])
def test_a_damaged_file_is_named_and_nothing_else_is_lost(place: Place, pattern: str, where: str) -> None:
    audit(place, place.files(pattern), lambda path: damage(path, where))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("pattern", ["state.db", "snapshots/people/*.parquet", "plans/*/plan.*", *MODELS])
def test_bytes_that_changed_anywhere_are_told_or_taken_as_they_are(place: Place, pattern: str, seed: int) -> None:
    chance = random.Random(f"{pattern} {seed}")

    def flip(path: Path) -> None:
        content = bytearray(path.read_bytes())
        for _ in range(chance.choice([1, 4, 200])):
            content[chance.randrange(len(content))] ^= chance.randrange(1, 256)
        path.write_bytes(content)

    files = place.files(pattern)
    if pattern.startswith(("plans", "snapshots")):
        audit(place, files, flip)
        return
    for path in files:
        flip(path)
    check_commands(place, files)
