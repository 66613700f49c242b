"""A secret is seen in no output, in whatever spelling the destination repeats it, and nothing else is taken for one."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests
import yaml
from click.testing import CliRunner, Result

from connector_sdk import Call, hookimpl
from connector_sdk.check import check
from connector_sdk.cli import terminal
from connector_sdk.cli.app import connector
from connector_sdk.cli.clean import printable
from connector_sdk.cli.settings import Settings
from connector_sdk.hooks.observers import Observers
from connector_sdk.lifecycle.connect import REDACTORS
from connector_sdk.observing.host import RunHost
from connector_sdk.observing.redaction import MARK, Redactor
from connector_sdk.project.load import load_project
from connector_sdk.testing.cassettes import REDACTED, Cassette
from connector_sdk.testing.doubles import RememberedToken

from ..hooks.echo_server import echo_server
from .mirror import Mirror
from .spelled import SPELLED, core

PASSWORD = "emulator-secret"
TOKEN = "00Dxx0000001gPL!AQEAQKx_Y.Vx123jHQz7pL0"
OTHER = "p@ss word&x?=%/+#\\'\"<9 schl\u00fcssel"
SECRETS = (PASSWORD, TOKEN, OTHER)

ASCII_ONLY = ("utf-16", "utf-16 from the other end")
CASES = [
    (secret, spelling) for secret in SECRETS for spelling in SPELLED if secret.isascii() or spelling not in ASCII_ONLY
]
WORDS = " ".join(
    f"S{place:03}[{SPELLED[spelling](secret)}]E{place:03}" for place, (secret, spelling) in enumerate(CASES)
)
"""All secrets in all spellings, each between words by which it is found again."""

PROJECT = """\
version: 1
connections:
  crm: {type: mirror, password: "${PASSWORD}", keys: {first: "${TOKEN}", others: {}}}
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

OUTPUTS = ("log", "error", "traceback", "report", "ledger", "calls", "json", "table", "cassette")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """What is seen when the destination says all of it, by where it is seen."""
    folder = tmp_path_factory.mktemp("spelled")
    (folder / "connector.yml").write_text(PROJECT, encoding="utf-8")
    (folder / "things.csv").write_text("key,text\na,one\n", encoding="utf-8")
    kept = logging.getLogger().handlers[:], logging.getLogger("connector_sdk").level
    with pytest.MonkeyPatch.context() as patched:
        for variable, value in (("PASSWORD", PASSWORD), ("TOKEN", TOKEN), ("XDG_DATA_HOME", str(folder / "home"))):
            patched.setenv(variable, value)
        patched.chdir(folder)
        yield {**_show_in_commands(), **_show_in_python(folder), "cassette": _record_cassette(folder)}
    logging.getLogger().handlers[:] = kept[0]
    logging.getLogger("connector_sdk").setLevel(kept[1])


def _mirror(says: str) -> Mirror:
    return Mirror(WORDS, says, (OTHER,))


def _show_in_commands() -> dict[str, str]:
    def run_command(says: str, *arguments: str) -> Result:
        settings = Settings(destinations={"mirror": _mirror(says).destination()})
        return CliRunner().invoke(connector, list(arguments), obj=settings)

    log = run_command("", "--verbose", "check").stderr
    stopped = run_command("write_batch: stopped", "run", "things", "--output", "json")
    run_command("", "run", "things", "--abandon")
    run, first = (each["run"] for each in json.loads(run_command("", "runs", "--output", "json").stdout))
    return {
        "log": log,
        "report": json.loads(stopped.stdout)[0]["message"],
        "ledger": json.loads(run_command("", "rows", run, "--output", "json").stdout)[0]["message"],
        "calls": json.loads(run_command("", "calls", first, "--output", "json").stdout)[0]["request_body"],
        "json": run_command("", "plan", "things", "--output", "json").stdout,
        "table": run_command("", "rows", run).stdout + run_command("", "calls", first).stdout,
    }


def _show_in_python(folder: Path) -> dict[str, str]:
    def catch_error(says: str) -> BaseException:
        with pytest.raises(Exception) as caught:  # noqa: PT011
            check(load_project(folder), destinations={"mirror": _mirror(says).destination()})
        return caught.value

    return {
        "error": str(catch_error("connect: config")),
        "traceback": "".join(traceback.format_exception(catch_error("connect: bug"))),
    }


