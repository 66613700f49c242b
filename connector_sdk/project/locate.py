"""Find the lines of a project file that problems are about."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.project.document import Document, read_document


def locate(error: ConfigError, project_file: Path | str) -> ConfigError:
    """Return the same error with file and line in every problem that has a path into the project.

    Return the error unchanged if the file can no longer be read, or if there is none (a project built in Python).
    """
    if not project_file:
        return error
    try:
        document = read_document(Path(project_file))
    except ConfigError:
        return error
    return locate_problems(error, document)


def locate_problems(error: ConfigError, document: Document) -> ConfigError:
    """Return the same error with the lines of `document`, and its problems in the order of the file."""
    problems = [_locate_problem(problem, document) for problem in error.problems]
    problems.sort(key=lambda problem: (problem.file, problem.line or 0))
    return ConfigError(problems, exit_code=error.exit_code)


def _locate_problem(problem: Problem, document: Document) -> Problem:
    if problem.line is not None or not problem.path:
        return problem if problem.file else evolve(problem, file=document.file if problem.path else "")
    return evolve(problem, file=document.file, line=document.line(problem.path))
