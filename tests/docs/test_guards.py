"""What the page about guards shows is what the commands print."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from attrs import evolve

from connector_sdk import Guards
from connector_sdk.planning.guards import GUARDS
from connector_sdk.testing.reference import Store
from connector_sdk.testing.reference.shapes import SHAPES

from .console import Desk, Scene, play, read_page

PAGE = read_page("guards.md")
TABLE = {cells[0].split("`")[1]: cells[2].strip("`") for cells in PAGE.rows("How a guard works")}
"""The names that `--accept` takes, each with its default."""

HEADER = "contact_id,crm_key,name,email"


def contacts(desk: Desk, numbers: Sequence[int], change: Callable[[str], str] = str) -> None:
    """Write contacts by their numbers; `change` makes another line of each."""
    lines = [f"C-{each:03},K-{each:03},Contact {each},{each}@example.com" for each in numbers]
    desk.rows("contacts.csv", HEADER, *map(change, lines))


def send(desk: Desk, count: int = 20) -> None:
    """Send the first contacts, as a run of another day did."""
    contacts(desk, range(1, count + 1))
    assert desk.connector("run contacts --accept max_removed").exit_code == 0


def rewrite(former: str, now: str) -> None:
    """Change the project file."""
    file = Path("connector.yml")
    text = file.read_text()
    assert former in text
    file.write_text(text.replace(former, now))


def write_contacts(desk: Desk) -> Iterator[None]:
    contacts(desk, range(1, 21))
    yield


def lose_half_of_the_rows(desk: Desk) -> Iterator[None]:
    send(desk)
    contacts(desk, range(1, 11))
    yield


def lose_five_rows(desk: Desk) -> Iterator[None]:
    send(desk)
    contacts(desk, range(1, 16))
    yield


def lose_five_rows_in_two_runs(desk: Desk) -> Iterator[None]:
    send(desk)
    contacts(desk, range(1, 18))
    assert "3 deleted" in desk.connector("run contacts").output
    contacts(desk, range(1, 16))
    yield


def change_every_name(desk: Desk) -> Iterator[None]:
    send(desk)
    contacts(desk, range(1, 21), lambda line: line.replace("Contact", "CONTACT"))
    yield


def change_a_match_value(desk: Desk) -> Iterator[None]:
    send(desk)
    contacts(desk, range(1, 21), lambda line: line.replace("K-001", "K-900"))
    yield


def respell_a_key(desk: Desk) -> Iterator[None]:
    send(desk)
    contacts(desk, range(1, 21), lambda line: line.replace("C-001,K-001", "c001,K-900"))
    yield


def shorten_a_field(desk: Desk) -> Iterator[None]:
    send(desk)
    former = SHAPES["people"]
    fields = [evolve(each, length=20) if each.name == "name" else each for each in former.schema.fields]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SHAPES, "people", evolve(former, schema=evolve(former.schema, fields=tuple(fields))))
        yield
        assert "warning" not in desk.connector("run contacts").output, "what was accepted is no news"


def rename_the_model(desk: Desk) -> Iterator[None]:
    send(desk)
    rewrite("models:\n  contacts:", "models:\n  customers:")
    rewrite("model: contacts", "model: customers")
    yield


def connect_to_a_sandbox(desk: Desk) -> Iterator[None]:
    send(desk)
    Store.at("sandbox.db").become(account="sandbox")
    rewrite("store.db", "sandbox.db")
    yield


def repeat_a_key(desk: Desk) -> Iterator[None]:
    contacts(desk, ())
    desk.rows("tags.csv", "tag,label", "gold,Gold", "silver,Silver", "silver,Silber")
    yield


def put_a_backup_back(desk: Desk) -> Iterator[None]:
    send(desk)
    shutil.copytree(".connector", "backup")
    send(desk, 21)
    send(desk, 22)
    shutil.rmtree(".connector")
    Path("backup").rename(".connector")
    yield


def copy_the_folder(desk: Desk) -> Iterator[None]:
    send(desk)
    shutil.copytree(".connector", "copy")
    yield


SCENES: dict[str, Scene] = {
    "How a guard works": write_contacts,
    "min_rows": lose_half_of_the_rows,
    "max_removed": lose_five_rows,
    "max_removed_per_day": lose_five_rows_in_two_runs,
    "max_changed": change_every_name,
    "rekeyed": change_a_match_value,
    "respelled": respell_a_key,
    "schema": shorten_a_field,
    "model": rename_the_model,
    "account": connect_to_a_sandbox,
    "rejected": repeat_a_key,
    "old-state": put_a_backup_back,
    "copied": copy_the_folder,
}


@pytest.mark.parametrize("heading", SCENES)
def test_the_page_shows_what_the_commands_print(heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(PAGE, heading, SCENES[heading], tmp_path, monkeypatch)


def test_every_example_of_the_page_is_played() -> None:
    assert PAGE.shown_headings() == list(SCENES)


def test_the_page_has_a_part_for_every_name_that_accept_takes() -> None:
    assert [each for each in PAGE.sections if each in GUARDS] == [each for each in TABLE if each in GUARDS]
    assert set(TABLE) == set(GUARDS)


def test_the_page_names_the_defaults() -> None:
    names = ("min_rows", "max_removed", "max_removed_per_day", "max_changed")
    defaults = {name: getattr(Guards(), name) for name in names}
    assert {name: TABLE[name] for name in names} == {
        name: "no limit" if limit is None else str(limit) for name, limit in defaults.items()
    }
