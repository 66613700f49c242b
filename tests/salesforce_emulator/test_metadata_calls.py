"""Calls of the Metadata API: their form, their session, their faults."""

from __future__ import annotations

from typing import Any

from salesforce_emulator import Emulator

from tests.salesforce_emulator import metadata, soap
from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.metadata import message, post, read
from tests.salesforce_emulator.test_metadata import change_component, refusal, success

BUSY = "Cannot update or delete a picklist while a picklist background job is being executed"


def fault(client: Client, body: str, **more: Any) -> tuple[int, str, str]:
    return soap.fault(post(client, message(body, more.pop("token", client.token)), **more))


READ = "<readMetadata><type>StandardValueSet</type><fullNames>LeadSource</fullNames></readMetadata>"


def test_calls_of_another_form_are_faults(client: Client) -> None:
    untyped = "<updateMetadata><metadata><fullName>LeadSource</fullName></metadata></updateMetadata>"
    needs = "Must specify a type attribute value for the metadata element"
    assert fault(client, untyped) == (500, "soapenv:Client", needs)
    assert fault(client, "<readMetadata><type>Nope</type></readMetadata>")[1] == "sf:INVALID_TYPE"
    names = "<fullNames>LeadSource</fullNames>" * 11
    limit = "EXCEEDED_ID_LIMIT: record limit reached. cannot submit more than 10 records in this operation"
    many = f"<readMetadata><type>StandardValueSet</type>{names}</readMetadata>"
    assert fault(client, many) == (500, "sf:EXCEEDED_ID_LIMIT", limit)
    assert fault(client, "<deleteMetadata/>")[1] == "soapenv:Client"
    mixed = "".join(f'<metadata xsi:type="{kind}"/>' for kind in ("CustomField", "StandardValueSet"))
    assert fault(client, f"<updateMetadata>{mixed}</updateMetadata>")[1] == "sf:INVALID_TYPE"
    number = '<metadata xsi:type="CustomField"><length>long</length></metadata>'
    assert fault(client, f"<updateMetadata>{number}</updateMetadata>")[1] == "soapenv:Client"
    assert fault(client, READ, version="30.0")[1] == "sf:UNSUPPORTED_API_VERSION"


def test_a_message_has_an_action_and_no_document_type(client: Client) -> None:
    text = message(READ, client.token)
    url = f"{client.emulator.instance_url}/services/Soap/m/58.0"
    without = client.http.post(url, data=text, headers={"Content-Type": "text/xml; charset=UTF-8"})
    assert soap.fault(without) == (500, "soapenv:Client", "SOAPAction HTTP header missing")
    assert post(client, text, SOAPAction="").status_code == 200
    declared = '<!DOCTYPE e [<!ENTITY x "LeadSource">]>' + text.replace("LeadSource", "&x;")
    assert soap.fault(post(client, declared))[:2] == (500, "soapenv:Client")
    partner = text.replace(metadata.METADATA, soap.PARTNER)
    assert soap.fault(post(client, partner))[1] == "soapenv:Client"


def test_a_session_stands_in_the_header_and_is_no_jwt(client: Client, emulator: Emulator) -> None:
    status, code, text = fault(client, READ, token="gone")
    assert (status, code) == (500, "sf:INVALID_SESSION_ID")
    assert text.startswith("INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session")
    emulator.change_org({"application": {"tokenFormat": "jwt"}})
    client.login()
    assert client.rest("GET", "/tooling/query", params={"q": "SELECT Id FROM GlobalValueSet"}).status_code == 200
    assert fault(client, READ)[:2] == (500, "sf:INVALID_SESSION_ID")


def test_the_metadata_api_has_a_permission_of_its_own(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"permissions": {emulator.username: {"modifyMetadata": False}}})
    assert fault(client, READ)[:2] == (500, "sf:INSUFFICIENT_ACCESS")


def test_faults_strike_components_and_calls(client: Client, emulator: Emulator) -> None:
    do = {"error": {"code": "UNABLE_TO_LOCK_ROW", "message": BUSY}}
    emulator.faults([
        {"match": {"object": "StandardValueSet", "key": "LeadSource"}, "do": do, "times": 1},
        {"match": {"path": "/services/Soap/m/*"}, "do": {"error": {"code": "SERVER_UNAVAILABLE"}}, "times": 1},
    ])  # fmt: skip
    answer = post(client, message(READ, client.token))
    assert soap.fault(answer)[1] == "sf:SERVER_UNAVAILABLE"
    assert "<detail>" not in answer.text
    result = change_component(client, "StandardValueSet", "LeadSource", lambda one: one["standardValue"].pop())
    assert refusal(result) == ("UNABLE_TO_LOCK_ROW", BUSY)
    assert change_component(
        client, "StandardValueSet", "LeadSource", lambda one: one["standardValue"].pop()
    ) == success("LeadSource")


def test_calls_are_counted(client: Client, emulator: Emulator) -> None:
    read(client, "StandardValueSet", "LeadSource")
    assert emulator.stats()["calls"]["POST /services/Soap/m/58.0"] == 1
    usage = client.rest("GET", "/limits").json()["DailyApiRequests"]
    assert usage["Max"] - usage["Remaining"] == 2
