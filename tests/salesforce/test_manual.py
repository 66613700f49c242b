"""What the manual's pages about Salesforce show passes `connector check`, and what their tables say is so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import NOTHING, fields
from connector_salesforce.config import problems
from connector_salesforce.flows import ClientCredentials, Jwt, SfCli, Web
from connector_salesforce_events import codes as events_codes
from connector_salesforce_picklist import codes as picklist_codes

from connector_sdk import load
from connector_sdk.contract.project import DeliveryOptions
from connector_sdk.contract.spec import Api
from connector_sdk.project.load import load_project
from connector_sdk.settings.structure import structure

from .projects import Project
from .test_flows import KEY, pem

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "salesforce"
PLUGINS = ("salesforce", "salesforce_picklist", "salesforce_events")
PAGES = [*sorted(FOLDER.glob("*.md")), *(ROOT / "plugins" / each / "README.md" for each in PLUGINS)]
ROW = {
    "contact_id": "k1", "last_name": "Ash", "email": None, "account_key": "a-1", "salesforce_id": "0035g00000ABCDe",
    "notes": "met at the fair", "manager_key": None, "phone": "1",
    "credit": "0.125", "person": "1", "duplicate": "false", "account_name": "Acme", "account_type": "Business_Account",
}  # fmt: skip
FILES: dict[str, list[dict[str, Any]]] = {
    "contacts.csv": [ROW],
    "tiers.csv": [{"api_name": "Gold", "label": "Gold", "rank": "1"}],
    "orders.csv": [{"order_id": "o1", "amount": "1.5", "shipped": "true", "placed_at": "2026-01-31T12:00:00Z"}],
}
FLOWS = {"Client credentials": ClientCredentials, "JWT bearer": Jwt, "Web": Web, "sf CLI": SfCli}
TABLES = {"options.md": "salesforce", "picklist.md": "salesforce_picklist", "events.md": "salesforce_events"}


def find_examples() -> Iterator[Any]:
    """Yield every example of a project file or of syncs, by its page."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL), 1):
            name = page.name if page.parent == FOLDER else f"{page.parent.name}/{page.name}"
            yield pytest.param(name, block, id=f"{name}-{number}")


SHOWN = list(find_examples())
PROJECTS = [each for each in SHOWN if not each.values[1].startswith("auth:")]
LOGINS = [each for each in SHOWN if each.values[1].startswith("auth:")]