def _record_cassette(folder: Path) -> str:
    path = folder / "cassette.yaml"
    with echo_server() as address, Cassette(path, record=True, secrets=SECRETS).play():
        answer = requests.post(address, data=json.dumps({"said": WORDS}, ensure_ascii=False).encode(), timeout=10)
        assert answer.ok
    return str(yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"][0]["response"]["body"]["string"])


@pytest.mark.rule("S3")
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("spelling", SPELLED)
def test_no_output_shows_a_secret_in_any_spelling(outputs: Mapping[str, str], spelling: str, output: str) -> None:
    for place, (secret, spelled_so) in enumerate(CASES):
        if spelled_so == spelling:
            spelled = core(SPELLED[spelling](secret))
            shown = _cut_between(outputs[output], f"S{place:03}[", f"]E{place:03}")
            assert (REDACTED if output == "cassette" else MARK) in shown
            assert not [each for each in _ways_to_show(spelled) if each in shown]


def _cut_between(text: str, begins: str, ends: str) -> str:
    assert begins in text
    assert ends in text
    return text.partition(begins)[2].partition(ends)[0]


def _ways_to_show(spelled: str) -> set[str]:
    """Return a text as it stands, in JSON, and as it looks on a terminal."""
    clean = printable(spelled)
    return {
        spelled,
        json.dumps(spelled)[1:-1],
        json.dumps(spelled, ensure_ascii=False)[1:-1],
        clean,
        " ".join(clean.split()),
    }


@pytest.mark.rule("S3")
def test_a_secret_that_is_cut_over_two_bodies_is_in_neither() -> None:
    seen: list[Call] = []

    class Watching:
        @hookimpl
        def call_finished(self, call: Call) -> None:
            seen.append(call)

    host = RunHost(Observers([Watching()]), Redactor(), RememberedToken())
    host.hide(TOKEN)
    body = f"{'x' * 5_000}{TOKEN}{'y' * 5_000}"
    for cut in range(5_001, 5_000 + len(TOKEN)):
        for piece in (body[:cut], body[cut:]):
            host.call_finished(
                Call(
                    at="2026-01-01T00:00:00Z",
                    method="GET",
                    url="https://a.example",
                    status=200,
                    seconds=0.1,
                    request_bytes=1,
                    response_bytes=1,
                    request_body="",
                    response_body=piece,
                )
            )
    longest = max((each.response_body.strip("xy*") for each in seen), key=len)
    assert len(longest) < 4


@pytest.mark.rule("S3")
@pytest.mark.parametrize("spelling", ["url with every byte", "json with every code", "html in hex", "base64", "hex"])
def test_a_body_that_ends_within_a_spelling_does_not_show_how_it_begins(spelling: str) -> None:
    redactor, spelled = Redactor(), SPELLED[spelling](TOKEN)
    redactor.hide(TOKEN)
    for cut in range(len(spelled) // 3, len(spelled)):
        assert redactor.scrub("x" * 5_000 + spelled[:cut]) == "x" * 5_000 + MARK


@pytest.mark.rule("S3")
def test_a_short_secret_is_replaced_where_it_stands_alone_and_spoils_no_other_word() -> None:
    redactor = Redactor()
    for each in ("test", "a", "42", "11111111", "", "  "):
        redactor.hide(each)
    assert redactor.scrub("latest tests: a 42 of 1111111111, password=test&") == (
        f"latest tests: a 42 of 1111111111, password={MARK}&"
    )
    assert redactor.scrub("id 11111111.") == f"id {MARK}."


@pytest.mark.rule("S3")
def test_what_is_like_a_secret_in_part_only_stays() -> None:
    redactor = Redactor()
    for each in SECRETS:
        redactor.hide(each)
    said = 'Org 00Dxx0000001gPLAAA of emulator@example.com said {"client-id": "emulator", "token": 1234567}, no secret'
    assert redactor.scrub(said) == said


@pytest.mark.rule("S3")
def test_a_long_part_of_a_secret_is_like_the_whole() -> None:
    redactor = Redactor()
    redactor.hide("k" + "".join(f"{number:03}" for number in range(200)))
    assert redactor.scrub("invalid key 090091092093094095096...") == f"invalid key {MARK}..."


def test_a_secret_between_escapes_that_belong_to_other_words_is_replaced_alone() -> None:
    redactor = Redactor()
    redactor.hide(PASSWORD)
    assert redactor.scrub('{"a":"\\u00fc%20","b":"emulator\\u002dsecret\\n%41"}') == (
        f'{{"a":"\\u00fc%20","b":"{MARK}\\n%41"}}'
    )


def test_what_is_printed_is_cleaned_before_it_is_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    redactor = Redactor()
    redactor.hide(PASSWORD)
    with REDACTORS.include(redactor):
        terminal.say("emulato\0r-secret is wrong")
        terminal.data("%6\x005mulator-secret")
    assert capsys.readouterr() == (MARK, f"{MARK} is wrong\n")


def test_a_short_secret_spoils_no_data(capsys: pytest.CaptureFixture[str]) -> None:
    redactor = Redactor()
    redactor.hide("nightly")
    with REDACTORS.include(redactor):
        terminal.data('[{"sync": "nightly"}]')
        terminal.say("nightly is wrong")
    assert capsys.readouterr() == ('[{"sync": "nightly"}]', f"{MARK} is wrong\n")
