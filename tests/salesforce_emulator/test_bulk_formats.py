"""Bulk API 1.0: batches in JSON and XML, queries, and the speed of a large one."""

from __future__ import annotations

import json

from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client, elements, fault_of


def test_json_batches_give_json_results(client: Client) -> None:
    info = json.dumps({"operation": "insert", "object": "Contact", "contentType": "JSON"})
    job = client.bulk("POST", "", info, Content_Type="application/json").json()["id"]
    account = client.create("Account", Name="A", External_Id__c="a-1")
    rows = [{"LastName": "A", "Account": {"External_Id__c": "a-1"}}, {"FirstName": "x"}, {"LastName": "B", "x": 1}]
    sent = client.bulk("POST", f"/{job}/batch", json.dumps(rows), Content_Type="application/json")
    batch = sent.json()["id"]
    while client.bulk("GET", f"/{job}/batch/{batch}").json()["state"] != "Completed":
        pass
    results = client.bulk("GET", f"/{job}/batch/{batch}/result").json()
    assert [result["success"] for result in results] == [True, False, False]
    assert results[1] == {
        "success": False,
        "created": False,
        "id": None,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [LastName]",
                "fields": ["LastName"],
                "extendedErrorDetails": None,
            }
        ],
    }
    assert client.emulator.records("Contact")[0]["AccountId"] == account
    broken = client.bulk("POST", f"/{job}/batch", "{}", Content_Type="application/json").json()["id"]
    while client.bulk("GET", f"/{job}/batch/{broken}").json()["state"] != "Failed":
        pass


def test_xml_batches_give_xml_results(client: Client) -> None:
    job = client.job("insert", "Contact", content_type="XML")
    nil = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
    rows = (
        f"<sObject><LastName>A</LastName><FirstName {nil}/><Title></Title></sObject><sObject><Title>x</Title></sObject>"
    )
    data = f'<sObjects xmlns="http://www.force.com/2009/06/asyncapi/dataload">{rows}</sObjects>'
    batch = client.batch(job, data, "application/xml")
    client.wait_for_batch(job, batch)
    answer = client.bulk("GET", f"/{job}/batch/{batch}/result")
    assert answer.headers["Content-Type"] == "application/xml"
    assert b"<success>true</success>" in answer.content
    assert b"<statusCode>REQUIRED_FIELD_MISSING</statusCode>" in answer.content


def test_an_xml_batch_names_types_and_parents(client: Client, emulator: Emulator) -> None:
    account = client.create("Account", Name="A", External_Id__c="a-1")
    job = client.job("insert", "Contact", content_type="XML")
    parent = "<Account><sObject><External_Id__c>a-1</External_Id__c></sObject></Account>"
    rows = f"<sObject><LastName>A</LastName>{parent}</sObject>"
    data = f'<sObjects xmlns="http://www.force.com/2009/06/asyncapi/dataload">{rows}</sObjects>'
    client.wait_for_batch(job, client.batch(job, data, "application/xml"))
    assert [contact["AccountId"] for contact in emulator.records("Contact")] == [account]
    [second] = [user for user in emulator.records("User") if user["Id"] != emulator.world.user_id]
    job = client.job("insert", "Lead", content_type="XML")
    owner = f"<Owner><sObject><Username>{second['Username']}</Username><type>User</type></sObject></Owner>"
    rows = f"<sObject><type>Lead</type><LastName>L</LastName><Company>C</Company>{owner}</sObject>"
    data = f'<sObjects xmlns="http://www.force.com/2009/06/asyncapi/dataload">{rows}</sObjects>'
    client.wait_for_batch(job, client.batch(job, data, "application/xml"))
    assert [record["OwnerId"] for record in emulator.records("Lead")] == [second["Id"]]


def test_a_batch_in_json_has_ten_thousand_records_at_most(client: Client, emulator: Emulator) -> None:
    info = json.dumps({"operation": "insert", "object": "Contact", "contentType": "JSON"})
    job = client.bulk("POST", "", info, Content_Type="application/json").json()["id"]
    sent = client.bulk("POST", f"/{job}/batch", json.dumps([{}] * 10_001), Content_Type="application/json").json()
    while (batch := client.bulk("GET", f"/{job}/batch/{sent['id']}").json())["state"] != "Failed":
        assert batch["state"] in ("Queued", "InProgress")
    assert batch["stateMessage"] == "InvalidBatch : Records exceed the maximum of 10000 for a batch"


def test_a_query_batch_that_finds_nothing_says_so(client: Client) -> None:
    job = client.job("query", "Account")
    batch = client.batch(job, "SELECT Name FROM Account")
    client.wait_for_batch(job, batch)
    result = elements(client.bulk("GET", f"/{job}/batch/{batch}/result"))["result"]
    assert client.bulk("GET", f"/{job}/batch/{batch}/result/{result}").text == "Records not found for this query"


def test_query_batches_list_result_files(client: Client, emulator: Emulator) -> None:
    emulator.insert("Account", {"Name": "A", "Is_Customer__c": True}, {"Name": "B"})
    job = client.job("query", "Account")
    batch = client.batch(job, "SELECT Name, Is_Customer__c, Owner.Username, Site FROM Account ORDER BY Name")
    client.wait_for_batch(job, batch)
    result = elements(client.bulk("GET", f"/{job}/batch/{batch}/result"))["result"]
    rows = client.bulk("GET", f"/{job}/batch/{batch}/result/{result}").text
    assert rows == (
        '"Name","Is_Customer__c","Owner.Username","Site"\n'
        '"A","true","integration@emulator.invalid",""\n'
        '"B","false","integration@emulator.invalid",""\n'
    )
    assert fault_of(client.bulk("GET", f"/{job}/batch/{batch}/result/7525g0000000zzzAAA"))[1] == "InvalidBatch"
    failed = client.wait_for_batch(job, client.batch(job, "SELECT x FROM Account"))
    assert failed["stateMessage"].startswith("InvalidBatch : Failed to process query: INVALID_FIELD")


def test_a_batch_of_ten_thousand_rows_of_twelve_kinds_of_values_is_written_whole(client: Client) -> None:
    names = "External_Id__c LastName FirstName Email Phone Title Department MailingCity LeadSource"
    header = ",".join([*names.split(), "Credit_Limit__c", "DoNotCall", "Last_Seen__c"])
    rows = (
        f"k{n},L{n},F{n},p{n}@emulator.invalid,555,E,D,Paris,Web,{n}.25,true,2024-02-29T10:15:30Z"
        for n in range(10_000)
    )
    job = client.job("upsert", "Contact", "External_Id__c")
    data = f"{header}\n" + "\n".join(rows)
    info = client.wait_for_batch(job, client.batch(job, data))
    assert (info["state"], info["numberRecordsProcessed"], info["numberRecordsFailed"]) == ("Completed", "10000", "0")
