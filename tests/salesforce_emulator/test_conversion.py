"""Leads that become contacts of accounts, by SOAP, by hand, and while a client works."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from salesforce_emulator import Emulator, OrgError, read_org

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.soap import call_soap

STATUS = "<u:convertedStatus>Closed - Converted</u:convertedStatus>"
LEAD = {"LastName": "Ash", "FirstName": "Ann", "Company": "Acme", "Email": "a@x.org", "City": "Bonn", "Phone": "1"}


def lead(emulator: Emulator, **fields: Any) -> str:
    [made] = emulator.insert("Lead", {**LEAD, "External_Id__c": "k1", **fields})
    return made


def convert_lead(client: Client, lead_id: str, more: str = STATUS) -> dict[str, Any]:
    [result] = call_soap(
        client, "convertLead", f"<u:leadConverts><u:leadId>{lead_id}</u:leadId>{more}</u:leadConverts>"
    )
    return dict(result)


def test_a_lead_becomes_an_account_a_contact_and_an_opportunity(client: Client, emulator: Emulator) -> None:
    made = lead(emulator, LeadSource="Web")
    result = convert_lead(client, made)
    [account], [contact] = emulator.records("Account"), emulator.records("Contact")
    [opportunity] = emulator.records("Opportunity")
    assert result == {
        "accountId": account["Id"],
        "contactId": contact["Id"],
        "leadId": made,
        "opportunityId": opportunity["Id"],
        "success": "true",
    }
    assert (account["Name"], account["BillingCity"], account["AccountSource"]) == ("Acme", "Bonn", "Web")
    assert (contact["Name"], contact["Email"], contact["MailingCity"]) == ("Ann Ash", "a@x.org", "Bonn")
    assert contact["AccountId"] == opportunity["AccountId"] == account["Id"]
    assert (opportunity["Name"], opportunity["StageName"]) == ("Acme", "Prospecting")
    [record] = emulator.records("Lead")
    assert (record["IsConverted"], record["Status"], record["IsDeleted"]) == (True, "Closed - Converted", False)
    assert record["ConvertedContactId"] == contact["Id"]
    assert record["ConvertedAccountId"] == account["Id"]
    found = client.select_rows("SELECT IsConverted, ConvertedContactId FROM Lead WHERE External_Id__c = 'k1'")
    assert found == [{"IsConverted": True, "ConvertedContactId": contact["Id"]}]


def test_a_converted_lead_can_be_read_but_not_written(client: Client, emulator: Emulator) -> None:
    made = lead(emulator)
    emulator.convert("k1")
    refused = [{"message": "cannot reference converted lead", "errorCode": "CANNOT_UPDATE_CONVERTED_LEAD"}]
    for method, path in (
        ("PATCH", f"/sobjects/Lead/{made}"),
        ("PATCH", "/sobjects/Lead/External_Id__c/k1"),
        ("DELETE", f"/sobjects/Lead/{made}"),
    ):
        answer = client.rest(method, path, {"Phone": "2"} if method == "PATCH" else None)
        assert (answer.status_code, answer.json()) == (400, [{**refused[0], "fields": []}])
    [row] = client.load("upsert", "Lead", "External_Id__c,Phone\nk1,2\n", "External_Id__c")
    assert row["Error"] == "CANNOT_UPDATE_CONVERTED_LEAD:cannot reference converted lead:--"
    assert len(emulator.records("Lead")) == 1


def test_custom_fields_go_along_where_they_are_mapped(client: Client, emulator: Emulator) -> None:
    lead(emulator, Tier__c="Gold")
    emulator.change_org({"leadFields": {"External_Id__c": ["Contact.External_Id__c", "Account.External_Id__c"]}})
    emulator.convert("k1")
    [contact] = emulator.records("Contact")
    assert (contact["External_Id__c"], contact["Tier__c"]) == ("k1", None)
    assert emulator.records("Account")[0]["External_Id__c"] == "k1"


def test_records_that_exist_are_only_completed(client: Client, emulator: Emulator) -> None:
    made = lead(emulator, LeadSource="Web", Title="Boss")
    [account] = emulator.insert("Account", {"Name": "Present", "Phone": "9"})
    [contact] = emulator.insert("Contact", {"LastName": "Old", "LeadSource": "Other"})
    more = f"<u:accountId>{account}</u:accountId><u:contactId>{contact}</u:contactId>{STATUS}"
    more += "<u:doNotCreateOpportunity>true</u:doNotCreateOpportunity>"
    more += "<u:overwriteLeadSource>true</u:overwriteLeadSource>"
    result = convert_lead(client, made, more)
    assert (result["accountId"], result["contactId"], result["opportunityId"]) == (account, contact, None)
    [record] = emulator.records("Account")
    assert (record["Name"], record["Phone"], record["BillingCity"]) == ("Present", "9", "Bonn")
    [person] = emulator.records("Contact")
    assert (person["LastName"], person["Title"], person["LeadSource"]) == ("Old", "Boss", "Web")
    assert person["AccountId"] == account


def test_what_cannot_be_converted_changes_nothing(client: Client, emulator: Emulator) -> None:
    made = lead(emulator)

    def code(lead_id: str, more: str = STATUS) -> str:
        result = convert_lead(client, lead_id, more)
        assert result["success"] == "false"
        return str(result["errors"][0]["statusCode"])

    assert code(made, "<u:convertedStatus>Working - Contacted</u:convertedStatus>") == "INVALID_STATUS"
    assert code(made, "") == "INVALID_STATUS"
    assert code(made, f"{STATUS}<u:contactId>0035g00000ZZZZZ</u:contactId>") == "INVALID_CROSS_REFERENCE_KEY"
    assert code("00Q5g00000ZZZZZ") == "INVALID_CROSS_REFERENCE_KEY"
    assert [emulator.records(name) for name in ("Account", "Contact", "Opportunity")] == [[], [], []]
    emulator.convert(made)
    assert code(made) == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_the_new_records_may_get_another_owner(client: Client, emulator: Emulator) -> None:
    made = lead(emulator)
    [other] = [user["Id"] for user in emulator.records("User") if user["Id"] != emulator.world.user_id]
    assert convert_lead(client, made, f"{STATUS}<u:ownerId>{other}</u:ownerId>")["success"] == "true"
    owners = [emulator.records(name)[0]["OwnerId"] for name in ("Account", "Contact", "Opportunity")]
    assert owners == [other] * 3


def test_a_record_that_the_org_refuses_undoes_the_whole_conversion(client: Client, emulator: Emulator) -> None:
    made = lead(emulator)
    emulator.change_org({"leadFields": {"External_Id__c": ["Contact.External_Id__c"]}})
    emulator.insert("Contact", {"LastName": "Taken", "External_Id__c": "k1"})
    [error] = convert_lead(client, made)["errors"]
    assert error["statusCode"] == "DUPLICATE_VALUE"
    assert [emulator.records("Account"), len(emulator.records("Contact"))] == [[], 1]
    assert emulator.records("Lead")[0]["IsConverted"] is False


def test_leads_are_converted_by_hand_through_the_side_door(emulator: Emulator) -> None:
    made = lead(emulator)
    url = f"{emulator.instance_url}/__emulator__/convert"
    answer = requests.post(url, json={"leads": ["k1"]}, timeout=5).json()
    [contact] = emulator.records("Contact")
    assert answer == {"converted": [{"lead": made, "account": contact["AccountId"], "contact": contact["Id"]}]}
    again = requests.post(url, json={"leads": [made]}, timeout=5)
    assert (again.status_code, "CANNOT_UPDATE_CONVERTED_LEAD" in again.text) == (400, True)
    assert requests.post(url, json={"leads": ["nobody"]}, timeout=5).status_code == 400


def test_a_lead_is_converted_when_a_certain_request_arrives(client: Client, emulator: Emulator) -> None:
    lead(emulator)
    rule = {"match": {"method": "PATCH", "path": "*/composite/sobjects/Lead/*"}, "do": {"convert": ["k1"]}, "times": 1}
    emulator.faults([rule])
    assert client.select_rows("SELECT IsConverted FROM Lead") == [{"IsConverted": False}]
    [row] = client.collection("PATCH", "/Lead/External_Id__c", {"External_Id__c": "k1", "Phone": "2"}, type_="Lead")
    assert row["errors"][0]["statusCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"
    assert client.select_rows("SELECT ConvertedContactId FROM Lead")[0]["ConvertedContactId"] is not None


def test_an_org_file_may_hold_leads_that_were_converted() -> None:
    contact = {"LastName": "Ash", "External_Id__c": "c1"}
    converted = {**LEAD, "External_Id__c": "k1", "IsConverted": True, "ConvertedContact": {"External_Id__c": "c1"}}
    objects = {"Contact": {"records": [contact]}, "Lead": {"records": [converted, {**LEAD, "External_Id__c": "k2"}]}}
    with Emulator({"extends": "default", "objects": objects}) as emulator:
        client = Client(emulator)
        statement = "SELECT External_Id__c, ConvertedContact.External_Id__c FROM Lead WHERE IsConverted = true"
        found = client.query(f"{statement} AND ConvertedContactId != null")["records"]
        assert [row["ConvertedContact"]["External_Id__c"] for row in found] == ["c1"]
        rows = client.load("update", "Lead", f"Id,Phone\n{emulator.records('Lead')[0]['Id']},2\n")
        assert rows[0]["Error"].startswith("CANNOT_UPDATE_CONVERTED_LEAD")
        assert client.select_rows("SELECT External_Id__c FROM Lead WHERE IsConverted = false") == [
            {"External_Id__c": "k2"}
        ]
        client.close()


def test_lead_fields_that_do_not_exist_are_told() -> None:
    with pytest.raises(OrgError) as caught:
        read_org({"extends": "default", "leadFields": {"Nope__c": ["Contact.Nope__c", "Case.Subject"]}})
    assert len(caught.value.problems) == 3
