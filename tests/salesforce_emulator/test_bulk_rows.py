"""Bulk API 1.0: what the rows of a CSV batch mean, and what becomes of them."""

from __future__ import annotations

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client, fault_of


def test_results_follow_the_rows_and_cells_mean_what_they_do_in_salesforce(client: Client, emulator: Emulator) -> None:
    client.create("Contact", LastName="Old", FirstName="F", Title="T", External_Id__c="k1")
    data = "external_id__C,LastName,FirstName,Title\r\nK1,New,#N/A,\r\nk2,Two,,T\r\n\r\nk3,#N/A,,\r\n"
    results = client.load("upsert", "Contact", data, "External_Id__c")
    assert [(row["Success"], row["Created"]) for row in results] == [
        ("true", "false"),
        ("true", "true"),
        ("false", "false"),
    ]
    records = {record["External_Id__c"]: record for record in emulator.records("Contact")}
    assert (records["K1"]["LastName"], records["K1"]["FirstName"], records["K1"]["Title"]) == ("New", None, "T")
    assert results[2]["Error"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"


@pytest.mark.parametrize(
    ("header", "cell", "error"),
    [
        (
            "Last_Seen__c",
            "2018-09-28",
            "INVALID_FIELD:Failed to deserialize field at col 2. Due to, '2018-09-28' is not a valid value for the "
            "type xsd:dateTime:Last_Seen__c --",
        ),
        (
            "Credit_Limit__c",
            '"1,5"',
            "INVALID_FIELD:Failed to deserialize field at col 2. Due to, '1,5' is not a valid value for the type "
            "xsd:double:Credit_Limit__c --",
        ),
        (
            "DoNotCall",
            "#N/A",
            "INVALID_TYPE_ON_FIELD_IN_RECORD:Do Not Call: value not of required type: :DoNotCall --",
        ),
        (
            "Account.External_Id__c",
            "a-404",
            "INVALID_FIELD:Foreign key external ID: a-404 not found for field External_Id__c in entity Account:--",
        ),
        (
            "Name",
            "x",
            "INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: Name. Please check the security settings "
            "of this field and verify that it is read/write for your profile or permission set.:Name --",
        ),
    ],
)
def test_a_bad_cell_is_an_error_of_its_row(client: Client, header: str, cell: str, error: str) -> None:
    data = f"External_Id__c,LastName,{header}\nk1,One,{cell}\nk2,Two,\n"
    results = client.load("upsert", "Contact", data, "External_Id__c")
    assert [row["Error"] for row in results] == [error, ""]


def test_parents_by_key_with_the_type_where_there_are_several(client: Client, emulator: Emulator) -> None:
    account = client.create("Account", Name="A", External_Id__c="a-1")
    results = client.load("insert", "Contact", "LastName,Account.External_Id__c\nL,A-1\n")
    assert results[0]["Success"] == "true"
    assert emulator.records("Contact")[0]["AccountId"] == account
    lead = "LastName,Company,User:Owner.Username\nL,C,second@emulator.invalid\n"
    assert client.load("insert", "Lead", lead)[0]["Success"] == "true"
    assert emulator.records("Lead")[0]["OwnerId"] != emulator.world.user_id


@pytest.mark.parametrize(
    "column",
    [
        "Foo__c",
        "Secret__c",
        "Account.Foo__c",
        "Account.Name",
        "Foo.External_Id__c",
        "Account:Account.External_Id__c",
        "AccountId.External_Id__c",
    ],
)
def test_an_unknown_column_fails_the_batch(client: Client, column: str) -> None:
    job = client.job("insert", "Contact")
    batch = client.batch(job, f"LastName,{column}\nL,x\n")
    info = client.wait_for_batch(job, batch)
    assert (info["state"], info["stateMessage"]) == ("Failed", f"InvalidBatch : Field name not found : {column}")
    assert list(info)[2:4] == ["state", "stateMessage"]
    assert fault_of(client.bulk("GET", f"/{job}/batch/{batch}/result")) == (
        400,
        "InvalidBatch",
        "Records not processed",
    )
    assert client.emulator.records("Contact") == []


@pytest.mark.parametrize("column", ["Owner.Username", "Owner:User.Username", "Contact:Owner.Email", "Name:Owner.x"])
def test_other_spellings_of_a_polymorphic_parent_fail_the_batch(client: Client, column: str) -> None:
    message = client.failure("insert", "Lead", f"LastName,{column}\nL,x\n")
    assert message == f"InvalidBatch : Field name not found : {column}"


@pytest.mark.parametrize(
    ("operation", "data"),
    [
        ("insert", ""),
        ("insert", "Name,Name\nA,B\n"),
        ("insert", "Name,Site\nA\n"),
        ("insert", 'Name\n"A" x\n'),
        ("insert", "Name\n" + "A\n" * 10_001),
        ("insert", f"Name\n{'A' * 140_000}\n"),
        ("delete", "Id,Name\nx,y\n"),
        ("delete", "Name\ny\n"),
    ],
)
def test_unusable_data_fail_the_batch_as_a_whole(client: Client, operation: str, data: str) -> None:
    assert client.failure(operation, "Account", data).startswith("InvalidBatch : ")


def test_data_that_are_no_utf8_fail_and_a_byte_order_mark_does_not_matter(client: Client) -> None:
    job = client.job("insert", "Account")
    assert client.wait_for_batch(job, client.batch(job, b"Name\n\xff\n"))["state"] == "Failed"
    assert client.results(job, client.batch(job, b"\xef\xbb\xbfName\nA\n"))[0]["Success"] == "true"


def test_records_are_updated_and_deleted_by_id(client: Client, emulator: Emulator) -> None:
    account = client.create("Account", Name="A")
    updated = client.load("update", "Account", f"id,Name\n{account},B\n,C\n0015g0000000zzzAAA,D\n")
    assert [row["Error"].partition(":")[0] for row in updated] == [
        "",
        "MISSING_ARGUMENT",
        "INVALID_CROSS_REFERENCE_KEY",
    ]
    deleted = client.load("delete", "Account", f'"Id"\n"{account}"\n')
    assert deleted == [{"Id": account, "Success": "true", "Created": "false", "Error": ""}]
    assert emulator.records("Account")[0]["IsDeleted"] is True
    again = client.load("update", "Account", f"Id,Name\n{account},B\n")
    assert again[0]["Error"] == "ENTITY_IS_DELETED:entity is deleted:--"
    assert client.load("hardDelete", "Account", f"Id\n{account}\n")[0]["Success"] == "true"
    assert emulator.records("Account") == []


def test_upsert_by_id_creates_where_the_cell_is_blank(client: Client) -> None:
    account = client.create("Account", Name="A")
    results = client.load("upsert", "Account", f'"Name","Id"\n"N",""\n"B","{account}"\n', "Id")
    assert [row["Created"] for row in results] == ["true", "false"]


def test_a_key_that_occurs_twice_counts_within_200_rows_only(client: Client) -> None:
    near = "External_Id__c,LastName\nk,A\nK,B\n"
    assert [row["Success"] for row in client.load("upsert", "Contact", near, "External_Id__c")] == ["false", "false"]
    rows = ["k,First", *(f"x{n},X" for n in range(199)), "k,Second"]
    far = "External_Id__c,LastName\n" + "\n".join(rows) + "\n"
    results = client.load("upsert", "Contact", far, "External_Id__c")
    assert (results[0]["Created"], results[200]["Created"]) == ("true", "false")
    assert results[0]["Id"] == results[200]["Id"]
