"""Recorded answers of the partner API beside those of the emulator: the same elements, the same words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import requests
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.recorded import Comparison, Source
from tests.salesforce_emulator.soap import HEADERS, merge_request, message, post, sobject

_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_WORDS = {"faultcode", "faultstring", "exceptionCode", "exceptionMessage", "statusCode", "message", "success", "done"}
_DENIED = {
    "code": "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "message": "insufficient access rights on cross-reference id",
}
Ask = Callable[[Client], requests.Response]


def partner(recordings: Path) -> Iterator[Comparison]:
    """Compare each recorded answer with the emulator's answer to the likely request."""
    folder, other = recordings / "congaengr+soapforce/spec/fixtures", recordings / "ejholmes+metaforce/spec/fixtures"
    for file, ask in _ANSWERS.items():
        with Emulator() as emulator:
            client = Client(emulator)
            path = other / "requests" / file if "/" in file else folder / file
            theirs = path.read_text(encoding="utf-8").replace("<REDACTED_SESSION_ID>", "redacted")
            yield Comparison(f"SOAP {file}", _differences(theirs, ask(client).text))
            client.close()


def _differences(theirs: str, ours: str) -> list[str]:
    recorded, actual = (list(_lines(ElementTree.fromstring(text), "")) for text in (theirs, ours))
    if recorded == actual:
        return []
    return [f"{line} is missing" for line in recorded if line not in actual] + [
        f"{line} is not recorded" for line in actual if line not in recorded
    ] or ["another order"]


def _lines(element: ElementTree.Element, path: str) -> Iterator[str]:
    name = element.tag.rpartition("}")[2]
    if name == "Header":
        return
    here = f"{path}/{name}"
    type_ = element.get(f"{_INSTANCE}type")
    words = (element.text or "").strip() if name in _WORDS else ""
    nil = " nil" if element.get(f"{_INSTANCE}nil") == "true" and name != "roleId" and name != "profileId" else ""
    yield f"{here}{' ' + type_ if type_ else ''}{nil}{' ' + words if words else ''}"
    for child in element:
        yield from _lines(child, here)


def _call(client: Client, operation: str, inner: str) -> requests.Response:
    return post(client, message(operation, inner, client.token))


def _login(password: str) -> Ask:
    def ask(client: Client) -> requests.Response:
        emulator = client.emulator
        inner = f"<u:username>{emulator.username}</u:username><u:password>{password}</u:password>"
        url = f"{emulator.login_url}/services/Soap/u/58.0"
        return client.http.post(url, data=message("login", inner, None), headers=HEADERS)

    return ask


def _opportunities(client: Client) -> list[str]:
    fields = {"StageName": "Prospecting", "CloseDate": "2024-01-01"}
    return client.emulator.insert("Opportunity", {"Name": "One", **fields}, {"Name": "Two", **fields})


def _merge(client: Client) -> requests.Response:
    master, *others = client.emulator.insert("Account", {"Name": "m"}, {"Name": "a"}, {"Name": "b"})
    return _call(client, "merge", merge_request("Account", master, *others))


def _query(operation: str, statement: str) -> Ask:
    def ask(client: Client) -> requests.Response:
        _opportunities(client)
        return _call(client, operation, f"<u:queryString>{statement}</u:queryString>")

    return ask


def _query_more(client: Client) -> requests.Response:
    fields = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2024-01-01"}
    client.emulator.insert("Opportunity", *[fields] * 202)
    size = "<u:QueryOptions><u:batchSize>200</u:batchSize></u:QueryOptions>"
    statement = "<u:queryString>SELECT Id, Name, StageName FROM Opportunity</u:queryString>"
    first = post(client, message("query", statement, client.token, size)).text
    locator = first.partition("<queryLocator>")[2].partition("<")[0]
    return post(client, message("queryMore", f"<u:queryLocator>{locator}</u:queryLocator>", client.token, size))


def _create(client: Client) -> requests.Response:
    row = sobject("sObjects", "Opportunity", Name="N", StageName="Prospecting", CloseDate="2024-01-01")
    return _call(client, "create", row)


def _update(client: Client) -> requests.Response:
    return _call(client, "update", sobject("sObjects", "Opportunity", Id=_opportunities(client)[0], Name="N"))


def _deny_access(ask: Ask) -> Ask:
    def ask_denied(client: Client) -> requests.Response:
        client.emulator.faults([{"match": {"object": "Opportunity"}, "do": {"error": _DENIED}}])
        return ask(client)

    return ask_denied


def _retrieve(client: Client) -> requests.Response:
    fields = "<u:fieldList>Name,Description,StageName</u:fieldList><u:sObjectType>Opportunity</u:sObjectType>"
    return _call(client, "retrieve", f"{fields}<u:ids>{_opportunities(client)[0]}</u:ids>")


_ANSWERS: dict[str, Ask] = {
    "login_response.xml": _login("emulator-password"),
    "login/success.xml": _login("emulator-password"),
    "login/failure.xml": _login("wrong"),
    "get_user_info_response.xml": lambda client: _call(client, "getUserInfo", ""),
    "merge_response.xml": _merge,
    "query_response.xml": _query("query", "SELECT Id, Name, StageName FROM Opportunity"),
    "query_all_response.xml": _query("queryAll", "SELECT Id, Name, StageName FROM Opportunity"),
    "query_more_response.xml": _query_more,
    "org_id_response.xml": _query("query", "SELECT Id FROM Organization"),
    "create_response.xml": _create,
    "create_response_failure.xml": _deny_access(_create),
    "update_response.xml": _update,
    "update_response_failure.xml": _deny_access(_update),
    "retrieve_response.xml": _retrieve,
}
SOAP_SOURCES: dict[str, Source] = {"the partner API": partner}
