"""SOSL and parameterized search over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client


@pytest.fixture(autouse=True)
def _records(emulator: Emulator) -> None:
    emulator.insert("Account", {"Name": "Acme Tools"}, {"Name": "Toolmakers"}, {"Name": "Other", "Site": "acme yard"})
    emulator.insert(
        "Contact",
        {"LastName": "Acmeson", "Email": "tools@emulator.invalid"},
        {"LastName": "Gone", "Email": "gone@emulator.invalid", "Phone": "+1 555 0100"},
    )


def search(client: Client, statement: str) -> Any:
    return client.rest("GET", "/search", params={"q": statement}).json()


def names(client: Client, statement: str) -> list[str]:
    return [record["Name"] for record in search(client, statement)["searchRecords"]]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("FIND {acme} RETURNING Account(Name)", ["Acme Tools", "Other"]),
        ("find {ACME} in name fields returning Account(Name)", ["Acme Tools"]),
        ("FIND {acme tool} RETURNING Account(Name)", ["Acme Tools"]),
        ("FIND {tool*} RETURNING Account(Name ORDER BY Name DESC)", ["Toolmakers", "Acme Tools"]),
        ("FIND {cme} RETURNING Account(Name)", []),
        ('FIND {"acme yard"} RETURNING Account(Name)', ["Other"]),
        ("FIND {acme} RETURNING Account(Name WHERE Site = null), Contact(Name)", ["Acme Tools", "Acmeson"]),
        ("FIND {acme} RETURNING Account(Name LIMIT 1), Contact(Name)", ["Acme Tools", "Acmeson"]),
        ("FIND {acme} RETURNING Account(Name), Contact(Name) LIMIT 2", ["Acme Tools", "Other"]),
        ("FIND {tools} IN EMAIL FIELDS RETURNING Contact(Name)", ["Acmeson"]),
        ("FIND {0100} IN PHONE FIELDS RETURNING Contact(Name)", ["Gone"]),
    ],
)
def test_words_find_records(client: Client, statement: str, expected: list[str]) -> None:
    assert names(client, statement) == expected


def test_without_objects_every_one_is_searched_and_told_by_id(client: Client) -> None:
    found = search(client, "FIND {acme}")["searchRecords"]
    assert sorted(record["attributes"]["type"] for record in found) == ["Account", "Account", "Contact"]
    assert set(found[0]) == {"attributes", "Id"}


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT Id FROM Account", "MALFORMED_SEARCH"),
        ("FIND {a}", "MALFORMED_SEARCH"),
        ("FIND {acme} RETURNING Account(", "MALFORMED_SEARCH"),
        ("FIND {acme} RETURNING Nope(Id)", "INVALID_TYPE"),
        ("FIND {acme} RETURNING Account(Nope__c)", "INVALID_FIELD"),
        ("FIND {acme} RETURNING Order_Update__e(Id)", "INVALID_TYPE_FOR_OPERATION"),
        ("FIND {acme} RETURNING EntityDefinition(QualifiedApiName)", "INVALID_TYPE"),
    ],
)
def test_what_cannot_be_searched_is_refused(client: Client, statement: str, code: str) -> None:
    assert search(client, statement)[0]["errorCode"] == code


def test_parameters_search_as_a_statement_does(client: Client, emulator: Emulator) -> None:
    query = {"q": "acme", "sobject": "Account", "fields": "Id,Name"}
    found = client.rest("GET", "/parameterizedSearch", params=query).json()["searchRecords"]
    assert [record["Name"] for record in found] == ["Acme Tools", "Other"]
    objects = [{"name": "Contact", "fields": ["Name"], "limit": 1}]
    body = {"q": "tools", "in": "EMAIL", "sobjects": objects}
    assert client.rest("POST", "/parameterizedSearch", body).json()["searchRecords"][0]["Name"] == "Acmeson"
    assert client.rest("GET", "/parameterizedSearch", params={"q": "acme", "sObject": "Lead"}).json() == {
        "searchRecords": []
    }
    bodies: list[Any] = [{"q": "a"}, {"sobjects": []}, []]
    for short in bodies:
        refused = client.rest("POST", "/parameterizedSearch", short)
        assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "MALFORMED_SEARCH")
    odd = client.rest("POST", "/parameterizedSearch", {"q": "tools", "sobjects": [1]})
    assert odd.json()[0]["errorCode"] == "JSON_PARSER_ERROR"
    emulator.delete("Contact", emulator.records("Contact")[0]["Id"])
    assert client.rest("POST", "/parameterizedSearch", body).json() == {"searchRecords": []}
