from __future__ import annotations

import errno
import json
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import Result

from connector_sdk import (
    Classification,
    ConfigError,
    Executed,
    Field,
    FieldType,
    Kind,
    Mode,
    ObjectInfo,
    ObjectSchema,
    RowError,
)
from connector_sdk.hooks import plugins
from connector_sdk.lifecycle.connect import REDACTORS
from connector_sdk.observing.redaction import Redactor
from connector_sdk.project.load import load_project
from connector_sdk.testing.reference import Store
from tests.connector_sdk.cli.conftest import Invoke
from tests.connector_sdk.destinations import reference

COMMANDS = (
    "init", "schema", "check", "discover", "plan", "run", "runs", "show", "rows", "calls", "resolve", "explain",
)  # fmt: skip


OBJECTS = [ObjectInfo("Book", "Book", frozenset({Mode.UPSERT})), ObjectInfo("Author", "=1+1", frozenset())]
BOOK = ObjectSchema(
    name="Book",
    label="Book",
    fields=(
        Field(name="isbn", type=FieldType.TEXT, unique=True, external_id=True, recommended=True),
        Field(name="shelved", type=FieldType.TEXT, updatable=False, not_matchable={Mode.UPSERT: "it is not unique"}),
        Field(
            name="id",
            type=FieldType.TEXT,
            creatable=False,
            updatable=False,
            not_writable={Mode.UPSERT: "the library sets it"},
            not_matchable={Mode.UPSERT: "it is not unique"},
        ),
    ),
    modes=frozenset({Mode.UPSERT}),
)


def explain_lent_out(error: RowError | BaseException) -> Classification | None:
    """Classify one code, which the destination spells in capitals."""
    if not isinstance(error, RowError) or error.code != "LENT_OUT":
        return None
    return Classification(
        kind=Kind.REJECTED, executed=Executed.NO, cause="Another reader has the book.", advice="Ask them for it."
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(invoke: Invoke, command: str) -> None:
    result = invoke(command, "--help")
    assert result.exit_code == 0
    assert "--project" in result.stdout
    assert "--output" in result.stdout


def test_help_lists_the_commands_and_the_exit_codes(invoke: Invoke) -> None:
    text = invoke("--help").stdout
    assert all(f"\n  {command} " in text for command in COMMANDS)
    assert "130, 143" in text
    assert invoke("--version").stdout.startswith("connector ")


def test_the_command_alone_shows_its_help_and_nothing_else(invoke: Invoke) -> None:
    alone = invoke()
    assert alone.output.strip() == invoke("--help").stdout.strip()


@pytest.mark.parametrize("file", ["s3://bucket/books.csv", "https://example.com/books.csv"])
def test_the_address_of_a_file_is_not_taken_for_a_local_path(invoke: Invoke, folder: Path, file: str) -> None:
    project = folder / "connector.yml"
    project.write_text(project.read_text().replace("books.csv", file))
    result = invoke("plan", "books")
    assert result.exit_code == 64
    assert f"{file} is a URL, and only local files are read" in result.stderr
    assert "name their local path" in result.stderr


def test_the_address_of_a_local_file_is_answered_with_its_path(invoke: Invoke, folder: Path) -> None:
    project = folder / "connector.yml"
    project.write_text(project.read_text().replace("books.csv", "file:///tmp/books.csv"))
    said = invoke("plan", "books").stderr
    assert "connector.yml:5 models.books.file: file:///tmp/books.csv is a URL" in said
    assert "write the path: /tmp/books.csv" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("runn",), ("run",), ("run", "books", "--first-run", "maybe"), ("--output", "xml", "runs"), ("show",),
        ("runs", "--limit", "0"), ("resolve", "x", "--not-sent", "--resend"), ("run", "--plan", "x", "nightly"),
        ("run", "bokks"), ("plan", "nope"), ("show", "no-such-run"), ("rows", "no-such-run"),
        ("calls", "no-such-run"), ("resolve", "no-such-run"), ("discover", "crmm"), ("explain", "NOBODY_KNOWS"),
        ("runs", "--project", "elsewhere.yml"),
    ],
)  # fmt: skip
def test_wrong_usage_is_exit_64_with_a_next_step_on_stderr_and_no_traceback(
    invoke: Invoke, folder: Path, arguments: tuple[str, ...]
) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 64
    assert result.stdout == ""
    assert result.stderr.strip()
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("discover", "crmm"), "there is no connection crmm — did you mean crm?"),
        (("plan", "bokks"), "there is no sync or sequence bokks — did you mean books?"),
        (("run", "nightli"), "there is no sync or sequence nightli — did you mean nightly?"),
        (("resolve", "bokks"), "there is no run or sync bokks — did you mean books?"),
        (("resolve", "xyz"), "there is no run or sync xyz — connector runs lists"),
        (("resolve", "books"), "there is no run or sync books — connector runs lists"),
        (("runs", "--sync", "bokks"), "there is no sync bokks — did you mean books?"),
        (("runs", "--sync", "xyz"), "there is no sync xyz — use one of: books, authors"),
        (("show", "books"), "there is no run books — it is a sync: connector runs --sync books lists its runs"),
        (("rows", "xyz"), "there is no run xyz — connector runs lists them"),
        (("reference", "card", "crmm"), "there is no connection crmm of type reference"),
        (("reference", "card", "crmm"), "did you mean crm?"),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_the_one_that_may_be_meant(
    invoke: Invoke, folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in invoke(*arguments).stderr


def test_a_type_that_is_not_installed_is_told_with_its_place(invoke: Invoke, folder: Path) -> None:
    said = invoke("discover", "crm", destinations={}).stderr
    assert "connector.yml:3 connections.crm.type: there is no destination reference" in said


def test_a_type_that_is_not_installed_is_answered_with_the_one_that_may_be_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connector_sdk.hooks.plugins.find_installed", lambda: {"salesforce": ()})
    with pytest.raises(ConfigError, match=r"there is no destination salseforce; .* — did you mean salesforce\?"):
        plugins.load("salseforce")
    with pytest.raises(ConfigError, match=r"— install the plugin that provides toy"):
        plugins.load("toy")


def test_every_problem_of_a_project_is_shown_with_its_line(invoke: Invoke, folder: Path) -> None:
    file = folder / "connector.yml"
    file.write_text(file.read_text().replace("mode: upsert", "mode: upsrt").replace("object: people", "objekt: people"))
    result = invoke("check")
    assert result.exit_code == 64
    lines = result.stderr.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("connector.yml:") and " — " in line for line in lines)


