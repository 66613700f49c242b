"""SOQL over HTTP: which rows it finds, how it shows them, how errors look."""

from __future__ import annotations

import pytest
from salesforce_emulator import Emulator
from salesforce_emulator.cursors import Cursors

from tests.salesforce_emulator.client import Client


@pytest.fixture
def accounts(emulator: Emulator) -> list[str]:
    return emulator.insert(
        "Account",
        {"Name": "Alpha", "External_Id__c": "a-1", "Unique_Key__c": "U1", "AnnualRevenue": 100, "Rating": "Hot"},
        {"Name": "beta", "External_Id__c": "A-2", "Unique_Key__c": "U2", "AnnualRevenue": 200, "BillingCity": "Paris"},
        {"Name": "Gamma %", "External_Id__c": "a-3", "AnnualRevenue": 300, "Case_Sensitive_Id__c": "x"},
        {"Name": "O'Neil\\", "External_Id__c": "a-4", "Case_Sensitive_Id__c": "X", "Segments__c": "Startup;Enterprise"},
    )


def names(client: Client, where: str) -> list[object]:
    return [row["Name"] for row in client.select_rows(f"SELECT Name FROM Account WHERE {where} ORDER BY Name")]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("External_Id__c = 'A-1'", ["Alpha"]),
        ("External_Id__c IN ('a-1', 'a-2', 'nothing')", ["Alpha", "beta"]),
        ("Unique_Key__c NOT IN ('u1')", ["beta", "Gamma %", "O'Neil\\"]),
        ("Case_Sensitive_Id__c = 'x'", ["Gamma %"]),
        ("Case_Sensitive_Id__c = NULL", ["Alpha", "beta"]),
        ("Rating != 'hot'", ["beta", "Gamma %", "O'Neil\\"]),
        ("Rating <> null", ["Alpha"]),
        ("AnnualRevenue > 100", ["beta", "Gamma %"]),
        ("AnnualRevenue >= 1e2 AND AnnualRevenue < 300", ["Alpha", "beta"]),
        ("AnnualRevenue <= 200.0", ["Alpha", "beta"]),
        ("NOT (AnnualRevenue = 100 OR AnnualRevenue = 200)", ["Gamma %", "O'Neil\\"]),
        ("(NOT Rating = 'Hot') AND AnnualRevenue = 200", ["beta"]),
        ("Name LIKE '%A'", ["Alpha", "beta"]),
        ("Name LIKE 'b_ta'", ["beta"]),
        (r"Name LIKE '%\%'", ["Gamma %"]),
        (r"Name = 'o\'neil\\'", ["O'Neil\\"]),
        ("IsDeleted = false AND BillingCity = 'PARIS'", ["beta"]),
        ("CreatedDate > 2020-01-01T00:00:00Z", ["Alpha", "beta", "Gamma %", "O'Neil\\"]),
        ("CreatedDate < 2020-01-01T00:00:00+02:00", []),
        ("Segments__c INCLUDES ('Startup')", ["O'Neil\\"]),
        ("Segments__c INCLUDES ('Startup;Midmarket', 'Public Sector')", []),
        ("Owner.Username = 'integration@emulator.invalid' AND AnnualRevenue = 300", ["Gamma %"]),
    ],
)
@pytest.mark.usefixtures("accounts")
def test_conditions_select_rows(client: Client, where: str, expected: list[str]) -> None:
    assert names(client, where) == expected


def test_ids_match_in_both_lengths(client: Client, accounts: list[str]) -> None:
    assert names(client, f"Id = '{accounts[0]}'") == ["Alpha"]
    assert names(client, f"Id IN ('{accounts[0][:15]}', '{accounts[1]}')") == ["Alpha", "beta"]


@pytest.mark.usefixtures("accounts")
def test_order_limit_and_offset(client: Client) -> None:
    def select_names(rest: str) -> list[object]:
        return [row["Name"] for row in client.select_rows(f"select name from account {rest}")]

    assert select_names("order by annualrevenue desc nulls last") == ["Gamma %", "beta", "Alpha", "O'Neil\\"]
    assert select_names("order by annualrevenue") == ["O'Neil\\", "Alpha", "beta", "Gamma %"]
    assert select_names("order by rating nulls last, name desc") == ["Alpha", "O'Neil\\", "Gamma %", "beta"]
    assert select_names("order by name limit 2") == ["Alpha", "beta"]
    assert select_names("order by name limit 2 offset 3") == ["O'Neil\\"]


