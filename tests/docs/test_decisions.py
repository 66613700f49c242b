"""The pages for contributors agree with the repository: decisions, the map, the way of a row, the commands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

import pytest

from connector_sdk.state.folder import StateFolder

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "contributing"
ARCHITECTURE = FOLDER / "architecture.md"
INDEX = FOLDER / "decisions" / "index.md"
DECISIONS = sorted((FOLDER / "decisions").glob("[0-9]*.md"))
PAGES = [ARCHITECTURE, FOLDER / "index.md", ROOT / "CONTRIBUTING.md"]
SECTIONS = ["Context", "Decision", "Consequences"]

FENCED = re.compile(r"^```.*?^```$", flags=re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*(\.(py|md|toml|txt)|/)|\.ci/\w+")
NOT_OURS = {".connector/"}
"""What looks like a path of the repository, and is made by a run."""


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def spans(text: str) -> list[str]:
    """Return what stands in code style, outside of code blocks."""
    return SPAN.findall(FENCED.sub("", text))


def paths(text: str) -> set[str]:
    return {each for each in spans(text) if PATH.fullmatch(each)} - NOT_OURS


def find_missing_paths(text: str, *, roots: Collection[Path] = (ROOT,)) -> list[str]:
    """Return the paths in a text that lie below none of the roots."""
    return sorted(each for each in paths(text) if not any((root / each).exists() for root in roots))


def section(page: Path, heading: str) -> str:
    """Return the text below a heading, up to the next one of the same level."""
    return re.split(r"^## ", read(page).split(f"\n## {heading}\n")[1], flags=re.MULTILINE)[0]


def sections(text: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))


@cache
def words_of_the_code() -> frozenset[str]:
    files = [path for folder in ("connector_sdk", "plugins") for path in (ROOT / folder).rglob("*.py")]
    return frozenset(word for path in files for word in words(read(path)))


def words(text: str) -> Iterator[str]:
    yield from re.findall(r"[A-Za-z_]\w+", text)


def unknown_names(text: str) -> list[str]:
    """Return the words in code style, outside of paths, that stand nowhere in the code."""
    named = {word for each in spans(text) if not PATH.fullmatch(each) for word in words(each)}
    return sorted(named - words_of_the_code())


def test_decisions_are_numbered_without_a_gap() -> None:
    names = [re.fullmatch(r"(\d{3})(-[a-z0-9]+)+\.md", path.name) for path in DECISIONS]
    assert [each and int(each[1]) for each in names] == list(range(1, len(DECISIONS) + 1))


def test_the_title_of_a_decision_begins_with_its_number() -> None:
    titles = {path.name: read(path).splitlines()[0] for path in DECISIONS}
    assert [each for each in titles if not re.match(rf"# {each[:3]}\. \S", titles[each])] == []


@pytest.mark.parametrize("page", DECISIONS, ids=[page.stem for page in DECISIONS])
def test_a_decision_has_its_three_sections_and_names_its_files(page: Path) -> None:
    found = sections(read(page))
    assert list(found) == SECTIONS
    assert all(found.values())
    assert "- Files: `" in found["Consequences"]


def test_the_index_has_one_line_for_each_decision_with_its_title() -> None:
    lines = re.findall(r"^\| \[(\d{3})\]\((.+?)\) \| (.+) \|$", read(INDEX), flags=re.MULTILINE)
    titles = [read(path).splitlines()[0].removeprefix(f"# {path.name[:3]}. ") for path in DECISIONS]
    listed = [(path.name[:3], path.name, title) for path, title in zip(DECISIONS, titles, strict=True)]
    assert sorted(lines) == listed


@pytest.mark.parametrize("page", DECISIONS, ids=[page.stem for page in DECISIONS])
def test_the_files_and_names_of_a_decision_exist(page: Path) -> None:
    assert find_missing_paths(read(page)) == []
    assert unknown_names(read(page)) == []


def test_a_name_or_a_file_of_a_decision_that_is_gone_is_noticed() -> None:
    text = "`connector_sdk/run.py` calls `Destination.match` and `Destination.gone_by_now`; see `connector_sdk/gone.py`"
    assert find_missing_paths(text) == ["connector_sdk/gone.py"]
    assert unknown_names(text) == ["gone_by_now"]


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_path_in_a_page_for_contributors_exists(page: Path) -> None:
    assert find_missing_paths(read(page), roots=(ROOT, ROOT / "connector_sdk")) == []


def test_the_way_of_a_row_names_files_for_every_step() -> None:
    steps = re.findall(r"^\| (\d+)\. .*\| (.+) \|$", section(ARCHITECTURE, "The way of a row"), flags=re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    assert len(steps) >= 10
    assert all(paths(where) for _, where in steps)


def test_the_table_of_floors_is_the_contract_that_is_checked() -> None:
    cells = re.findall(r"^\| (`.+?) \|", section(ARCHITECTURE, "Floors"), flags=re.MULTILINE)
    contracts = tomllib.loads(read(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = (each["layers"] for each in contracts if each["name"] == "The floors of the core")
    assert [set(spans(each)) for each in cells] == [set(re.findall(r"connector_sdk\.(\w+)", each)) for each in layers]
    assert [each for each in layers if ":" in each] == []  # packages of one floor do not import each other


def test_the_table_of_the_state_folder_has_its_paths() -> None:
    folder = StateFolder(Path())
    made = [
        folder.database, folder.plan("RUN"), folder.snapshot("SYNC", "RUN"), folder.schema("SYNC"),
        folder.ledger("RUN"), folder.calls("RUN"), folder.lock("SYNC"),
    ]  # fmt: skip
    told = re.findall(r"^\| `(.+?)` \|", section(ARCHITECTURE, "State"), flags=re.MULTILINE)
    assert told == list(map(str, made))


def test_every_make_command_in_a_page_for_contributors_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), flags=re.MULTILINE))
    lines = [line for page in PAGES for line in re.findall(r"^make (.+)$|`make ([^`]+)`", read(page), re.MULTILINE)]
    named = {target for line in lines for target in "".join(line).split()}
    assert {"test", "check", "docs"} <= named <= targets
