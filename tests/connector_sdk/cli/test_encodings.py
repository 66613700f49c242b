"""Every command says all it has to say on any terminal: what its encoding lacks is escaped, and no report is lost."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console
from rich.progress import Progress

from connector_sdk import Action, BatchReport, Delivery, Mode, Outcome, PlanSummary
from connector_sdk.cli.app import connector
from connector_sdk.cli.progress import ProgressBar
from connector_sdk.cli.settings import Settings

from ..observing.mirror import Mirror

SAID = "\u2192 \U0001f600 na\u00efve \u6771\u4eac \u201equoted\u201c"
"""What the destination says: no encoding of a single byte has all of it."""

PROJECT = """\
version: 1
connections:
  crm: {type: mirror, password: "${PASSWORD}", keys: {first: "${PASSWORD}", others: {}}}
models:
  things: {file: things.csv, primary_key: key}
syncs:
  things:
    model: things
    connection: crm
    object: Thing
    mode: upsert
    match: {field: key, column: key}
    fields: {text: text}
"""

ENCODINGS = ("cp1252", "latin-1", "ascii", "cp437", "utf-16", "utf-8")
FORMATS = ("table", "json", "csv")

Call = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "connector.yml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "things.csv").write_text("key,text\n\U0001f680-\u00e9,\u2192\nb,two\n", encoding="utf-8")
    monkeypatch.setenv("PASSWORD", "a-long-secret")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(encoding: str, *arguments: str, says: str = "") -> Result:
    destinations = {"mirror": Mirror(SAID, says).destination()}
    return CliRunner(charset=encoding).invoke(connector, list(arguments), obj=Settings(destinations=destinations))


def read_stdout(result: Result, encoding: str) -> str:
    return result.stdout_bytes.decode(encoding)


@pytest.mark.rule("C2")
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("check",), 0), (("discover", "crm"), 0), (("discover", "crm", "Thing"), 0), (("plan", "things"), 0),
        (("run", "things"), 1), (("schema",), 0), (("init", "new-\u6771"), 0), (("check", "--verbose"), 0),
        (("run", "nothing-\U0001f600"), 64), (("show", "no-run-\u2192"), 64),
    ],
    ids=lambda value: "-".join(value).encode("ascii", "replace").decode() if isinstance(value, tuple) else None,
)  # fmt: skip
def test_a_command_ends_as_it_would_on_any_other_terminal(
    folder: Path, encoding: str, arguments: tuple[str, ...], code: int
) -> None:
    result = call(encoding, *arguments)
    assert result.exit_code == code, result.stderr
    assert read_stdout(result, encoding) or result.stderr_bytes


@pytest.mark.rule("C2")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_is_looked_back_at_says_the_same_in_every_encoding(folder: Path, encoding: str) -> None:
    assert call("utf-8", "run", "things").exit_code == 1
    run = json.loads(call("utf-8", "runs", "--output", "json").stdout)[0]["run"]
    for command in ("rows", "show", "calls"):
        said = {each: read_stdout(call(encoding, command, run, "--output", each), encoding) for each in ("json", "csv")}
        plain = {each: call("utf-8", command, run, "--output", each).stdout for each in ("json", "csv")}
        assert json.loads(said["json"]) == json.loads(plain["json"])
        for shown, known in zip(read_cells(said["csv"]), read_cells(plain["csv"]), strict=True):
            is_json = known.startswith(("{", "["))
            escaped = known.encode(encoding, "backslashreplace").decode(encoding)
            assert json.loads(shown) == json.loads(known) if is_json else shown == escaped
        assert call(encoding, command, run).exit_code == 0


def read_cells(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text)) for cell in row]


@pytest.mark.rule("C2")
@pytest.mark.parametrize("says", ["connect: config", "write_batch: stopped", "connect: bug"])
def test_errors_are_told_in_every_encoding(folder: Path, says: str) -> None:
    codes = {call(each, "run", "things", says=says).exit_code for each in ENCODINGS}
    assert len(codes) == 1
    result = call("latin-1", "run", "things", says=says)
    assert b"\\U0001f600 na\xefve \\u6771\\u4eac" in result.stderr_bytes + result.stdout_bytes


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_progress_is_drawn_in_every_encoding(encoding: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    plan = PlanSummary(
        run="r",
        sync="b\u00fccher \u2192",
        mode=Mode.UPSERT,
        object_names=("Book",),
        api="rest",
        batch_size=10,
        parallelism=1,
        delivery=Delivery.AT_LEAST_ONCE,
        columns=(),
        planned={Action.UPSERT: 30},
        batches={},
    )
    with Progress(console=Console(file=stream, force_terminal=True)) as progress:
        bar = ProgressBar(progress)
        bar.run_planned(plan)
        bar.batch_finished(BatchReport(run="r", number=1, rows=10, outcomes={Outcome.SUCCEEDED: 10}, remaining=20))
    stream.flush()
    assert b"\\u2192" in stream.buffer.getvalue()


def test_help_is_plain_text_that_every_terminal_shows() -> None:
    context = connector.make_context("connector", ["runs"], resilient_parsing=True)
    for name in connector.list_commands(context):
        command = connector.get_command(context, name)
        assert command is not None
        names = command.list_commands(context) if hasattr(command, "list_commands") else [""]
        for each in names:
            shown = CliRunner().invoke(connector, [name, *([each] if each else []), "--help"])
            assert (shown.exit_code, shown.output.isascii()) == (0, True), name


def start(*arguments: str, environment: Mapping[str, str] | None = None, shell: str = "") -> subprocess.Popen[bytes]:
    command: Sequence[str] = [sys.executable, "-m", "connector_sdk.cli", *arguments]
    if shell:
        command = ["sh", "-c", f'exec "$@" {shell}', "sh", *command]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **(environment or {})}
    )


@pytest.mark.rule("C2")
@pytest.mark.parametrize(
    ("arguments", "code"), [(("schema",), 0), (("runs", "--output", "json"), 0), (("nothing",), 64), (("--help",), 130)]
)
def test_a_pipe_that_is_closed_early_is_no_bug(folder: Path, arguments: tuple[str, ...], code: int) -> None:
    (folder / "connector.yml").write_text("version: 1\n", encoding="utf-8")
    process = start(*arguments)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stderr.close()
    assert process.wait() == code


@pytest.mark.parametrize(
    ("arguments", "code"), [(("schema",), 0), (("runs",), 0), (("--help",), 0), (("nothing",), 64)]
)
def test_a_command_without_a_terminal_at_all_is_no_bug(folder: Path, arguments: tuple[str, ...], code: int) -> None:
    (folder / "connector.yml").write_text("version: 1\n", encoding="utf-8")
    process = start(*arguments, shell=">&- 2>&-")
    process.communicate()
    assert process.returncode == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
@pytest.mark.parametrize(("arguments", "code"), [(("nothing",), 64), (("runs", "--output", "json"), 0)])
def test_messages_that_cannot_be_written_keep_no_command_from_its_end(
    folder: Path, arguments: tuple[str, ...], code: int
) -> None:
    (folder / "connector.yml").write_text("version: 1\n", encoding="utf-8")
    process = start(*arguments, shell="2>/dev/full")
    said, _ = process.communicate()
    assert (process.returncode, said) == (code, b"[]\n" if code == 0 else b"")


@pytest.mark.rule("C2")
@pytest.mark.parametrize(
    "environment",
    [
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "cp1252:strict"},
        {"PYTHONIOENCODING": "ascii"},
    ],
    ids=["C", "cp1252", "ascii"],
)
def test_files_are_utf_8_whatever_the_locale(folder: Path, environment: Mapping[str, str]) -> None:
    process = start("init", "new", environment=environment)
    _, said = process.communicate()
    assert (process.returncode, said.isascii()) == (0, True), said
    here = CliRunner().invoke(connector, ["init", "here"])
    assert here.exit_code == 0
    written = [(folder / name / "connector.yml").read_text(encoding="utf-8") for name in ("new", "here")]
    assert written[0] == written[1]
