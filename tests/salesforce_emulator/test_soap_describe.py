"""What the partner and Metadata APIs tell of the org itself; messages that are not as the WSDL says."""

from __future__ import annotations

from salesforce_emulator import Emulator

from tests.salesforce_emulator import metadata
from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.soap import call_soap, fault, message, post


def test_objects_are_described_with_their_fields(client: Client) -> None:
    names = "<u:sObjectType>Account</u:sObjectType><u:sObjectType>Contact</u:sObjectType>"
    account, contact = call_soap(client, "describeSObjects", names)
    assert (account["name"], contact["keyPrefix"]) == ("Account", "003")
    fields = {field["name"]: field for field in contact["fields"]}
    assert fields["External_Id__c"]["externalId"] == "true"
    [one] = call_soap(client, "describeSObject", "<u:sObjectType>Account</u:sObjectType>")
    assert one == account
    answer = post(client, message("describeSObject", "<u:sObjectType>Nope</u:sObjectType>", client.token))
    assert fault(answer)[1] == "sf:INVALID_TYPE"
    assert b"<sobjects>" in post(client, message("describeGlobal", "", client.token)).content


def test_the_time_is_that_of_the_org(client: Client, emulator: Emulator) -> None:
    [before] = call_soap(client, "getServerTimestamp", "")
    emulator.advance(3_600)
    [after] = call_soap(client, "getServerTimestamp", "")
    assert before["timestamp"].endswith("Z")
    assert after["timestamp"][:13] > before["timestamp"][:13]


def test_a_merge_in_another_element_than_request_is_refused(client: Client) -> None:
    answer = post(client, message("merge", "<u:mergeRequests/>", client.token))
    assert fault(answer) == (
        500,
        "soapenv:Client",
        "Element {urn:partner.soap.sforce.com}mergeRequests invalid at this location",
    )


def test_components_and_their_types_are_listed(client: Client, emulator: Emulator) -> None:
    def call_metadata(operation: str, inner: str = "") -> str:
        body = f"<m:{operation}>{inner}</m:{operation}>"
        return metadata.post(client, metadata.message(body, client.token)).text

    described = call_metadata("describeMetadata")
    assert described.count("<metadataObjects>") == 3
    wanted = "".join(
        f"<m:queries><m:type>{kind}</m:type></m:queries>" for kind in ("CustomField", "StandardValueSet", "Report")
    )
    listed = call_metadata("listMetadata", wanted)
    assert "<fullName>Account.Plan__c</fullName>" in listed
    assert "<fullName>OpportunityStage</fullName>" in listed
    emulator.change_org({"permissions": {emulator.username: {"modifyMetadata": False}}})
    assert "INSUFFICIENT_ACCESS" in call_metadata("listMetadata", wanted)


def test_setup_objects_are_described_by_the_tooling_api(client: Client) -> None:
    names = [one["name"] for one in client.rest("GET", "/tooling/sobjects").json()["sobjects"]]
    assert {"CustomField", "ApexTrigger"} <= set(names)
    described = client.rest("GET", "/tooling/sobjects/CustomField/describe").json()
    assert "DeveloperName" in [field["name"] for field in described["fields"]]
    assert client.rest("GET", "/tooling/sobjects/Nope/describe").status_code == 404
