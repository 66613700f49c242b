"""The first sync goes as its page shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import define, field
from click.testing import CliRunner
from salesforce_emulator import Emulator

from connector_sdk.cli.app import connector

PAGE = Path(__file__).parents[2] / "docs" / "syncs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)

BY_HAND = ("python3 -m venv", ". .venv/bin/activate", "pip install")
"""Commands of the page that this test does not run."""

RUN = r"\d{8}-\d{6}-[0-9a-f]{7}"
PROGRESS = re.compile(
    r"^\w+: (run \S+ starts|[\d,]+ rows? to send .*|[\d,]+ of .* rows .*|finished in [\d.]+ s(: .*)?)\n", re.M
)
"""What a run prints without a terminal; on a terminal it shows a bar and removes it."""

DIFFERENT = (
    (RUN, "RUN"),
    (r"finished in [\d.]+ s", "finished in SECONDS"),
    (r"[\d,]+ made, [\d,]+ left", "CALLS"),
    (r"[\d,]+ are left today", "CALLS are left today"),
    (r"[\d,]+ MB", "MEGABYTES"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", "TIME"),
    (r"http://127\.0\.0\.1:\d+", "HOST"),
    (r",\d+\.\d+,\d+,\d+,", ",SECONDS,BYTES,BYTES,"),
    (r"\b[A-Za-z0-9]{3}5g\w{13}\b", "ID"),
    (r" {2,}", "  "),
)
"""What is another one each time."""


def mask_lines(text: str) -> list[str]:
    for pattern, name in DIFFERENT:
        text = re.sub(pattern, name, text)
    return [line.rstrip() for line in text.splitlines()]


def differences(shown: str, said: str) -> list[str]:
    """Return the lines that only the page or only the command has; `...` stands for any lines."""
    lines, found, skips = mask_lines(said), [], False
    for line in mask_lines(shown):
        if line == "...":
            skips = True
        elif skips and line in lines:
            del lines[: lines.index(line) + 1]
            skips = False
        elif lines[:1] == [line]:
            del lines[0]
        else:
            found.append(f"- {line}")
    return [*found, *(f"+ {line}" for line in ([] if skips else lines))]


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console with its output."""
    for each in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, said = each.partition("\n")
        yield command, said


@define
class Reader:
    """A reader who does what the page says, in a folder of its own."""

    emulator: Emulator
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    exit_code: int = 0
    runs: dict[str, str] = field(factory=dict)

    def write(self, file: str, text: str) -> None:
        name, _, mode = file.partition(" ")
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        with path.open("a" if mode == "append" else "w", encoding="utf-8") as stream:
            stream.write(text)

    def do(self, command: str, shown: str) -> list[str]:
        """Run a command, and return where it says something else than the page."""
        words = command.split()
        if words[0] == "cd":
            self.monkeypatch.chdir(words[1])
        elif words[0] == "export":
            self.export(*words[1].split("=", 1))
        elif words[0] == "connector":
            return self.connector(words[1:], shown)
        elif command == "echo $?":
            return differences(shown, str(self.exit_code))
        elif command.startswith("salesforce-emulator"):
            facts = ("login_url", "instance_url", "client_id", "client_secret", "username")
            return differences(shown, json.dumps({each: getattr(self.emulator, each) for each in facts}))
        else:
            assert command.startswith(BY_HAND), command
        return []

    def export(self, name: str, value: str) -> None:
        fact = name.removeprefix("SF_").lower()
        assert mask_lines(value) == mask_lines(getattr(self.emulator, fact))
        self.monkeypatch.setenv(name, getattr(self.emulator, fact))

    def connector(self, words: list[str], shown: str) -> list[str]:
        result = CliRunner().invoke(connector, [self.runs.get(each, each) for each in words])
        said = PROGRESS.sub("", result.output)
        self.exit_code = result.exit_code
        self.runs |= zip(re.findall(RUN, shown), re.findall(RUN, said), strict=False)
        return differences(shown, said)


@pytest.mark.timeout(900)
def test_the_first_sync_goes_as_the_page_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Emulator() as emulator:
        reader = Reader(emulator, tmp_path, monkeypatch)
        for language, file, block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
            if language == "console":
                for command, shown in commands(block):
                    assert reader.do(command, shown) == [], command
            else:
                reader.write(file, block)
        tasks = emulator.records("Task")
    assert [each["Subject"] for each in tasks] == ["Say welcome"] * 4


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ("one\ntwo\nthree\n", []),
        ("one\n...\nthree\n", []),
        ("one\n...\n", []),
        ("one\nthree\n", ["- three", "+ two", "+ three"]),
        ("one\n...\nfour\n", ["- four"]),
        ("one\ntwo\n", ["+ three"]),
        ("one\ntwo\nthree\nfour\n", ["- four"]),
    ],
)
def test_another_output_is_noticed(shown: str, found: list[str]) -> None:
    assert differences(shown, "one\ntwo\nthree\n") == found
