from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from connector_sdk import ConfigError, ExitCode, Problem
from connector_sdk.project.locate import locate
from tests.connector_sdk.project.conftest import EXAMPLE


def test_a_problem_found_later_gets_file_and_line(write: Callable[[str], Path]) -> None:
    file = write(EXAMPLE)
    error = ConfigError(
        [
            Problem("b", ("syncs", "contacts", "fields", "Email", "type"), "h"),
            Problem("a", ("connections", "crm")),
            Problem("no place"),
            Problem("has one", ("x",), file="other.yml", line=3),
        ],
        exit_code=ExitCode.UNREACHABLE,
    )
    found = locate(error, file)
    lines = EXAMPLE.splitlines()
    placed = {problem.message: (problem.file, problem.line) for problem in found.problems}
    assert placed == {
        "b": (str(file), 1 + next(i for i, line in enumerate(lines) if "Email" in line)),
        "a": (str(file), 3),
        "no place": ("", None),
        "has one": ("other.yml", 3),
    }
    assert found.exit_code is ExitCode.UNREACHABLE
    assert [problem.message for problem in found.problems].index("a") < 3


def test_a_project_without_a_file_keeps_its_errors_as_they_are(tmp_path: Path) -> None:
    error = ConfigError([Problem("x", ("syncs", "a"))])
    assert locate(error, "") is error
    assert locate(error, tmp_path / "gone.yml") is error
