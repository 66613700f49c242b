"""The set-up of a scripted org, as little of it as the plugin's calls need: a custom field, a global set, SOAP."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from attrs import define, field
from connector_salesforce import Org
from connector_salesforce.transport.sending import Answer, Request
from connector_salesforce_picklist.lists import Lists

from ..salesforce.scripted import ScriptedTransport, answer, org, read_body

DATA = "/services/data/v58.0"
FIELD, SET = "00N000000000001", "0Nt000000000001"


def value(name: str, **attributes: Any) -> dict[str, Any]:
    """Return a value of a picklist, as the Tooling API shows it."""
    return {"valueName": name, "label": name, "default": False, "isActive": True, **attributes}


def field_tree(*values: Mapping[str, Any], set_name: str | None = None) -> dict[str, Any]:
    """Return the metadata of a picklist with these values, or with those of a global set."""
    own = None if set_name else {"value": list(values), "sorted": False}
    value_set = {"restricted": True, "valueSetName": set_name, "valueSetDefinition": own}
    return {"type": "Picklist", "label": "Tier", "valueSet": value_set}


@define
class SetupOrg:
    """An org whose user sees the field Account.Tier__c if `tier` has its metadata, and these global value sets.

    `stores`: a write replaces the metadata. Otherwise it is accepted and nothing changes.
    """

    tier: dict[str, Any] | None = None
    sets: Sequence[Mapping[str, Any]] = ()
    stores: bool = True
    transport: ScriptedTransport = field(factory=ScriptedTransport)
    org: Org = field(init=False)
    lists: Lists = field(init=False)

    def __attrs_post_init__(self) -> None:
        component = f"{DATA}/tooling/sobjects/CustomField/{FIELD}"
        self.transport.on("GET", rf"{DATA}/tooling/query\?.*", self._query)
        self.transport.on("GET", component, self._read)
        self.transport.on("PATCH", component, self._write)
        self.org = org(self.transport)
        self.lists = Lists(self.org)

    @property
    def writes(self) -> int:
        """The number of writes."""
        return len(self.transport.find_requests("PATCH", "/tooling/"))

    def answer_soap(self, body: str) -> None:
        """Give an answer of the Metadata API to every call."""
        soap = "http://schemas.xmlsoap.org/soap/envelope/"
        envelope = f'<s:Envelope xmlns:s="{soap}"><s:Body>{body}</s:Body></s:Envelope>'
        self.transport.on("POST", "/services/Soap/m/58.0", answer(envelope))

    def _query(self, request: Request) -> Answer:
        (soql,) = parse_qs(urlsplit(request.url).query)["q"]
        found: Sequence[Mapping[str, Any]] = self.sets
        if "FROM FieldDefinition" in soql:
            seen = self.tier is not None and re.search("'Account'.*'Tier__c'", soql)
            found = [{"DurableId": f"Account.{FIELD}"}] if seen else []
        return answer({"totalSize": len(found), "done": True, "records": list(found)})

    def _read(self, request: Request) -> Answer:
        return answer({"Id": FIELD, "FullName": "Account.Tier__c", "Metadata": self.tier})

    def _write(self, request: Request) -> Answer:
        if self.stores:
            self.tier = json.loads(read_body(request))["Metadata"]
        return answer(b"", 204)
