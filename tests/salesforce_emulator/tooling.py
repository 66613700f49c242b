"""Picklists through the Tooling API, for the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from tests.salesforce_emulator.client import Client


def query_tooling(client: Client, statement: str) -> list[dict[str, Any]]:
    answer = client.rest("GET", "/tooling/query", params={"q": statement})
    assert answer.status_code == 200, answer.text
    records: list[dict[str, Any]] = answer.json()["records"]
    return records


def component_id(client: Client, path: str) -> str:
    """Return the id of a custom field (`Account.Tier__c`) or of a global value set."""
    table, _, name = path.rpartition(".")
    if not table:
        where = f"GlobalValueSet WHERE DeveloperName = '{name}'"
    else:
        where = f"CustomField WHERE DeveloperName = '{name.removesuffix('__c')}' AND TableEnumOrId = '{table}'"
    [record] = query_tooling(client, f"SELECT Id FROM {where}")
    return str(record["Id"])


def place(client: Client, path: str) -> str:
    kind = "CustomField" if "." in path else "GlobalValueSet"
    return f"/tooling/sobjects/{kind}/{component_id(client, path)}"


def tree(client: Client, path: str) -> dict[str, Any]:
    metadata: dict[str, Any] = client.rest("GET", place(client, path)).json()["Metadata"]
    return metadata


def patch(client: Client, path: str, metadata: dict[str, Any]) -> requests.Response:
    return client.rest("PATCH", place(client, path), {"FullName": path, "Metadata": metadata})


def values(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the list of values in a tree. A change to it changes the tree."""
    listed: list[dict[str, Any]] = (
        metadata["customValue"] if "customValue" in metadata else metadata["valueSet"]["valueSetDefinition"]["value"]
    )
    return listed


def change_values(client: Client, path: str, change: Callable[[list[dict[str, Any]]], Any]) -> requests.Response:
    """Read the tree, let `change` alter its list, and write it back."""
    metadata = tree(client, path)
    change(values(metadata))
    return patch(client, path, metadata)


def read_error(answer: requests.Response) -> tuple[int, str, str]:
    [error] = answer.json()
    return answer.status_code, error["errorCode"], error["message"]


def value(name: str, label: str | None = None, **more: Any) -> dict[str, Any]:
    return {"valueName": name, "label": label or name, "default": False, **more}


def active_labels(metadata: dict[str, Any]) -> dict[str, str]:
    """Return the labels of the active values by name."""
    return {one["valueName"]: one["label"] for one in values(metadata) if one["isActive"] is not False}


def inactive(metadata: dict[str, Any]) -> list[str]:
    return [one["valueName"] for one in values(metadata) if one["isActive"] is False]


def describe_field(client: Client, object_name: str, field: str) -> dict[str, Any]:
    fields = client.rest("GET", f"/sobjects/{object_name}/describe").json()["fields"]
    one: dict[str, Any] = next(one for one in fields if one["name"] == field)
    return one


def choices(client: Client, object_name: str, field: str) -> list[str]:
    return [one["value"] for one in describe_field(client, object_name, field)["picklistValues"]]
