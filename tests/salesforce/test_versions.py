"""Versions of the API: which are taken, how old one is, what an org has, and what a sync needs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from attrs import evolve
from click.testing import CliRunner
from connector_salesforce.auth import login
from connector_salesforce.config import Options
from connector_salesforce.preflight.check import check_plan
from connector_salesforce.preflight.version_needs import (
    BULK2_ASSIGNMENT,
    COLLECTIONS,
    COLLECTIONS_UPSERT,
    DUPLICATE_HEADER,
    check_plan_version,
    check_version,
)
from connector_salesforce.transport.versions import DEFAULT, FIRST, check_age, check_form, release, release_month

from connector_sdk import Action, ConfigError, Delivery, DeliveryOptions, Level, Mode, PlanSummary, Sync
from connector_sdk.cli.app import connector
from connector_sdk.testing.doubles import RecordingHost

from .emulated import Emulated
from .projects import Project
from .scripted import CONTACT_FIELDS, ScriptedTransport, answer, described_object, org
from .test_login import GOOD, TOKEN_URL, config, transport

__all__ = ["transport"]

ROOT = Path(__file__).parents[2]
SUPPORTED = [f"{number}.0" for number in range(41, 69)]
QUICK = ["41.0", "45.0", "46.0", "52.0", DEFAULT, "68.0"]
ROWS = [{"id": "k1", "last": "Ash", "email": "k1@acme.example"}]


def list_versions(*versions: str) -> Any:
    return answer([{"label": "x", "url": f"/services/data/v{each}", "version": each} for each in versions])


@pytest.mark.parametrize("version", [*QUICK, "99.0", "100.0"])
def test_a_version_from_41_on_is_taken(version: str) -> None:
    check_form(version)
    assert config(api_version=version).api_version == version


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("40.0", "Summer '28"), ("31.0", "Summer '28"), ("30.0", "answers it no more"), ("21.0", "answers it no more"),
        ("58", "with the quotes"), ("v58.0", "with the quotes"), ("58.1", "with the quotes"), ("", "with the quotes"),
    ],
)  # fmt: skip
def test_any_other_is_refused_with_the_reason(version: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_form(version)


@pytest.mark.parametrize(
    ("version", "name", "month"),
    [
        (41, "Winter '18", date(2017, 10, 1)), (58, "Summer '23", date(2023, 6, 1)),
        (59, "Winter '24", date(2023, 10, 1)), (60, "Spring '24", date(2024, 2, 1)),
        (66, "Spring '26", date(2026, 2, 1)), (68, "Winter '27", date(2026, 10, 1)),
    ],
)  # fmt: skip
def test_a_version_has_a_release_and_a_month(version: int, name: str, month: date) -> None:
    assert release(version) == name
    assert release_month(version) == month


@pytest.mark.parametrize(
    ("version", "today", "is_old"),
    [
        ("59.0", date(2026, 9, 30), False), ("59.0", date(2026, 10, 1), True), ("41.0", date(2026, 11, 30), True),
        ("66.0", date(2026, 11, 30), False), ("66.0", date(2029, 2, 1), True),
    ],
)  # fmt: skip
def test_a_version_is_warned_of_from_three_years_of_age(version: str, today: date, is_old: bool) -> None:
    found = list(check_age(version, today))
    assert [each.level for each in found] == [Level.WARNING] * is_old
    for each in found:
        assert f"{version} ({release(int(version[:2]))}) is three years old" in each.message
        assert DEFAULT in each.advice


def test_an_old_version_is_shown_by_check_plan_and_login_and_the_default_is_not(project: Project) -> None:
    project.model(ROWS)
    assert "years old" not in project.invoke("check").stderr
    old = at(project, "48.0")
    told = "api_version 48.0 (Spring '20) is three years old"
    assert told in " ".join(old.invoke("check").stderr.split())
    assert told in " ".join(old.invoke("salesforce", "whoami").stderr.split())
    assert any(told in each for each in old.report("plan", "contacts").findings)


@pytest.mark.parametrize(
    "command",
    [
        ("check",), ("plan", "contacts"), ("run", "contacts"), ("discover", "crm"), ("discover", "crm", "Contact"),
        ("salesforce", "whoami"), ("salesforce", "login"),
    ],
)  # fmt: skip
def test_a_version_that_the_org_does_not_have_is_named_with_those_that_it_has(
    project: Project, command: tuple[str, ...]
) -> None:
    project.model(ROWS)
    result = at(project, "99.0").invoke(*command)
    newest = read_versions(project.emulated)[-1]
    assert result.exit_code == 64
    assert len(result.stderr.splitlines()) == 1
    assert "connections.crm.api_version: this org does not have version 99.0" in result.stderr
    assert f"31.0 to {newest}" in result.stderr
    assert not project.emulated.writing_calls()


@pytest.mark.parametrize(
    "refused",
    [
        answer([{"errorCode": "GONE", "message": "This resource is no longer available."}], 410),
        answer([{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}], 404),
    ],
)
def test_a_version_that_was_retired_is_named_too(transport: ScriptedTransport, refused: Any) -> None:
    transport.on("POST", TOKEN_URL, answer(GOOD))
    transport.on("GET", ".*/query.*", refused)
    transport.on("GET", "/services/data", list_versions("66.0", "68.0", "100.0"))
    with pytest.raises(ConfigError, match=r"does not have version 41.0 of the API, but 66.0 to 100.0") as raised:
        login.connect(config(api_version="41.0"), RecordingHost())
    assert [each.path for each in raised.value.problems] == [("api_version",)]
    assert 'leave it out, or set api_version: "66.0"' in str(raised.value)
    assert transport.closed


def test_an_org_without_the_default_version_is_told_another(transport: ScriptedTransport) -> None:
    transport.on("POST", TOKEN_URL, answer(GOOD))
    transport.on("GET", "/services/data", list_versions("41.0", "64.0", "65.0"))
    with pytest.raises(ConfigError, match=r'set api_version: "65.0"$'):
        login.connect(config(), RecordingHost())


@pytest.mark.parametrize("said", ["<html>", "{}", '[{"version": 7}]', "[]", answer("", 503)])
def test_an_org_that_does_not_say_what_it_has_is_used_as_it_is(transport: ScriptedTransport, said: Any) -> None:
    transport.on("POST", TOKEN_URL, answer(GOOD))
    transport.on("GET", "/services/data", answer(said) if isinstance(said, str) else said)
    assert login.connect(config(), RecordingHost()).account == "00Dxx0000001gPLEAY"


def test_a_wrong_version_is_told_beside_a_refused_login(transport: ScriptedTransport) -> None:
    refused = {"error": "invalid_client", "error_description": "invalid client credentials"}
    transport.on("POST", TOKEN_URL, answer(refused, 400))
    transport.on("GET", "/services/data", list_versions("65.0", "66.0"))
    with pytest.raises(ConfigError) as raised:
        login.connect(config(api_version="99.0"), RecordingHost())
    assert [each.path for each in raised.value.problems] == [("auth",), ("api_version",)]
    assert raised.value.exit_code == 64


def test_the_list_of_versions_is_asked_for_without_a_session(transport: ScriptedTransport) -> None:
    transport.on("POST", TOKEN_URL, answer(GOOD))
    login.connect(config(), RecordingHost())
    (asked,) = transport.find_requests("GET", "/services/data$")
    assert "Authorization" not in asked.headers


def build_plan(api: str) -> PlanSummary:
    """Return a plan of one new contact."""
    return PlanSummary(
        run="run",
        sync="sync",
        mode=Mode.UPSERT,
        object_names=("Contact",),
        api=api,
        batch_size=200,
        parallelism=1,
        delivery=Delivery.EXACTLY_ONCE,
        columns=(),
        planned={Action.UPSERT: 1},
        batches={Action.UPSERT: 1},
    )


def sync(mode: Mode = Mode.UPSERT, api: str | None = None) -> Sync:
    return Sync(
        name="people", model="m", connection="crm", objects=("Lead",), mode=mode, delivery=DeliveryOptions(api=api)
    )


RULE = "01Q5g0000000001EAA"


@pytest.mark.parametrize(
    ("mode", "api", "options", "since", "place"),
    [
        (Mode.UPSERT, "rest", {}, 46, "api"),
        (Mode.INSERT, "rest", {}, 42, "api"),
        (Mode.UPDATE, "rest", {}, 42, "api"),
        (Mode.ARCHIVE, "rest", {}, 42, "api"),
        (Mode.UPSERT, "rest", {"duplicate_rules": "allow"}, 52, "duplicate_rules"),
        (Mode.UPSERT, "bulk2", {"assignment_rules": RULE}, 49, "assignment_rules"),
    ],
)
def test_what_needs_a_later_version_names_it(
    mode: Mode, api: str, options: Mapping[str, Any], since: int, place: str
) -> None:
    asked = sync(mode, api), Options(**options)
    assert list(check_version(f"{since}.0", *asked)) == []
    *_, problem = check_version(f"{since - 1}.0", *asked)
    assert problem.path == ("syncs", "people", "options", place)
    assert f"needs version {since}.0 of the API, and api_version of the connection is {since - 1}.0" in problem.message
    assert f'set api_version: "{since}.0" or later' in problem.hint


@pytest.mark.parametrize(
    ("mode", "api"),
    [(mode, api) for mode in (Mode.UPSERT, Mode.INSERT, Mode.UPDATE, Mode.ARCHIVE) for api in ("bulk", "bulk2", None)],
)
def test_the_bulk_apis_need_no_later_version(mode: Mode, api: str | None) -> None:
    assert list(check_version("41.0", sync(mode, api), Options())) == []


@pytest.mark.parametrize(
    ("setting", "since"),
    [
        ("`api: bulk`, `api: bulk2`", FIRST), ("modes insert, update and archive", COLLECTIONS),
        ("in mode upsert", COLLECTIONS_UPSERT), ("`assignment_rules` with the id", BULK2_ASSIGNMENT),
        ("`duplicate_rules: allow`", DUPLICATE_HEADER),
    ],
)  # fmt: skip
def test_the_manual_says_the_same(setting: str, since: int) -> None:
    lines = (ROOT / "docs" / "salesforce" / "login.md").read_text(encoding="utf-8").splitlines()
    (line,) = (each for each in lines if each.startswith("|") and setting in each)
    assert line.endswith(f"| {since}.0 |")


@pytest.mark.parametrize("command", [("check",), ("plan", "contacts"), ("run", "contacts")])
def test_it_is_told_before_anything_is_sent(project: Project, command: tuple[str, ...]) -> None:
    project.model(ROWS)
    result = at(project, "45.0", options={"api": "rest"}).invoke(*command)
    assert result.exit_code == 64
    assert "syncs.contacts.options.api: api: rest in mode upsert needs version 46.0" in result.stderr
    assert not project.emulated.writing_calls()


@pytest.mark.parametrize(("api", "since"), [("rest", 46), ("bulk", 41), ("bulk2", 41)])
def test_an_api_that_a_plan_took_by_itself_stops_it_where_the_version_lacks_it(api: str, since: int) -> None:
    stops = {
        version: [each.advice for each in check_plan_version(f"{version}.0", build_plan(api), Options())]
        for version in (41, 45, 46, 66)
    }
    advice = f'Set api_version: "{since}.0" or later in the connection, or api: bulk in the options of the sync.'
    assert stops == {version: [advice] if version < since else [] for version in stops}


@pytest.mark.parametrize("version", ["46.0", "47.0"])
def test_what_only_later_versions_tell_is_said_to_be_unchecked(project: Project, version: str) -> None:
    project.model(ROWS)
    found = at(project, version).report("plan", "contacts").findings
    assert ("warning: could not check flows" in found) == (version == "46.0")


@pytest.mark.parametrize("version", ["46.0", "47.0"])
def test_whether_the_bulk_apis_take_an_object_is_asked_from_version_47_on(version: str) -> None:
    transport = ScriptedTransport()
    given = described_object("Contact", CONTACT_FIELDS, custom=False, triggerable=False)
    transport.on("GET", f"/services/data/v{version}/sobjects/Contact/describe", answer(given))
    found = check_plan(org(transport, version=version), build_plan("bulk"), Options())
    messages = {each.message: each.advice for each in found}
    unchecked = messages.get("could not check whether the Bulk API takes Contact")
    assert unchecked == ("That needs version 47.0 of the API." if version == "46.0" else None)
    assert len(transport.find_requests("POST", "/jobs/query")) == (version == "47.0")


@pytest.mark.parametrize(
    "version", [pytest.param(each, marks=() if each in QUICK else pytest.mark.long) for each in SUPPORTED]
)
def test_every_supported_version_runs_the_quickstart(
    emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    folder = quickstart(emulated, tmp_path, monkeypatch, version)
    result = CliRunner().invoke(connector, ["--project", str(folder), "run", "nightly"])
    assert result.exit_code == 1, result.stderr
    assert {each["Name"] for each in emulated.records("Account")} >= {"Amazon"}
    assert len(emulated.records("Contact")) > 40
    made = {call for call in emulated.stats()["calls"] if "/async/" in call or "/services/data/v" in call}
    assert made
    assert not [call for call in made if f"/{version}" not in call and f"/v{version}" not in call]


def quickstart(emulated: Emulated, folder: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> Path:
    """Copy the example of the README, for this org and at this version."""
    copied = folder / "quickstart"
    shutil.copytree(ROOT / "examples" / "quickstart", copied, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    document = yaml.safe_load((copied / "connector.yml").read_text())
    document["connections"]["crm"]["api_version"] = version
    (copied / "connector.yml").write_text(yaml.safe_dump(document))
    for key in ("login_url", "client_id", "client_secret"):
        monkeypatch.setenv(f"SF_{key.upper()}", emulated.ready[key])
    return copied


def read_versions(emulated: Emulated) -> list[str]:
    """Return the versions of the org."""
    with requests.get(f"{emulated.ready['instance_url']}/services/data", timeout=10) as found:
        return [each["version"] for each in found.json()]


def at(project: Project, version: str, **settings: Any) -> Project:
    """Return the same project at a version of the API."""
    made = evolve(project, api_version=version)
    made.sync(**settings)
    return made