def rows_of(page: str, heading: str = "") -> list[list[str]]:
    """Return the rows of the tables below a heading of a page, as their cells."""
    text = (FOLDER / page).read_text(encoding="utf-8")
    if heading:
        text = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [each for each in text.splitlines() if each.startswith("|") and not set(each) <= set("|-")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def name_in(cell: str) -> str:
    """Return the name in backticks that a cell begins with; empty if it begins otherwise."""
    found = re.match(r"`([\w.]+)`", cell)
    return found[1] if found else ""


def test_every_page_with_tasks_begins_with_a_whole_project_file() -> None:
    first = {each.values[0]: each.values[1] for each in reversed(SHOWN)}
    wanted = {"index.md", "login.md", "records.md", "several-objects.md", "merging.md", "fields.md", *TABLES}
    assert wanted <= {page for page, block in first.items() if block.startswith("version: 1\nconnections:")}


@pytest.mark.parametrize(("page", "block"), PROJECTS)
def test_a_project_that_is_shown_passes_the_check(
    project: Project, monkeypatch: pytest.MonkeyPatch, page: str, block: str
) -> None:
    write_project(project, monkeypatch, block)
    said = project.invoke("check")
    assert said.exit_code == 0, said.stderr


def test_the_first_example_writes_what_the_page_says(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(project, monkeypatch, next(each.values[1] for each in SHOWN if each.values[0] == "records.md"))
    project.emulated.insert("Account", {"Name": "Acme", "External_Id__c": "a-1"})
    project.emulated.insert("Contact", {"LastName": "Old", "Email": "old@acme.example", "External_Id__c": "k1"})
    project.model([ROW, {**ROW, "contact_id": "k2"}])
    assert project.report("run", "contacts").rows == {"read": 2, "planned": 2, "succeeded": 2}

    contacts = {each["External_Id__c"]: each for each in project.emulated.records("Contact")}
    (account,) = project.emulated.records("Account")
    assert {each["AccountId"] for each in contacts.values()} == {account["Id"]}
    assert {each["LeadSource"] for each in contacts.values()} == {"Web"}
    assert (contacts["k1"]["LastName"], contacts["k1"]["Email"]) == ("Ash", "old@acme.example")
    assert project.report("run", "contacts").rows == {"read": 2, "unchanged": 2}


def write_project(project: Project, monkeypatch: pytest.MonkeyPatch, block: str) -> None:
    """Write an example over the emulated org; one without connections uses the connection and model of the project."""
    project.emulated.change({"personAccounts": True})
    for file, rows in FILES.items():
        project.write_rows(file, rows)
    path = project.folder / "connector.yml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["models"]["contacts"]["primary_key"] = "contact_id"
    if "connections:" in block:
        for name in ("client_id", "client_secret"):
            monkeypatch.setenv(f"SF_{name.upper()}", project.emulated.ready[name])
        block = block.replace("https://acme.my.salesforce.com", project.emulated.ready["login_url"])
        missing = {name for name in ("version", "models") if f"{name}:" not in block}
        document = {name: document[name] for name in missing}
    else:
        del document["syncs"]
    path.write_text(f"{yaml.safe_dump(document) if document else ''}{block}", encoding="utf-8")


@pytest.mark.parametrize(("page", "block"), LOGINS)
def test_a_login_that_is_shown_has_the_keys_of_its_flow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, block: str
) -> None:
    for name in ("SF_CLIENT_ID", "SF_CLIENT_SECRET"):
        monkeypatch.setenv(name, "x")
    (tmp_path / "server.key").write_text(pem(KEY), encoding="utf-8")
    head = "version: 1\nconnections:\n  crm:\n    type: salesforce\n    login_url: https://acme.my.salesforce.com\n    "
    path = tmp_path / "connector.yml"
    path.write_text(head + block, encoding="utf-8")

    connection = load_project(path).connections["crm"]
    config: Any = structure(load("salesforce").spec.config, connection.settings, ("connections", "crm"))

    assert list(problems(config)) == []


@pytest.mark.parametrize("heading", FLOWS)
def test_the_keys_of_a_flow_and_their_defaults_are_those_of_the_table(heading: str) -> None:
    wanted = {each.name: each.default for each in fields(FLOWS[heading]) if each.name != "flow"}
    told = {name_in(key): default for key, default, _ in rows_of("login.md", heading) if name_in(key)}
    assert set(told) == set(wanted)
    for key, default in wanted.items():
        if default is NOTHING:
            assert told[key] == "required", key
        elif default is not None:
            assert told[key] == f"`{default}`", key
        else:
            assert told[key] != "required", key


@pytest.mark.parametrize("api", load("salesforce").spec.apis, ids=lambda api: api.name)
def test_the_limits_of_an_api_are_those_of_the_table(api: Api) -> None:
    (line,) = (each for each in rows_of("options.md") if name_in(each[0]) == api.name)
    _, _, rows, size, at_once = line
    assert rows == _numbers(api.rows_default, api.rows_max)
    assert size == " MB, ".join(_numbers(*_megabytes(api)).split(", ")) + " MB"
    assert at_once == _numbers(api.parallel_default, api.parallel_max)


@pytest.mark.parametrize("api", load("salesforce_events").spec.apis, ids=lambda api: api.name)
def test_the_limits_of_an_api_of_events_are_those_of_the_table(api: Api) -> None:
    (line,) = (each for each in rows_of("events.md", "Choose an API") if name_in(each[0]) == api.name)
    assert line[1] == f"{api.rows_default:,}, at most {api.rows_max:,}"
    assert line[2] == f"{api.parallel_default}, at most {api.parallel_max}"


@pytest.mark.parametrize("page", TABLES)
def test_every_option_is_in_the_table_with_its_default(page: str) -> None:
    told = {
        name_in(option): default
        for option, _, default, _ in rows_of(page, "Options" if page == "options.md" else "Options of a sync")
        if name_in(option)
    }
    own = {each.name: each.default for each in fields(load(TABLES[page]).spec.options)}
    core = {each.name: each.default for each in fields(DeliveryOptions)} if page == "options.md" else {}
    assert set(told) == {*own, *core}
    for option, default in {**own, **core}.items():
        if default not in (None, ()):
            written = json.dumps(default) if isinstance(default, int) else default
            assert told[option] in (f"`{written}`", "`on`" if default is True else ""), option


@pytest.mark.parametrize(("page", "codes"), [("picklist.md", picklist_codes), ("events.md", events_codes)])
def test_every_code_that_a_plugin_adds_is_on_its_page(page: str, codes: Any) -> None:
    text = (FOLDER / page).read_text(encoding="utf-8")
    assert [each for each in codes._OWN if f"`{each}`" not in text] == []


def _megabytes(api: Api) -> tuple[int, int]:
    assert api.bytes_max is not None
    return (api.bytes_default or api.bytes_max) // 1_000_000, api.bytes_max // 1_000_000


def _numbers(default: int, most: int | None) -> str:
    return f"{default:,}" if most in (None, default) else f"{default:,}, at most {most:,}"
