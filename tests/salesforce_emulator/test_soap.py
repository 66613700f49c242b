"""The partner API: messages, sessions, faults, records."""

from __future__ import annotations

import pytest
import requests
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.soap import HEADERS, call_soap, fault, message, post, sobject

USER_INFO = "getUserInfo"


def test_a_message_carries_its_session(client: Client, emulator: Emulator) -> None:
    [info] = call_soap(client, USER_INFO, "")
    assert (info["userName"], info["organizationId"]) == (emulator.username, emulator.world.org.id)
    answer = post(client, message(USER_INFO, "", client.token))
    assert b"<type>API REQUESTS</type>" in answer.content
    assert answer.headers["Content-Type"] == "text/xml;charset=UTF-8"
    url = f"{emulator.instance_url}/services/Soap/u/58.0/{emulator.world.org.id[:15]}"
    assert client.http.post(url, data=message(USER_INFO, "", client.token), headers=HEADERS).ok


@pytest.mark.parametrize("token", ["gone", None])
def test_a_dead_session_is_a_fault(client: Client, token: str | None) -> None:
    status, code, text = fault(post(client, message(USER_INFO, "", token)))
    assert (status, code) == (500, "sf:INVALID_SESSION_ID")
    assert text.startswith("INVALID_SESSION_ID: Invalid Session ID found in SessionHeader")


def test_a_token_in_jwt_format_is_refused_though_rest_takes_it(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"application": {"tokenFormat": "jwt"}})
    client.login()
    assert client.rest("GET", "/limits").ok
    assert fault(post(client, message(USER_INFO, "", client.token)))[1] == "sf:INVALID_SESSION_ID"


def test_what_the_user_or_the_org_may_not_do_any_more_is_a_fault(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"permissions": {emulator.username: {"apiEnabled": False}}})
    assert fault(post(client, message(USER_INFO, "", client.token)))[1] == "sf:API_CURRENTLY_DISABLED"
    emulator.change_org({"permissions": {emulator.username: None}, "limits": {"DailyApiRequests": {"max": 0}}})
    assert fault(post(client, message(USER_INFO, "", client.token)))[1] == "sf:REQUEST_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<!DOCTYPE e [<!ENTITY x "y">]><e/>', "a document type declaration is not allowed"),
        ("<e", "no XML"),
        ("<e/>", "no SOAP 1.1 envelope"),
        (message("telepathy", "", "t"), "No operation available for request {urn:partner.soap.sforce.com}telepathy"),
    ],
)
def test_a_message_that_makes_no_sense_is_a_fault_of_the_client(client: Client, text: str, said: str) -> None:
    status, code, words = fault(post(client, text))
    assert (status, code) == (500, "soapenv:Client")
    assert said in words


def test_headers_and_versions_must_be_right(client: Client, emulator: Emulator) -> None:
    url = f"{emulator.instance_url}/services/Soap/u/58.0"
    text = message(USER_INFO, "", client.token)
    answer = client.http.post(url, data=text, headers={"Content-Type": "text/xml"})
    assert fault(answer) == (500, "soapenv:Client", "SOAPAction HTTP header missing")
    assert fault(post(client, text, **{"Content-Type": "application/json"}))[0] == 415
    assert fault(post(client, text, version="29.0"))[1] == "sf:UNSUPPORTED_API_VERSION"
    at_login = client.http.post(f"{emulator.login_url}/services/Soap/u/58.0", data=text, headers=HEADERS)
    assert "Destination URL not reset" in fault(at_login)[2]


def test_faults_on_demand_and_sessions_that_end_meanwhile(client: Client, emulator: Emulator) -> None:
    match = {"path": "/services/Soap/*"}
    emulator.faults(
        [
            {"match": match, "do": {"error": {"code": "SERVER_UNAVAILABLE", "message": "busy"}}, "times": 1},
            {"match": match, "do": {"expire": True}, "times": 1},
        ]
    )
    text = message(USER_INFO, "", client.token)
    assert fault(post(client, text)) == (500, "sf:SERVER_UNAVAILABLE", "SERVER_UNAVAILABLE: busy")
    assert fault(post(client, text))[1] == "sf:INVALID_SESSION_ID"


