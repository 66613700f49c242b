"""A plain client of the Metadata API for the tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import requests

from tests.salesforce_emulator.client import VERSION, Client
from tests.salesforce_emulator.soap import HEADERS, SOAP

METADATA = "http://soap.sforce.com/2006/04/metadata"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_LISTS = {"value", "customValue", "standardValue", "valueSettings", "controllingFieldValue", "errors", "records"}


def message(body: str, token: str, headers: str = "") -> str:
    session = f"<m:SessionHeader><m:sessionId>{token}</m:sessionId></m:SessionHeader>"
    names = f'xmlns:e="{SOAP}" xmlns:m="{METADATA}" xmlns="{METADATA}" xmlns:xsi="{INSTANCE}"'
    return f"<e:Envelope {names}><e:Header>{session}{headers}</e:Header><e:Body>{body}</e:Body></e:Envelope>"


def post(client: Client, text: str, version: str = VERSION, **headers: str) -> requests.Response:
    url = f"{client.emulator.instance_url}/services/Soap/m/{version}"
    return client.http.post(url, data=text.encode(), headers={**HEADERS, **headers})


def read(client: Client, kind: str, *names: str) -> list[Any]:
    """Return components as nested dictionaries; None for a component that is nil."""
    wanted = "".join(f"<fullNames>{name}</fullNames>" for name in names)
    answer = post(client, message(f"<readMetadata><type>{kind}</type>{wanted}</readMetadata>", client.token))
    assert answer.status_code == 200, answer.text
    [result] = ElementTree.fromstring(answer.content).iter(f"{{{METADATA}}}result")
    return [None if one.get(f"{{{INSTANCE}}}nil") else _read(one) for one in result]


def write(
    client: Client,
    kind: str,
    *components: Mapping[str, Any],
    call: str = "updateMetadata",
    headers: str = "",
    version: str = VERSION,
) -> list[dict[str, Any]]:
    """Write components and return the results in order."""
    sent = "".join(f'<metadata xsi:type="m:{kind}">{xml(one)}</metadata>' for one in components)
    answer = post(client, message(f"<{call}>{sent}</{call}>", client.token, headers), version)
    assert answer.status_code == 200, answer.text
    return [_read(result) for result in ElementTree.fromstring(answer.content).iter(f"{{{METADATA}}}result")]


def xml(component: Mapping[str, Any]) -> str:
    parts = []
    for name, content in component.items():
        for one in content if isinstance(content, list) else [content]:
            inner = xml(one) if isinstance(one, Mapping) else escape(str(one))
            parts.append(f"<{name}>{inner}</{name}>")
    return "".join(parts)


def _read(element: ElementTree.Element) -> Any:
    if not len(element):
        return element.text
    found: dict[str, Any] = {}
    for child in element:
        name, content = child.tag.rpartition("}")[2], _read(child)
        if name in _LISTS:
            found.setdefault(name, []).append(content)
        else:
            found[name] = content
    return found
