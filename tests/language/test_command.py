"""The command prints every finding with its place, a summary, and an exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language import __main__ as command
from tests.language import files
from tests.language.check import check_file
from tests.language.finding import Finding, Rule
from tests.language.report import list_counts

BAD_PYTHON = '''"""Nobody reads this."""


def told():
    """The text."""
    # Do it anew.
    raise ValueError("somebody did it")
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "code.py").write_text(BAD_PYTHON)
    (tmp_path / "page.md").write_text("# Page\n\nThe run goes on.\n")
    (tmp_path / "good.md").write_text("The run continues.\n")
    (tmp_path / "notes.txt").write_text("Somebody.\n")
    return tmp_path


def test_all_findings_of_a_folder_are_printed_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(folder)]) == 1
    *lines, summary = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        [f"{folder}/code.py:1", '"nobody" is banned'],
        [f"{folder}/code.py:4", "the function told is named by a participle"],
        [f"{folder}/code.py:5", 'the docstring of told begins with "The text."'],
        [f"{folder}/code.py:6", '"anew" is banned'],
        [f"{folder}/code.py:7", '"somebody" is banned'],
        [f"{folder}/page.md:3", '"goes on" is banned'],
    ]
    assert summary == "language: 6 findings in 2 of 3 files"


def test_a_folder_without_findings_is_ok(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.md").write_text("The run continues.\n")
    assert command.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "language: ok\n"


def test_without_paths_the_scope_is_checked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ROOT", folder)
    monkeypatch.setattr(command, "SCOPE", ("good.md",))
    assert command.main([]) == 0
    monkeypatch.setattr(command, "SCOPE", ("good.md", "page.md"))
    assert command.main([]) == 1


def test_all_counts_the_whole_repository_by_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ROOT", folder)
    monkeypatch.setattr(files, "ROOT", folder)
    assert command.main(["--all"]) == 1
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["folder", "names", "docstrings", "sentences", "words"],
        [".", "1", "1", "0", "4"],
        ["total", "1", "1", "0", "4"],
        ["language:", "6", "findings", "in", "2", "of", "3", "files"],
    ]


def test_folders_are_counted_to_the_second_level() -> None:
    found = [Finding(1, Rule.WORDS, "wrong", "write")]
    paths = ["README.md", "docs/index.md", "plugins/one/pack/a.py", "plugins/one/pack/sub/b.py", "plugins/two/c.py"]
    _, *lines = list_counts(dict.fromkeys(paths, found))
    assert [(line.split()[0], line.split()[4]) for line in lines] == [
        (".", "1"),
        ("docs", "1"),
        ("plugins/one", "2"),
        ("plugins/two", "1"),
        ("total", "5"),
    ]


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        command.main([str(tmp_path / "missing")])
    assert exit_.value.code == 2
    assert f"there is no file or folder {tmp_path / 'missing'}" in capsys.readouterr().err


def test_hidden_and_built_folders_are_left_out(tmp_path: Path) -> None:
    for name in (".venv/a.md", "docs/_site/b.md", "docs/c.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert files.find_files([tmp_path]) == [tmp_path / "docs/c.md"]


def test_a_finding_is_reported_once(tmp_path: Path) -> None:
    file = tmp_path / "code.py"
    file.write_text('raise ConfigError([Problem("somebody did it")])\nraise RunStopped("anew")\n')
    assert [finding.wrong for finding in check_file(file)] == ['"somebody" is banned', '"anew" is banned']


@pytest.mark.parametrize("path", files.SCOPE)
def test_what_is_in_the_scope_exists(path: str) -> None:
    assert (files.ROOT / path).exists()
