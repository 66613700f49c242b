"""The report of a run on a terminal that lacks some of its characters."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from connector_sdk.cli.app import connector

from .projects import Project


@pytest.mark.rule("C2")
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii"])
def test_a_rejected_name_with_an_emoji_is_reported_with_the_emoji_escaped(project: Project, encoding: str) -> None:
    project.emulated.faults(
        {
            "match": {"object": "Contact", "key": "k1"},
            "do": {"error": {"code": "FIELD_INTEGRITY_EXCEPTION", "message": "Zo\u00eb \U0001f600 is not a name"}},
        }
    )
    project.model([{"id": "k1", "last": "Zo\u00eb \U0001f600", "email": None}])

    def call(*arguments: str) -> bytes:
        command = [*arguments, "--project", str(project.folder)]
        result = CliRunner(charset=encoding).invoke(connector, command)
        assert result.exit_code == (1 if arguments[0] == "run" else 0), result.output
        return result.stdout_bytes

    report = call("run", "contacts")
    assert b"FIELD_INTEGRITY_EXCEPTION" in report
    run = json.loads(call("runs", "--output", "json").decode(encoding))[0]["run"]
    assert b"\\U0001f600 is not a name" in call("rows", run)
    (row,) = json.loads(call("rows", run, "--output", "json").decode(encoding))
    assert row["message"] == "Zo\u00eb \U0001f600 is not a name"