def test_a_project_can_be_named_before_and_behind_the_command_or_in_the_environment(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert invoke("--project", str(folder), "--output", "json", "runs").stdout == "[]\n"
    assert invoke("runs", "--project", str(folder / "connector.yml"), "--output", "json").stdout == "[]\n"
    assert invoke("runs").exit_code == 64
    monkeypatch.setenv("CONNECTOR_PROJECT", str(folder))
    assert invoke("runs").exit_code == 0


def test_quiet_leaves_only_errors_on_stderr(invoke: Invoke, folder: Path) -> None:
    assert "nothing to show" in invoke("runs").stderr
    assert invoke("runs", "--quiet").stderr == ""
    assert invoke("--quiet", "show", "no-such-run").stderr != ""


def test_the_state_lies_where_it_is_said(invoke: Invoke, folder: Path) -> None:
    assert invoke("runs", "--state", str(folder / "elsewhere")).exit_code == 0
    assert (folder / "elsewhere" / "state.db").exists()
    assert not (folder / ".connector").exists()


def test_init_writes_a_project_that_loads_and_never_overwrites(invoke: Invoke, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "project"
    result = invoke("init", str(target))
    assert result.exit_code == 0
    assert result.stdout == f"{target}/connector.yml\n"
    assert "check" in result.stderr
    assert set(load_project(target).syncs) == {"contacts"}
    (target / "connector.yml").write_text("mine")
    again = invoke("init", str(target))
    assert again.exit_code == 64
    assert (target / "connector.yml").read_text() == "mine"


def test_init_says_so_when_it_may_not_write(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = invoke("init", str(tmp_path / "file" / "below"))
    assert result.exit_code == 64
    assert " — " in result.stderr


def test_the_schema_checks_connections_of_the_projects_destinations(invoke: Invoke, folder: Path) -> None:
    schema = json.loads(invoke("schema").stdout)
    validator = jsonschema.Draft202012Validator(schema)
    text = (folder / "connector.yml").read_text()
    assert validator.is_valid(yaml.safe_load(text))
    assert not validator.is_valid(yaml.safe_load(text.replace('"${CRM_TOKEN}"', "open-sesame")))


def test_discover_lists_objects_and_says_why_fields_cannot_be_used(invoke: Invoke, folder: Path) -> None:
    def discover(*arguments: str) -> str:
        return invoke("discover", "crm", *arguments, destinations=library).stdout

    library = reference(list_objects=lambda: OBJECTS, discover_schema=lambda: BOOK)
    assert json.loads(discover("--output", "json"))[0]["name"] == "Book"
    assert "'=1+1" in discover("--output", "csv")
    lines = discover("Book").splitlines()
    assert "recommended" in lines[1]
    assert "on creation only" in lines[2]
    assert lines[3].endswith("2, 1")
    assert lines[5:] == ["1  match in upsert: it is not unique", "2  write in upsert: the library sets it"]
    assert "write in upsert: the library sets it; match in upsert" in discover("Book", "--output", "csv")
    assert json.loads(discover("Book", "--output", "json"))["fields"][0]["unique"] is True


def test_a_secret_that_is_not_set_is_named_with_its_place(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRM_TOKEN")
    result = invoke("discover", "crm")
    assert result.exit_code == 64
    assert "connector.yml:3 connections.crm.token: the environment variable CRM_TOKEN is not set" in result.stderr


def test_a_login_that_is_refused_is_said_with_its_place_in_the_project(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.at(folder / "store.db")
    store.become(token="open-sesame")
    store.close()
    monkeypatch.setenv("CRM_TOKEN", "lost-ticket")
    for arguments in (("discover", "crm"), ("check",), ("run", "books")):
        result = invoke(*arguments)
        assert result.exit_code == 69
        assert "connector.yml:3 connections.crm.token: the account does not know this token" in result.stderr


@pytest.mark.parametrize("written", ["LENT_OUT", "lent_out", "Lent_Out"])
def test_explain_takes_any_case(invoke: Invoke, folder: Path, written: str) -> None:
    result = invoke("explain", written, destinations=reference(classify_error=explain_lent_out))
    assert result.exit_code == 0
    assert "Another reader has the book." in result.stdout
    assert "Ask them for it." in result.stdout


def test_explain_answers_programs_too_and_needs_no_project(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    known = reference(classify_error=explain_lent_out)
    (found,) = json.loads(invoke("explain", "lent_out", "--output", "json", destinations=known).stdout)
    assert found["destination"] == "reference"
    assert found["advice"] == "Ask them for it."


def test_explain_answers_each_of_several_codes(invoke: Invoke, folder: Path) -> None:
    def explain(*words: str) -> Result:
        return invoke("explain", *words, destinations=reference(classify_error=explain_lent_out))

    said = explain("lent_out", "in", "flight", "not_sent", "lent_out")
    assert said.exit_code == 0
    headings = [line for line in said.stdout.splitlines() if line[:1].isalpha()]
    assert headings == [
        "LENT_OUT (reference, rejected)", "IN_FLIGHT (connector, row)", "NOT_SENT (connector, row)",
        "LENT_OUT (reference, rejected)",
    ]  # fmt: skip
    partly = explain("LENT_OUT", "nobody", "knows")
    assert partly.exit_code == 64
    assert "Ask them for it." in partly.stdout
    assert "no destination of this project knows the code nobody knows — connector rows RUN" in partly.stderr


def test_a_destination_adds_commands(invoke: Invoke, folder: Path) -> None:
    assert "Commands of the destination reference." in invoke("--help").stdout
    assert "dust" in invoke("reference", "--help").stdout
    assert invoke("reference", "dust").stdout == "dusted 2 shelves\n"
    assert invoke("reference", "wash").exit_code == 64


def test_a_command_of_a_plugin_finds_its_connection_and_takes_the_options_of_every_command(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "home"))
    monkeypatch.chdir("/")
    result = invoke("reference", "card", "--project", str(folder), "--output", "json")
    assert json.loads(result.stdout) == [{"connection": "crm"}]
    assert invoke("reference", "card", "crm", "--project", str(folder), "--output", "csv").stdout == "connection\ncrm\n"
    assert "--project" in invoke("reference", "card", "--help").stdout
    assert list((folder / "home").rglob("*.token"))


def test_a_secret_that_a_command_of_a_plugin_says_is_not_seen(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "home"))
    redactor = Redactor()
    redactor.hide("open-sesame")
    with REDACTORS.include(redactor):
        assert "the card is ***" in invoke("reference", "card").stderr


@pytest.mark.parametrize(
    ("connections", "arguments", "said"),
    [
        ("crm: {type: reference, path: a, token: '${CRM_TOKEN}'}", ("crmm",), "no connection crmm of type reference"),
        ("crm: {type: other}", (), "no connection of type reference; the project has: none"),
        (
            "crm: {type: reference, path: a, token: '${A}'}\n  old: {type: reference, path: a, token: '${B}'}",
            (),
            "several reference connections",
        ),
        ("crm: {type: reference, path: a, token: '${NOT_SET}'}", (), "NOT_SET is not set"),
    ],
)
def test_a_command_of_a_plugin_says_which_connections_there_are(
    invoke: Invoke, folder: Path, connections: str, arguments: tuple[str, ...], said: str
) -> None:
    (folder / "connector.yml").write_text(f"version: 1\nconnections:\n  {connections}\n")
    result = invoke("reference", "card", *arguments)
    assert result.exit_code == 64
    assert said in result.stderr


def test_a_plugin_is_imported_only_when_its_commands_are_asked_for(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = EntryPoint("broken_thing", "no_such_module_of_anyone", plugins.GROUP)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [entry])
    assert "broken-thing" in invoke("--help").stdout
    assert invoke("runs").exit_code == 0
    result = invoke("broken-thing", "login")
    assert result.exit_code == 70
    assert "no_such_module_of_anyone" in result.stderr


def test_listing_runs_loads_nothing_that_checks_plans_or_writes(folder: Path) -> None:
    look = "from connector_sdk.cli.app import connector; connector(['runs'], standalone_mode=False)"
    tell = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    done = subprocess.run([sys.executable, "-c", f"{tell}; {look}"], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "connector_sdk.cli.history_commands" in loaded
    assert not {name for name in loaded if name.startswith(("connector_sdk.planning.", "connector_sdk.delivery."))}
    assert not loaded & {"duckdb", "jsonschema", "pyarrow.compute", "pyarrow.parquet", "importlib.metadata", "tenacity"}


def test_an_unexpected_exception_is_exit_70_with_details_in_a_file_of_the_state(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LookupError("something odd")

    monkeypatch.setattr("connector_sdk.history.runs", fail)
    result = invoke("runs")
    assert result.exit_code == 70
    assert "Traceback" not in result.stderr
    (file,) = (folder / ".connector").glob("bug-*.txt")
    assert str(file) in result.stderr
    assert "LookupError: something odd" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert "Traceback" in invoke("runs", "--verbose").stderr


@pytest.mark.rule("S1")
def test_details_of_a_bug_go_through_no_link(invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LookupError("something odd")

    monkeypatch.setattr("connector_sdk.history.runs", fail)
    (folder / "letters").mkdir()
    (folder / ".connector").symlink_to(folder / "letters")
    result = invoke("runs")
    assert result.exit_code == 70
    assert "what --verbose shows" in result.stderr
    assert list((folder / "letters").iterdir()) == []


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.ENOSPC, "No space left on device")])
def test_a_machine_that_has_no_more_of_something_is_no_bug(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("connector_sdk.history.runs", fail)
    result = invoke("runs")
    assert result.exit_code == 4
    assert "make room in memory and on the disk, and run again" in result.stderr
    assert not list((folder / ".connector").glob("bug-*.txt"))


def test_a_command_that_is_interrupted_ends_with_130(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("connector_sdk.history.runs", interrupt)
    assert invoke("runs").exit_code == 130


def test_a_reader_that_has_seen_enough_is_no_failure(folder: Path) -> None:
    command = f"{sys.executable} -m connector_sdk.cli schema | head -c 10"
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, cwd=folder, check=False, timeout=30
    )
    assert result.returncode == 0
    assert b"Broken" not in result.stderr
    assert b"Traceback" not in result.stderr