@pytest.mark.usefixtures("accounts")
def test_a_count_has_a_total_and_no_records(client: Client) -> None:
    assert client.query("SELECT COUNT() FROM Account") == {"totalSize": 4, "done": True, "records": []}
    assert client.query("select count() from Account where Rating = 'Hot'")["totalSize"] == 1


def test_records_show_their_parents_nested_and_empty_ones_as_null(client: Client, accounts: list[str]) -> None:
    client.create("Contact", LastName="Linked", AccountId=accounts[1])
    client.create("Contact", LastName="Loose")
    answer = client.query(
        "SELECT Id, Name, Account.Name, Account.Owner.Name, Account.BillingAddress FROM Contact ORDER BY Name"
    )
    linked, loose = answer["records"]
    assert linked["attributes"] == {
        "type": "Contact",
        "url": f"/services/data/v58.0/sobjects/Contact/{linked['Id']}",
    }
    assert linked["Account"]["attributes"]["type"] == "Account"
    assert linked["Account"]["Name"] == "beta"
    assert linked["Account"]["Owner"]["Name"] == "Integration User"
    assert linked["Account"]["BillingAddress"]["city"] == "Paris"
    assert loose["Account"] is None


def test_polymorphic_parents_show_the_type_they_have(client: Client, emulator: Emulator) -> None:
    [queue] = emulator.insert("Group", {"Name": "Support", "Type": "Queue"})
    client.create("Case", Subject="one", OwnerId=queue)
    [row] = client.query("SELECT Subject, Owner.Name FROM Case")["records"]
    assert row["Owner"]["attributes"]["type"] == "Group"
    assert row["Owner"]["Name"] == "Support"
    assert client.select_rows("SELECT Subject FROM Case WHERE Owner.Name = 'Support'") == [{"Subject": "one"}]


def test_all_fields_at_once_need_a_limit(client: Client, accounts: list[str]) -> None:
    [row] = client.query(f"SELECT FIELDS(ALL) FROM Account WHERE Id = '{accounts[0]}' LIMIT 1")["records"]
    assert row["External_Id__c"] == "a-1"
    [custom] = client.select_rows(f"SELECT FIELDS(CUSTOM) FROM Account WHERE Id = '{accounts[0]}' LIMIT 1")
    assert "Name" not in custom
    assert client.query("SELECT FIELDS(ALL) FROM Account")[0]["errorCode"] == "MALFORMED_QUERY"