def test_records_are_created_updated_upserted_read_and_deleted(client: Client, emulator: Emulator) -> None:
    rows = sobject("sObjects", "Account", Name="A", External_Id__c="a") + sobject("sObjects", "Contact", FirstName="x")
    made, refused = call_soap(client, "create", rows)
    assert (made["success"], refused["success"], refused["id"]) == ("true", "false", None)
    assert refused["errors"][0] == {
        "fields": ["LastName"],
        "message": "Required fields are missing: [LastName]",
        "statusCode": "REQUIRED_FIELD_MISSING",
    }
    account = made["id"]
    call_soap(client, "update", sobject("sObjects", "Account", Id=account, Phone="1", NumberOfEmployees="7"))
    call_soap(client, "update", sobject("sObjects", "Account", Id=account, Phone=None))
    assert client.select_rows("SELECT Phone, NumberOfEmployees FROM Account") == [
        {"Phone": None, "NumberOfEmployees": 7}
    ]
    parent = "<s:Account><s:type>Account</s:type><s:External_Id__c>a</s:External_Id__c></s:Account>"
    contact = sobject("sObjects", "Contact", LastName="L", External_Id__c="c").replace("</u:", parent + "</u:")
    key = "<u:externalIDFieldName>External_Id__c</u:externalIDFieldName>"
    results = call_soap(client, "upsert", key + contact) + call_soap(client, "upsert", key + contact)
    assert [(result["created"], result["success"]) for result in results] == [("true", "true"), ("false", "true")]
    assert emulator.records("Contact")[0]["AccountId"] == account
    fields = "<u:fieldList>Id, Name</u:fieldList><u:sObjectType>Account</u:sObjectType>"
    found, none = call_soap(client, "retrieve", f"{fields}<u:ids>{account}</u:ids><u:ids>{account[:-4]}ZZZZ</u:ids>")
    assert (found["Name"], bool(none)) == ("A", False)
    gone, malformed = call_soap(client, "delete", f"<u:ids>{account}</u:ids><u:ids>nonsense</u:ids>")
    assert (gone["success"], malformed["errors"][0]["statusCode"]) == ("true", "MALFORMED_ID")


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        (sobject("sObjects", "Nope", Name="A"), "sf:INVALID_TYPE"),
        (sobject("sObjects", "Account", Nope="A"), "sf:INVALID_FIELD"),
        (sobject("sObjects", "Account", NumberOfEmployees="many"), "soapenv:Client"),
        (sobject("sObjects", "Account", Name="A") * 201, "sf:EXCEEDED_ID_LIMIT"),
    ],
)
def test_what_no_record_can_be_read_from_refuses_the_call(client: Client, inner: str, code: str) -> None:
    assert fault(post(client, message("create", inner, client.token)))[:2] == (500, code)


