"""What the page about Python says is what happens."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector_sdk import ConfigError, PluginError, RunStopped

PAGE = (Path(__file__).parents[2] / "docs" / "hosts" / "python.md").read_text(encoding="utf-8")
SAID, LOGGED = re.findall(r"^```text\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)

RAISED = (ConfigError("wrong"), RunStopped("stopped", hint="run again"), PluginError("broken"))


def log_patterns(module: str) -> Iterator[re.Pattern[str]]:
    """Yield a pattern for each text with gaps in a module: what it may log."""
    for node in ast.walk(ast.parse(inspect.getsource(importlib.import_module(module)))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "%" in node.value:
            yield re.compile(re.sub(r"%(?:s|d|\\\.\df|\.\df)", ".+", re.escape(node.value)))


def test_the_example_is_refused_in_the_words_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    exec(compile(example, "python.md", "exec"), {})
    assert capsys.readouterr().out == SAID


@pytest.mark.parametrize("line", LOGGED.splitlines())
def test_a_line_of_the_log_is_one_that_its_logger_writes(line: str) -> None:
    level, logger, message = re.fullmatch(r"(\w+) ([\w.]+): (.*)", line).groups()  # type: ignore[union-attr]
    assert level == "INFO"
    assert [each for each in log_patterns(logger) if each.fullmatch(message)]


def test_the_page_lists_the_exceptions_for_people_with_attributes_that_they_have() -> None:
    section = PAGE.split("\n## Errors\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", section, flags=re.MULTILINE)
    assert [name for name, _ in rows] == [type(each).__name__ for each in RAISED]
    for error, (_, attributes) in zip(RAISED, rows, strict=True):
        assert [each for each in re.findall(r"`(\w+)`", attributes) if not hasattr(error, each)] == []
