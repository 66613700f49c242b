"""Salesforce's own CLI, unchanged, against the emulator."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from salesforce_emulator import Emulator

from tests.clients.packages import install_client

pytestmark = pytest.mark.long

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="module")
def token(emulator: Emulator, session: requests.Session) -> str:
    form = {"grant_type": "client_credentials", "client_id": emulator.client_id}
    form["client_secret"] = emulator.client_secret
    return str(session.post(f"{emulator.login_url}/services/oauth2/token", data=form).json()["access_token"])


@pytest.fixture
def newest_version(emulator: Emulator, session: requests.Session) -> str:
    """The newest version that the org lists."""
    return str(session.get(f"{emulator.instance_url}/services/data").json()[-1]["version"])


@pytest.fixture(scope="module")
def sf(emulator: Emulator, token: str, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Runs a command in a home that is logged in; the `result` of its JSON."""
    program = install_client("sf") / "node_modules" / ".bin" / "sf"
    home = tmp_path_factory.mktemp("sf")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "SF_ACCESS_TOKEN": token,
        "SF_AUTOUPDATE_DISABLE": "true",
        "SF_DISABLE_TELEMETRY": "true",
        "SF_SKIP_NEW_VERSION_CHECK": "true",
    }

    def run(*arguments: str) -> Any:
        done = subprocess.run(
            [str(program), *arguments, "--json"], cwd=home, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)["result"]

    run("org", "login", "access-token", "--instance-url", emulator.instance_url, "--no-prompt", "--set-default")
    return run


@pytest.fixture
def contacts(sf: Command, emulator: Emulator, tmp_path: Path) -> list[dict[str, Any]]:
    file = tmp_path / "contacts.csv"
    file.write_text("External_Id__c,LastName\nk1,One\nk2,Two\n", encoding="utf-8")
    sf("data", "upsert", "bulk", "--sobject", "Contact", "--file", str(file), "-i", "External_Id__c", "--wait", "2")
    return [record for record in emulator.records("Contact") if not record["IsDeleted"]]


def test_it_knows_whom_it_logged_in_and_speaks_the_newest_version(
    sf: Command, emulator: Emulator, newest_version: str
) -> None:
    shown = sf("org", "display")
    assert (shown["username"], shown["connectedStatus"], shown["apiVersion"]) == (
        emulator.username,
        "Connected",
        newest_version,
    )


def test_it_describes_and_lists(sf: Command) -> None:
    described = sf("sobject", "describe", "--sobject", "Contact")
    assert "External_Id__c" in [field["name"] for field in described["fields"]]
    assert "Account" in sf("sobject", "list")
    limits = {limit["name"]: limit["max"] for limit in sf("org", "list", "limits")}
    assert limits["DailyApiRequests"] == 100_000
    kinds = sf("org", "list", "metadata-types")["metadataObjects"]
    assert [kind["xmlName"] for kind in kinds] == ["CustomObject", "GlobalValueSet", "StandardValueSet"]
    assert "Account.Plan__c" in [one["fullName"] for one in sf("org", "list", "metadata", "-m", "CustomField")]


def test_it_upserts_and_queries(sf: Command, contacts: list[dict[str, Any]]) -> None:
    assert [contact["LastName"] for contact in contacts] == ["One", "Two"]
    found = sf("data", "query", "--query", "SELECT Id, LastName, Account.Name FROM Contact ORDER BY LastName")
    assert [record["LastName"] for record in found["records"]] == ["One", "Two"]
    tooling = "SELECT DeveloperName FROM CustomField WHERE DeveloperName = 'Plan'"
    assert sf("data", "query", "--use-tooling-api", "--query", tooling)["totalSize"] == 1


@pytest.mark.usefixtures("contacts")
def test_it_searches(sf: Command) -> None:
    found = sf("data", "search", "--query", "FIND {Two} IN NAME FIELDS RETURNING Contact(LastName)")
    assert [record["LastName"] for record in found["searchRecords"]] == ["Two"]


@pytest.mark.usefixtures("contacts")
def test_it_writes_query_results_to_a_table(sf: Command, tmp_path: Path) -> None:
    file = tmp_path / "found.csv"
    statement = "SELECT LastName, COUNT(Id) n FROM Contact GROUP BY LastName ORDER BY LastName"
    sf("data", "query", "--query", statement, "--result-format", "csv", "--output-file", str(file))
    assert file.read_text(encoding="utf-8").splitlines() == ["LastName,n", "One,1", "Two,1"]


@pytest.mark.usefixtures("contacts")
def test_it_exports_updates_and_deletes_in_bulk(sf: Command, emulator: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    sf(
        "data",
        "export",
        "bulk",
        "--query",
        "SELECT Id, LastName FROM Contact",
        "--output-file",
        str(file),
        "--wait",
        "2",
    )
    file.write_text(file.read_text(encoding="utf-8").replace("One", "Eins"), encoding="utf-8")
    sf("data", "update", "bulk", "--sobject", "Contact", "--file", str(file), "--wait", "2")
    assert "Eins" in [record["LastName"] for record in emulator.records("Contact")]
    ids = tmp_path / "ids.csv"
    ids.write_text(
        "\n".join(line.split(",")[0] for line in file.read_text(encoding="utf-8").splitlines()), encoding="utf-8"
    )
    sf("data", "delete", "bulk", "--sobject", "Contact", "--file", str(ids), "--wait", "2")
    assert all(record["IsDeleted"] for record in emulator.records("Contact"))


def test_it_writes_single_records(sf: Command, emulator: Emulator) -> None:
    made = sf("data", "create", "record", "--sobject", "Account", "--values", "Name=Alpha")["id"]
    sf("data", "update", "record", "--sobject", "Account", "--record-id", made, "--values", "Name=Beta")
    assert sf("data", "get", "record", "--sobject", "Account", "--where", "Name=Beta")["Id"] == made
    sf("data", "delete", "record", "--sobject", "Account", "--record-id", made)
    assert [record["IsDeleted"] for record in emulator.records("Account")] == [True]


def test_it_imports_trees(sf: Command, emulator: Emulator, tmp_path: Path) -> None:
    record = {"attributes": {"type": "Lead", "referenceId": "r1"}, "LastName": "L", "Company": "C"}
    file = tmp_path / "Lead.json"
    file.write_text(json.dumps({"records": [record]}), encoding="utf-8")
    sf("data", "import", "tree", "--files", str(file))
    assert [lead["LastName"] for lead in emulator.records("Lead")] == ["L"]