def test_all_or_none_undoes_the_good_records(client: Client, emulator: Emulator) -> None:
    rows = sobject("sObjects", "Account", Name="A") + sobject("sObjects", "Account", Phone="1")
    header = "<u:AllOrNoneHeader><u:allOrNone>true</u:allOrNone></u:AllOrNoneHeader>"
    results = call_soap(client, "create", rows, header)
    assert results[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert emulator.records("Account") == []


def test_text_is_cut_where_the_call_allows_it(client: Client, emulator: Emulator) -> None:
    row = sobject("sObjects", "Account", Name="x" * 300, NumberOfEmployees="7")
    [refused] = call_soap(client, "create", row)
    assert refused["errors"][0]["statusCode"] == "STRING_TOO_LONG"
    header = "<u:AllowFieldTruncationHeader><u:allowFieldTruncation>true</u:allowFieldTruncation>"
    [made] = call_soap(client, "create", row, header + "</u:AllowFieldTruncationHeader>")
    assert made["success"] == "true"
    assert [record["Name"] for record in emulator.records("Account")] == ["x" * 255]


def test_queries_come_in_pages_with_parents_and_deleted_records(client: Client, emulator: Emulator) -> None:
    [account] = emulator.insert("Account", {"Name": "A"})
    emulator.insert("Contact", *({"LastName": str(number), "AccountId": account} for number in range(300)))
    size = "<u:QueryOptions><u:batchSize>200</u:batchSize></u:QueryOptions>"
    text = "<u:queryString>SELECT Id, LastName, CreatedDate, Account.Name FROM Contact ORDER BY Id</u:queryString>"
    [first] = call_soap(client, "query", text, size)
    assert (first["done"], first["size"], len(first["records"])) == ("false", "300", 200)
    record = first["records"][0]
    assert (record["type"], record["LastName"], record["Account"]["Name"]) == ("Contact", "0", "A")
    assert record["CreatedDate"].endswith(".000Z")
    [rest] = call_soap(client, "queryMore", f"<u:queryLocator>{first['queryLocator']}</u:queryLocator>", size)
    assert (rest["done"], rest["queryLocator"], len(rest["records"])) == ("true", None, 100)
    emulator.delete("Account", account)
    [gone] = call_soap(client, "queryAll", "<u:queryString>SELECT Id FROM Account</u:queryString>")
    assert gone["size"] == "1"
    bad = message("query", "<u:queryString>SELECT Nope FROM Account</u:queryString>", client.token)
    assert fault(post(client, bad))[1] == "sf:INVALID_FIELD"


def test_a_page_that_nobody_keeps_is_a_fault(client: Client) -> None:
    more = message("queryMore", "<u:queryLocator>0r85g000000000zAAQ-200</u:queryLocator>", client.token)
    assert fault(post(client, more))[:2] == (500, "sf:INVALID_QUERY_LOCATOR")


def test_addresses_and_children_stand_within_their_records(client: Client, emulator: Emulator) -> None:
    [account] = emulator.insert("Account", {"Name": "A", "BillingCity": "Paris", "BillingCountry": "France"})
    emulator.insert("Contact", {"LastName": "L", "AccountId": account})
    text = "<u:queryString>SELECT BillingAddress, (SELECT LastName FROM Contacts) FROM Account</u:queryString>"
    [result] = call_soap(client, "query", text)
    [record] = result["records"]
    address = record["BillingAddress"]
    assert (address["city"], address["country"], address["street"]) == ("Paris", "France", None)
    assert [child["LastName"] for child in record["Contacts"]["records"]] == ["L"]


def test_a_field_that_is_nil_is_left_as_it_is(client: Client, emulator: Emulator) -> None:
    [account] = emulator.insert("Account", {"Name": "A", "Phone": "1"})
    nil = '<s:Phone x:nil="true" xmlns:x="http://www.w3.org/2001/XMLSchema-instance"/>'
    row = sobject("sObjects", "Account", Id=account, Site="S").replace("</u:", f"{nil}</u:")
    assert call_soap(client, "update", row)[0]["success"] == "true"
    assert client.select_rows("SELECT Phone, Site FROM Account") == [{"Phone": "1", "Site": "S"}]


def login(emulator: Emulator, password: str, version: str = "58.0") -> requests.Response:
    inner = f"<u:username>{emulator.username}</u:username><u:password>{password}</u:password>"
    url = f"{emulator.login_url}/services/Soap/u/{version}"
    return requests.post(url, data=message("login", inner, None), headers=HEADERS, timeout=5)


def test_login_takes_a_password_until_v65(client: Client, emulator: Emulator) -> None:
    answer = login(emulator, f"{emulator.password}token")
    assert f"<serverUrl>{emulator.instance_url}/services/Soap/u/58.0/".encode() in answer.content
    client.token = answer.text.partition("<sessionId>")[2].partition("</sessionId>")[0]
    assert call_soap(client, USER_INFO, "")[0]["userName"] == emulator.username
    assert post(client, message("logout", "", client.token)).ok
    assert not client.rest("GET", "/limits").ok
    words = "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
    assert fault(login(emulator, "wrong")) == (500, "sf:INVALID_LOGIN", words)
    assert fault(login(emulator, emulator.password, "65.0"))[1] == "soapenv:Client"