def test_long_results_come_in_pages_of_any_size(client: Client, emulator: Emulator) -> None:
    emulator.insert("Contact", *({"LastName": f"{number:05}"} for number in range(2_100)))
    first = client.query("SELECT LastName FROM Contact")
    assert (first["totalSize"], first["done"], len(first["records"])) == (2_100, False, 2_000)
    assert first["nextRecordsUrl"].endswith("-2000")
    url = emulator.instance_url + first["nextRecordsUrl"]
    last = client.http.get(url, headers={"Authorization": f"Bearer {client.token}"}).json()
    assert (last["totalSize"], last["done"], len(last["records"])) == (2_100, True, 100)
    assert "nextRecordsUrl" not in last
    small = client.rest("GET", "/query?q=SELECT+Id+FROM+Contact", headers={"Sforce-Query-Options": "batchSize=200"})
    assert len(small.json()["records"]) == 200
    stale = client.rest("GET", "/query/0r85g0000000099AAQ-2000")
    assert (stale.status_code, stale.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")
    wrong = client.rest("GET", "/query?q=SELECT+Id+FROM+Contact", headers={"Sforce-Query-Options": "batchSize=10"})
    assert wrong.json()[0]["errorCode"] == "INVALID_BATCH_SIZE"


def test_deleted_records_are_found_by_query_all_only(client: Client, accounts: list[str]) -> None:
    client.rest("DELETE", f"/sobjects/Account/{accounts[0]}")
    statement = "SELECT Name, IsDeleted FROM Account WHERE External_Id__c = 'a-1'"
    assert client.select_rows(statement) == []
    answer = client.rest("GET", "/queryAll", params={"q": statement}).json()
    assert [(row["Name"], row["IsDeleted"]) for row in answer["records"]] == [("Alpha", True)]


PLACE = "\n{}\n{}^\nERROR at Row:1:Column:{}\n{}"
NO_COLUMN = (
    "No such column 'Bacon__c' on entity 'Account'. If you are attempting to use a custom field, be sure to append the "
    "'__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
)
NO_TYPE = (
    "sObject type 'Bacon' is not supported. If you are attempting to use a custom object, be sure to append the '__c' "
    "after the entity name. Please reference your WSDL or the describe call for the appropriate names."
)


@pytest.mark.parametrize(
    ("statement", "column", "code", "message"),
    [
        ("SELECT Bacon__c FROM Account LIMIT 2", 8, "INVALID_FIELD", NO_COLUMN),
        ("SELECT Id FROM Bacon", 16, "INVALID_TYPE", NO_TYPE),
        ("SELECT Id, FROM Account", 12, "MALFORMED_QUERY", "unexpected token: 'FROM'"),
        ("SELECT Id FROM Account WHERE", 29, "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account WHERE Name = ;", 37, "MALFORMED_QUERY", "unexpected token: ';'"),
        ("SELECT Id FROM Account WHERE Name ~ 'x'", 35, "MALFORMED_QUERY", "unexpected token: '~'"),
        (
            "SELECT Id FROM Account WHERE Name = 5",
            37,
            "INVALID_FIELD",
            "value of filter criterion for field 'Name' must be of type string and should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE NumberOfEmployees = 'x'",
            50,
            "INVALID_FIELD",
            "value of filter criterion for field 'NumberOfEmployees' must be of type int and "
            "should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE Description = 'x'",
            30,
            "INVALID_FIELD",
            "field 'Description' can not be filtered in a query call",
        ),
        ("SELECT Id FROM Account WHERE Id = 'x'", 35, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        (
            r"SELECT Id FROM Account WHERE Name = 'a\qb'",
            39,
            "MALFORMED_QUERY",
            r"Illegal string escape sequence '\q'",
        ),
    ],
)
def test_errors_draw_the_place(client: Client, statement: str, column: int, code: str, message: str) -> None:
    answer = client.rest("GET", "/query", params={"q": statement})
    assert answer.status_code == 400
    [error] = answer.json()
    assert error["errorCode"] == code
    assert error["message"] == PLACE.format(statement, " " * (column - 1), column, message)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("= 2026-01-31T09:00:00Z", 1),
        ("= 2026-01-31T10:00:00.000+01:00", 1),
        ("IN (2026-01-31T09:00:00Z)", 1),
        ("= 2026-01-31T09:00:00.001Z", 0),
        ("<= 2026-01-31T09:00:00Z", 1),
        ("< 2026-01-31T09:00:00Z", 0),
        (">= 2026-01-31T09:00:00Z", 1),
        ("> 2026-01-31T09:00:00Z", 0),
        ("> 2026-01-31T08:59:59Z", 1),
    ],
)
def test_a_moment_is_compared_with_a_moment(client: Client, condition: str, found: int) -> None:
    client.create("Account", Name="x", Signed_At__c="2026-01-31T09:00:00.000+0000")
    answer = client.rest("GET", "/query", params={"q": f"SELECT Id FROM Account WHERE Signed_At__c {condition}"})
    assert answer.json()["totalSize"] == found


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT Id FROM Account WHERE Id = '001' AND Name = 'x' OR Name = 'y'",
        "SELECT TYPEOF Owner WHEN User THEN Name END FROM Account",
        "SELECT Id FROM Account WITH SECURITY_ENFORCED",
        "SELECT Name n FROM Account",
        "SELECT Id FROM Account LIMIT 2000 OFFSET 2001",
        "SELECT Nothing.Name FROM Account",
        "SELECT Id FROM Account WHERE CreatedDate > 2020-99-01T00:00:00Z",
        "",
    ],
)
def test_statements_that_cannot_be_run_are_refused(client: Client, statement: str) -> None:
    answer = client.rest("GET", "/query", params={"q": statement})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] in ("MALFORMED_QUERY", "NUMBER_OUTSIDE_VALID_RANGE", "INVALID_FIELD")


def test_the_first_word_is_named_without_a_place(client: Client) -> None:
    assert client.query("SELEKT Name FROM Account") == [
        {"message": "unexpected token: SELEKT", "errorCode": "MALFORMED_QUERY"}
    ]


def test_results_are_kept_until_there_are_too_many(emulator: Emulator) -> None:
    found, cursors = emulator.world.query("SELECT Id FROM Account", "58.0"), Cursors()
    first, second, *_ = (cursors.keep(found) for _ in range(1_001))
    assert cursors.find(f"{first}-0") is None
    assert cursors.find(f"{second}-0") == (second, found, 0)
