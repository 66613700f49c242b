"""What the manual's page about Salesforce shows passes `connector check`, and what its tables say is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from connector_sdk import load
from connector_sdk.contract.spec import Api

from .projects import Project

PAGE = (Path(__file__).parents[2] / "docs" / "salesforce" / "records.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```yaml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
ROW = {
    "contact_id": "k1", "last_name": "Ash", "email": None, "account_key": "a-1", "salesforce_id": "0035g00000ABCDe",
    "notes": "met at the fair", "manager_id": None,
    "credit": "0.125", "person": "1", "duplicate": "false",
}  # fmt: skip


@pytest.mark.parametrize("shown", SHOWN)
def test_a_sync_that_is_shown_passes_the_check(project: Project, shown: str) -> None:
    project.emulated.change({"personAccounts": True})
    project.model([ROW])
    file = project.folder / "connector.yml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document["models"]["contacts"]["primary_key"] = "contact_id"
    del document["syncs"]
    file.write_text(f"{yaml.safe_dump(document)}{shown}", encoding="utf-8")
    said = project.invoke("check")
    assert said.exit_code == 0, said.stderr


@pytest.mark.parametrize("api", load("salesforce").spec.apis, ids=lambda api: api.name)
def test_the_limits_of_an_api_are_those_of_the_table(api: Api) -> None:
    (line,) = (each for each in PAGE.splitlines() if each.startswith(f"| `{api.name}`"))
    *_, rows, size, at_once, _ = (each.strip() for each in line.split("|"))
    assert rows == _numbers(api.rows_default, api.rows_max)
    assert size == " MB, ".join(_numbers(*_megabytes(api)).split(", ")) + " MB"
    assert at_once == _numbers(api.parallel_default, api.parallel_max)


def test_every_option_is_in_the_table() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE))
    assert {each.name for each in load("salesforce").spec.options.__attrs_attrs__} <= listed


def _megabytes(api: Api) -> tuple[int, int]:
    assert api.bytes_max is not None
    return (api.bytes_default or api.bytes_max) // 1_000_000, api.bytes_max // 1_000_000


def _numbers(default: int, most: int | None) -> str:
    return f"{default:,}" if most in (None, default) else f"{default:,}, at most {most:,}"
