"""Whose org is reached: what it is called follows from its own words and its host."""

from __future__ import annotations

from typing import Any

import pytest
from connector_salesforce.auth.identity import identify
from connector_salesforce.org.org import Org
from connector_salesforce.transport.client import Client
from connector_salesforce.transport.credentials import Credentials, Login

from .scripted import ORG_ID, ScriptedTransport, answer


@pytest.mark.parametrize(
    ("host", "sandbox", "kind"),
    [
        ("acme.my.salesforce.com", False, "production, Enterprise Edition"),
        ("acme--dev.sandbox.my.salesforce.com", True, "sandbox dev, Enterprise Edition"),
        ("na1.salesforce.com", True, "sandbox, Enterprise Edition"),
        ("acme-1.scratch.my.salesforce.com", True, "scratch org, Enterprise Edition"),
        ("acme-dev-ed.develop.my.salesforce.com", False, "developer org, Enterprise Edition"),
        ("acme.my.salesforce.com", None, "kind of org unknown"),
    ],
)
def test_production_is_told_from_every_kind_of_sandbox(host: str, sandbox: bool | None, kind: str) -> None:
    about: dict[str, Any] = {"Name": "Acme", "IsSandbox": sandbox, "OrganizationType": "Enterprise Edition"}
    transport = ScriptedTransport()
    transport.on("GET", r".*/query\?.*", answer({"records": [about], "done": True}))
    login = Login("t", f"https://{host}", ORG_ID, "005")
    found = identify(Org(Client(transport, Credentials(lambda: login), "58.0")))  # type: ignore[arg-type]
    assert found.kind == kind
    assert found.production is (None if sandbox is None else not sandbox)
    assert found.label == f"Acme ({ORG_ID}), user 005, {kind}"
