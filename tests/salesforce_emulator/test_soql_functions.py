"""SOQL beyond looking up records: groups, queries within queries, date literals, functions, columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.soap import call_soap


@pytest.fixture
def accounts(emulator: Emulator) -> list[str]:
    made = emulator.insert(
        "Account",
        {"Name": "Alpha", "Rating": "Hot", "AnnualRevenue": 100},
        {"Name": "Beta", "Rating": "Hot", "AnnualRevenue": 300},
        {"Name": "Gamma", "Rating": "Cold", "AnnualRevenue": 50},
        {"Name": "Delta"},
    )
    emulator.insert(
        "Contact",
        {"LastName": "One", "AccountId": made[0], "Email": "one@emulator.invalid"},
        {"LastName": "Two", "AccountId": made[0]},
        {"LastName": "Three", "AccountId": made[2]},
        {"LastName": "Nobody"},
    )
    return made


def rows(client: Client, statement: str) -> list[dict[str, Any]]:
    return client.select_rows(statement)


def message(client: Client, statement: str) -> tuple[str, str]:
    [error] = client.query(statement)
    return error["errorCode"], error["message"].splitlines()[-1]


@pytest.mark.usefixtures("accounts")
def test_groups_are_counted_and_summed_under_aliases_or_numbers(client: Client) -> None:
    answer = client.query("SELECT Rating, COUNT(Id), SUM(AnnualRevenue) total FROM Account GROUP BY Rating")
    assert answer["totalSize"] == 3
    assert answer["records"][0] == {
        "attributes": {"type": "AggregateResult"},
        "Rating": "Hot",
        "expr0": 2,
        "total": 400.0,
    }
    [whole] = rows(
        client, "select min(Name) a, max(annualrevenue) b, avg(AnnualRevenue) c, count(Rating) d from Account"
    )
    assert whole == {"a": "Alpha", "b": 300.0, "c": 150.0, "d": 3}
    assert rows(client, "SELECT COUNT_DISTINCT(Rating) n FROM Account") == [{"n": 2}]
    assert rows(client, "SELECT COUNT(Id) n, SUM(AnnualRevenue) s FROM Account WHERE Name = 'x'") == [
        {"n": 0, "s": None}
    ]
    assert rows(client, "SELECT COUNT(Id) n FROM Account WHERE Name = 'x' GROUP BY Rating") == []


@pytest.mark.usefixtures("accounts")
def test_groups_are_chosen_ordered_and_limited(client: Client) -> None:
    grouped = "SELECT Rating, COUNT(Id) n FROM Account GROUP BY Rating"
    assert rows(client, f"{grouped} HAVING COUNT(Id) > 1") == [{"Rating": "Hot", "n": 2}]
    assert [row["Rating"] for row in rows(client, f"{grouped} ORDER BY COUNT(Id) DESC, Rating LIMIT 2")] == [
        "Hot",
        None,
    ]
    assert rows(
        client, "SELECT Account.Name, COUNT(Id) n FROM Contact GROUP BY Account.Name ORDER BY n DESC LIMIT 1"
    ) == [{"Name": "Alpha", "n": 2}]


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("SELECT Name, COUNT(Id) FROM Account", "Field must be grouped or aggregated: Name"),
        ("SELECT Name FROM Account GROUP BY Rating", "Field must be grouped or aggregated: Name"),
        ("SELECT SUM(Name) FROM Account", "field Name does not support aggregate operator SUM"),
        (
            "SELECT COUNT(Id) FROM Account GROUP BY Description",
            "field 'Description' can not be grouped in a query call",
        ),
        ("SELECT COUNT(Id) n, MAX(Name) n FROM Account", "duplicate alias: n"),
        ("SELECT Name n FROM Account", "only aggregate expressions use field aliasing"),
        ("SELECT Id FROM Account WHERE COUNT(Id) > 1", "unexpected token: '('"),
        ("SELECT CALENDAR_YEAR(Name) FROM Account", "field Name does not support the function CALENDAR_YEAR"),
    ],
)
def test_what_cannot_be_grouped_is_refused(client: Client, statement: str, text: str) -> None:
    assert message(client, statement) == ("MALFORMED_QUERY", text)


def test_more_than_2000_groups_have_no_further_page(client: Client, emulator: Emulator) -> None:
    emulator.insert("Contact", *({"LastName": str(number)} for number in range(2_001)))
    statement = "SELECT LastName, COUNT(Id) FROM Contact GROUP BY LastName"
    assert client.query(statement)[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    assert client.query(f"{statement} LIMIT 2000")["totalSize"] == 2_000


@pytest.mark.usefixtures("accounts")
def test_children_stand_within_their_parents(client: Client) -> None:
    answer = client.query(
        "SELECT Name, (SELECT LastName, Account.Name FROM Contacts ORDER BY LastName LIMIT 1) FROM Account "
        "ORDER BY Name LIMIT 2"
    )
    alpha, beta = answer["records"]
    assert alpha["Contacts"]["totalSize"] == 1
    assert alpha["Contacts"]["done"] is True
    [child] = alpha["Contacts"]["records"]
    assert (child["LastName"], child["Account"]["Name"]) == ("One", "Alpha")
    assert child["attributes"]["type"] == "Contact"
    assert beta["Contacts"] is None
    code, text = message(client, "SELECT Id, (SELECT Id FROM Foos) FROM Account")
    assert code == "INVALID_TYPE"
    assert text.startswith("Didn't understand relationship 'Foos' in FROM part of query call.")


@pytest.mark.usefixtures("accounts")
def test_children_come_over_soap_too(client: Client) -> None:
    statement = "SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'Gamma'"
    [result] = call_soap(client, "query", f"<u:queryString>{statement}</u:queryString>")
    [gamma] = result["records"]
    assert gamma["Contacts"]["records"][0]["LastName"] == "Three"


@pytest.mark.usefixtures("accounts")
def test_semi_joins_select_by_what_another_query_finds(client: Client) -> None:
    def names(condition: str) -> list[str]:
        return [row["Name"] for row in rows(client, f"SELECT Name FROM Account WHERE {condition} ORDER BY Name")]

    assert names("Id IN (SELECT AccountId FROM Contact)") == ["Alpha", "Gamma"]
    assert names("Id NOT IN (SELECT AccountId FROM Contact WHERE Email = null) AND Rating = 'Hot'") == ["Beta"]
    code, text = message(client, "SELECT Id FROM Account WHERE Name = 'x' OR Id IN (SELECT AccountId FROM Contact)")
    assert (code, text) == ("MALFORMED_QUERY", "Semi join sub-selects are not allowed with the 'OR' operator")
    three = " AND ".join(["Id IN (SELECT AccountId FROM Contact)"] * 3)
    assert message(client, f"SELECT Id FROM Account WHERE {three}")[0] == "MALFORMED_QUERY"
    assert message(client, "SELECT Id FROM Account WHERE Name IN (SELECT Name FROM Contact)")[0] == "INVALID_FIELD"


def day(emulator: Emulator, days: int) -> str:
    """Return the date some days from the org's present day. Other tests may have moved the org's clock."""
    return (datetime.fromtimestamp(emulator.world.clock.now(), UTC) + timedelta(days)).date().isoformat()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Birthdate = TODAY", [0]),
        ("Birthdate = YESTERDAY", [-1]),
        ("Birthdate = LAST_N_DAYS:1", [-1, 0]),
        ("Birthdate = N_DAYS_AGO:30", [-30]),
        ("Birthdate = NEXT_N_DAYS:1", [1]),
        ("Birthdate > TODAY", [1, 400]),
        ("Birthdate >= TODAY", [0, 1, 400]),
        ("Birthdate < TODAY", [-30, -1]),
        ("Birthdate <= YESTERDAY", [-30, -1]),
        ("Birthdate != LAST_90_DAYS", [1, 400]),
        ("CreatedDate = TODAY AND Birthdate = TOMORROW", [1]),
        ("CreatedDate < TODAY", []),
    ],
)
def test_date_literals_move_with_the_day(
    client: Client, emulator: Emulator, condition: str, expected: list[int]
) -> None:
    emulator.insert("Contact", *({"LastName": "L", "Birthdate": day(emulator, days)} for days in (-30, -1, 0, 1, 400)))
    found = rows(client, f"SELECT Birthdate FROM Contact WHERE {condition} ORDER BY Birthdate")
    assert [row["Birthdate"] for row in found] == [day(emulator, days) for days in expected]


def test_date_literals_follow_the_clock_of_the_org(client: Client, emulator: Emulator) -> None:
    emulator.insert("Contact", {"LastName": "L"})
    emulator.advance(86_400)
    client.login()
    assert client.query("SELECT COUNT() FROM Contact WHERE CreatedDate = YESTERDAY")["totalSize"] == 1


@pytest.mark.usefixtures("accounts")
def test_functions_of_dates_and_labels(client: Client, emulator: Emulator) -> None:
    emulator.insert("Account", {"Name": "Labelled", "Plan__c": "team", "External_Id__c": "x"})
    year = int(day(emulator, 0)[:4])
    grouped = rows(
        client, "SELECT CALENDAR_YEAR(CreatedDate) y, COUNT(Id) n FROM Account GROUP BY CALENDAR_YEAR(CreatedDate)"
    )
    assert grouped == [{"y": year, "n": 5}]
    assert client.query(f"SELECT COUNT() FROM Account WHERE CALENDAR_YEAR(CreatedDate) = {year - 1}")["totalSize"] == 0
    labels = "SELECT toLabel(Plan__c), FORMAT(CreatedDate) made FROM Account WHERE External_Id__c = 'x'"
    [labelled] = rows(client, labels)
    assert labelled["Plan__c"] == "Team plan"
    assert labelled["made"].startswith(str(year))


@pytest.mark.usefixtures("accounts")
def test_objects_may_have_another_name_within_a_statement(client: Client) -> None:
    found = rows(client, "SELECT c.LastName, c.Account.Name FROM Contact c WHERE c.LastName = 'Three' ORDER BY c.Id")
    assert [(row["LastName"], row["Account"]["Name"]) for row in found] == [("Three", "Gamma")]
    named = "SELECT Contact.LastName, Contact.Account.Name FROM Contact WHERE Contact.LastName = 'Three'"
    assert [(row["LastName"], row["Account"]["Name"]) for row in rows(client, named)] == [("Three", "Gamma")]
    inner = "SELECT Account.Name, (SELECT Contact.LastName FROM Account.Contacts) FROM Account WHERE Name = 'Gamma'"
    assert rows(client, inner)[0]["Contacts"]["records"][0]["LastName"] == "Three"
    assert len(rows(client, "SELECT Id FROM Contact USING SCOPE everything WHERE Email = null FOR VIEW")) == 3


def test_columns_are_described_instead_of_records(client: Client) -> None:
    statement = "SELECT Id, Account.Owner.Name, Account.Name, HasOptedOutOfEmail FROM Contact"
    answer = client.rest("GET", "/query", params={"q": statement, "columns": "true"}).json()
    assert (answer["entityName"], answer["idSelected"], answer["keyPrefix"]) == ("Contact", True, "003")
    identity, account, opted = answer["columnMetadata"]
    assert (identity["columnName"], identity["textType"]) == ("Id", True)
    assert [column["columnName"] for column in account["joinColumns"]] == ["Owner", "Name"]
    assert opted["booleanType"] is True
    grouped = "SELECT Rating, COUNT(Id) n FROM Account GROUP BY Rating"
    answer = client.rest("GET", "/query", params={"q": grouped, "columns": "true"}).json()
    assert [(column["columnName"], column["aggregate"]) for column in answer["columnMetadata"]] == [
        ("Rating", False),
        ("n", True),
    ]


@pytest.mark.parametrize(
    "statement", ["SELECT COUNT(Id) FROM Account", "SELECT Id, (SELECT Id FROM Contacts) FROM Account"]
)
def test_bulk_queries_take_neither_groups_nor_children(client: Client, statement: str) -> None:
    answer = client.jobs("POST", "/query", {"operation": "query", "query": statement})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "API_ERROR")
