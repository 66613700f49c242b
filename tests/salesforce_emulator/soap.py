"""A plain client of the partner API for the tests."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import requests

from tests.salesforce_emulator.client import VERSION, Client

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PARTNER = "urn:partner.soap.sforce.com"
SOBJECT = "urn:sobject.partner.soap.sforce.com"
HEADERS = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}


def message(operation: str, inner: str, token: str | None, headers: str = "") -> str:
    session = f"<u:SessionHeader><u:sessionId>{token}</u:sessionId></u:SessionHeader>" if token else ""
    names = f'xmlns:e="{SOAP}" xmlns:u="{PARTNER}" xmlns:s="{SOBJECT}"'
    body = f"<u:{operation}>{inner}</u:{operation}>"
    return f"<e:Envelope {names}><e:Header>{session}{headers}</e:Header><e:Body>{body}</e:Body></e:Envelope>"


def post(client: Client, text: str, version: str = VERSION, **headers: str) -> requests.Response:
    url = f"{client.emulator.instance_url}/services/Soap/u/{version}"
    return client.http.post(url, data=text.encode(), headers={**HEADERS, **headers})


def call_soap(client: Client, operation: str, inner: str, headers: str = "") -> list[dict[str, Any]]:
    """Call an operation and return its results as nested dictionaries; elements that repeat are lists."""
    answer = post(client, message(operation, inner, client.token, headers))
    assert answer.status_code == 200, answer.text
    response = ElementTree.fromstring(answer.content).find(f"{{{SOAP}}}Body/{{{PARTNER}}}{operation}Response")
    assert response is not None, answer.text
    return [_read(result) for result in response]


def fault(answer: requests.Response) -> tuple[int, str, str]:
    """Return the status, code and text of a fault."""
    element = ElementTree.fromstring(answer.content).find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    assert element is not None, answer.text
    return answer.status_code, element.findtext("faultcode", ""), element.findtext("faultstring", "")


def sobject(element: str, type_: str, **fields: str | None) -> str:
    """Return the XML of an sObject; a field that is None is set to null."""
    nulls = "".join(f"<s:fieldsToNull>{name}</s:fieldsToNull>" for name, value in fields.items() if value is None)
    set_ = "".join(f"<s:{name}>{value}</s:{name}>" for name, value in fields.items() if value is not None)
    return f"<u:{element}><s:type>{type_}</s:type>{nulls}{set_}</u:{element}>"


def merge_request(type_: str, master: str, *victims: str, **fields: str | None) -> str:
    ids = "".join(f"<u:recordToMergeIds>{victim}</u:recordToMergeIds>" for victim in victims)
    return f"<u:request>{sobject('masterRecord', type_, Id=master, **fields)}{ids}</u:request>"


def _read(element: ElementTree.Element) -> Any:
    if not len(element):
        return element.text
    found: dict[str, Any] = {}
    for child in element:
        name, value = child.tag.rpartition("}")[2], _read(child)
        if name in ("errors", "records", "mergedRecordIds", "updatedRelatedIds", "fields"):
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found
