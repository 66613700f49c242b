"""Play what a page of the manual shows on a console: run its commands, and compare what they print.

A page has its examples in blocks of `console`; a scene sets the stage for those below one heading, one step for each
block. The blocks of `yaml` above them are the project file. What differs in each run is masked: ids of runs, times,
and the folder of the project. Lines may be wrapped on the page.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import field, frozen
from click.testing import CliRunner, Result

from connector_sdk import Destination
from connector_sdk.cli.app import connector
from connector_sdk.cli.milestones import Milestones
from connector_sdk.cli.settings import Settings
from connector_sdk.testing.reference import Store, plugin

FOLDER = Path(__file__).parents[2] / "docs" / "syncs"
SHOWN_FOLDER = "/srv/crm"
"""The folder of the project, as pages call it."""

CONNECTION = {"version": 1, "connections": {"crm": {"type": "reference", "path": "store.db"}}}
"""What a project has beside what a page shows of it."""

_PART = re.compile(r"^#+ ([^\n]+)$|^```(\w*)[^\n]*\n(.*?)^```$|^(\|[^\n]+)$", flags=re.MULTILINE | re.DOTALL)
_RUN = re.compile(r"\b\d{8}-\d{6}-\w{7}\b")
_MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00"), "MOMENT"),
    (re.compile(r"\bin \d+\.\d s\b"), "in N s"),
    (re.compile(r"(?<=,)\d+\.\d$", flags=re.MULTILINE), "N"),
)
"""What tells when a run began and how long it took; in CSV the seconds come last."""


@frozen
class Page:
    """What stands below each heading of a page: its blocks, each with its language, and the lines of its tables."""

    name: str
    sections: Mapping[str, Sequence[tuple[str, str]]]

    def blocks(self, heading: str, language: str) -> list[str]:
        """Return the blocks of one language below a heading."""
        return [text for found, text in self.sections[heading] if found == language]

    def rows(self, heading: str) -> list[list[str]]:
        """Return the cells of the tables below a heading, without their first lines."""
        lines = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in self.blocks(heading, "|")]
        ruled = [number for number, cells in enumerate(lines) if set(cells[0]) == {"-"}]
        return [cells for number, cells in enumerate(lines) if not {number, number + 1} & set(ruled)]

    def shown_headings(self) -> list[str]:
        """Return the headings below which something is shown on a console."""
        return [heading for heading in self.sections if self.blocks(heading, "console")]


def read_page(name: str) -> Page:
    """Read a page of `docs/syncs`."""
    sections: dict[str, list[tuple[str, str]]] = {"": []}
    heading = ""
    for title, language, block, line in _PART.findall((FOLDER / name).read_text(encoding="utf-8")):
        if title:
            heading = title.replace("`", "")
            assert heading not in sections, f"{name} has two headings {heading}"
            sections[heading] = []
        else:
            sections[heading].append(("|", line) if line else (language, block))
    return Page(name, sections)


@frozen
class Desk:
    """A project of the reference destination in the present folder: its file, its rows, its store and its commands."""

    folder: Path
    store: Store
    runs: dict[str, str] = field(factory=dict)
    """The ids of runs by those that the page shows in their place."""

    def project(self, *parts: str) -> None:
        """Write the project file: the parts of it that a page shows, one into the other."""
        data: dict[str, Any] = {}
        for part in (CONNECTION, *(yaml.safe_load(each) for each in parts)):
            _merge(data, part)
        Path("connector.yml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")

    def rows(self, file: str, *lines: str) -> None:
        """Write a CSV file: its header, and its rows."""
        Path(file).write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")

    def connector(self, line: str) -> Result:
        """Run a command as on a terminal, where a bar shows how far it is and then goes."""
        settings = Settings(destinations={"reference": Destination("reference", plugin)})
        return CliRunner().invoke(connector, shlex.split(line), obj=settings)

    def follow(self, block: str) -> None:
        """Run the commands of a block, and compare what they print with what it shows."""
        ended = 0
        for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = entry.partition("\n")
            if command == "echo $?":
                printed = f"{ended}\n"
            else:
                result = self.connector(self._with_real_runs(command).removeprefix("connector "))
                ended, printed = result.exit_code, result.output
            assert self._normalize(printed, shown) == _mask(shown), command

    def _with_real_runs(self, command: str) -> str:
        return _RUN.sub(lambda found: self.runs[found[0]], command)

    def _normalize(self, printed: str, shown: str) -> list[str]:
        """Return what was printed, with the ids of runs that the page has in their places."""
        fresh = [each for each in _RUN.findall(printed) if each not in self.runs.values()]
        named = [each for each in _RUN.findall(shown) if each not in self.runs]
        self.runs.update(zip(dict.fromkeys(named), dict.fromkeys(fresh), strict=False))
        for on_page, run in self.runs.items():
            printed = printed.replace(run, on_page)
        return _mask(printed.replace(str(self.folder), SHOWN_FOLDER))


Scene = Callable[[Desk], Iterator[None]]
"""Sets the stage: each step is taken before one block of a heading is played, the last one after all of them."""


def play(page: Page, heading: str, scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Play the blocks below a heading, with the project that the page and this part of it show."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("connector_sdk.cli.run_commands.Milestones", lambda: Milestones(say=lambda _: None))
    store = Store.at("store.db")
    store.become(account="production")
    desk = Desk(folder, store)
    desk.project(*project_of(page, heading))
    steps = scene(desk)
    for block in page.blocks(heading, "console"):
        assert next(steps, StopIteration) is None, f"{page.name} shows more of {heading} than the scene has steps"
        desk.follow(block)
    assert next(steps, StopIteration) is StopIteration, f"{page.name} shows less of {heading} than the scene has steps"
    store.close()


def project_of(page: Page, heading: str) -> list[str]:
    """Return the parts of the project file that count below a heading: those of the examples, and its own."""
    common = page.blocks("The examples", "yaml") if "The examples" in page.sections else []
    return [*common, *page.blocks(heading, "yaml")]


def _merge(into: dict[str, Any], part: Mapping[str, Any]) -> None:
    for key, value in part.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, Mapping) else value


def _mask(text: str) -> list[str]:
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text.split()
