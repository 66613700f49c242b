"""No secret of any login is seen or kept, although the org repeats in its errors all that it was sent."""

from __future__ import annotations

import json
import logging
import re
import stat
import threading
import traceback
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import pytest
import yaml
from attrs import define, field
from click.testing import CliRunner
from connector_salesforce.auth.stored_login import StoredLogin
from connector_salesforce.transport.hosts import origin
from cryptography.hazmat.primitives.asymmetric import rsa

from connector_sdk.check import check
from connector_sdk.cli.app import connector
from connector_sdk.project.load import load_project
from connector_sdk.run import run
from connector_sdk.state.tokens import token_store

from ..connector_sdk.observing.planted import SPELLINGS, Planted, everything_in, find_secrets
from .scripted import CONTACT_FIELDS, ORG_ID, described_object
from .test_flows import pem

SESSION = Planted("00Dxx0000001gPL!AQEAQQz901kW901Vx901jH.x_Y", "Qz901kW901Vx901jH")
REFRESH = Planted("5Aep861Qz902kW902Vx902jH.==", "Qz902kW902Vx902jH")
NEXT_REFRESH = Planted("5Aep861Qz903kW903Vx903jH.==", "Qz903kW903Vx903jH")
CLIENT = Planted("cl/ient+secret&Qz904kW904Vx904jH", "Qz904kW904Vx904jH")
CLI = Planted("00Dxx0000001gPL!AQEAQQz905kW905Vx905jH.x_Y", "Qz905kW905Vx905jH")
ENDED = Planted("00Dxx0000001gPL!AQEAQQz906kW906Vx906jH.x_Y", "Qz906kW906Vx906jH")
"""A session that the CLI talks about and does not give: no part of the plugin has hidden it."""
KEY = pem(rsa.generate_private_key(public_exponent=65_537, key_size=2_048))
SECRETS = [
    SESSION,
    REFRESH,
    NEXT_REFRESH,
    CLIENT,
    CLI,
    ENDED,
    *(Planted(line, line[:32]) for line in KEY.splitlines()[1:-1]),
]

FLOWS: Mapping[str, Mapping[str, Any]] = {
    "client_credentials": {"client_id": "an-id", "client_secret": "${PLANTED}"},
    "jwt": {"client_id": "an-id", "username": "ann@acme.example", "private_key": "${file:server.key}"},
    "web": {"client_id": "an-id", "client_secret": "${PLANTED}"},
    "sf_cli": {"executable": "./sf"},
}


@define
class EchoingOrg:
    """An org that repeats what it was sent: in every answer but those without which nothing else would be asked."""

    url: str = ""
    refuses_logins: bool = False
    assertions: list[Planted] = field(factory=list)

    def reply(self, path: str, headers: str, body: str) -> tuple[int, str]:
        """Return status and body of an answer."""
        said = " ~ ".join(spell(each) for each in (*headers.splitlines(), body) for spell in SPELLINGS.values())
        if path == "/services/oauth2/token":
            return self._token(body, said)
        if path.endswith("/sobjects"):
            return 200, json.dumps({"sobjects": [described_object("Contact")]})
        if path.endswith("/Contact/describe"):
            return 200, json.dumps(described_object("Contact", CONTACT_FIELDS))
        if "/composite/sobjects/" in path:
            error = {"statusCode": "SOMETHING", "message": said, "fields": []}
            return 200, json.dumps([{"success": False, "errors": [error]} for _ in json.loads(body)["records"]])
        if "/async/" in path:
            code, message = "<exceptionCode>InvalidBatch</exceptionCode>", escape(re.sub(r"[^\t\n\x20-\x7e]", "", said))
            return 400, f"<error>{code}<exceptionMessage>{message}</exceptionMessage></error>"
        if path.endswith("/userinfo"):
            return 502, f"<html><h1>{said}</h1>"
        return 400, json.dumps([{"errorCode": "SOMETHING", "message": said}])

    def _token(self, body: str, said: str) -> tuple[int, str]:
        for each in parse_qs(body).get("assertion", ()):
            self.assertions.append(Planted(each, each.rpartition(".")[2][:40]))
        if self.refuses_logins:
            return 400, json.dumps({"error": "invalid_grant", "error_description": said})
        id_ = f"https://login.salesforce.com/id/{ORG_ID}/005"
        tokens = {"access_token": SESSION.text, "refresh_token": NEXT_REFRESH.text}
        return 200, json.dumps({**tokens, "instance_url": self.url, "id": id_, "signature": "x"})


@pytest.fixture
def echoing() -> Iterator[EchoingOrg]:
    org = EchoingOrg()

    class Handler(BaseHTTPRequestHandler):
        protocol_version, wbufsize = "HTTP/1.1", -1

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("latin-1")
            status, answer = org.reply(self.path.partition("?")[0], str(self.headers), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer.encode())))
            self.end_headers()
            self.wfile.write(answer.encode())
            self.wfile.flush()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    org.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield org
    server.shutdown()
    server.server_close()


@pytest.fixture(params=FLOWS)
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, echoing: EchoingOrg, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A project that logs in by a flow, with all that the flow needs."""
    flow = request.param
    sync = {"model": "contacts", "connection": "crm", "object": "Contact", "mode": "upsert",
            "match": {"field": "External_Id__c", "column": "id"}, "fields": {"LastName": "last"}}  # fmt: skip
    project = {
        "version": 1,
        "connections": {"crm": {"type": "salesforce", "login_url": echoing.url, "auth": {"flow": flow, **FLOWS[flow]}}},
        "models": {"contacts": {"file": "contacts.csv", "primary_key": "id"}},
        "syncs": {"bulk": sync, "rest": {**sync, "options": {"api": "rest"}}},
    }
    (tmp_path / "connector.yml").write_text(yaml.safe_dump(project))
    (tmp_path / "contacts.csv").write_text("id,last\na,Ann\nb,Bob\n")
    (tmp_path / "server.key").write_text(KEY)
    result = {"accessToken": CLI.text, "instanceUrl": echoing.url, "id": ORG_ID, "username": "ann"}
    failure = {"status": 1, "name": "E", "message": f"bad {ENDED.text}"}
    good, bad = (json.dumps(each) for each in ({"status": 0, "result": result}, failure))
    _script(
        tmp_path / "sf",
        f"if [ -e refused ]; then echo 'token {ENDED.text}' >&2; echo '{bad}'; exit 1; fi\necho '{good}'\n",
    )
    monkeypatch.setenv("PLANTED", CLIENT.text)
    monkeypatch.chdir(tmp_path)
    StoredLogin(origin(echoing.url), "an-id", REFRESH.text).save(token_store(str(tmp_path), "crm"))
    return tmp_path


def _script(file: Path, body: str) -> None:
    file.write_text(f"#!/bin/sh\n{body}")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize("refused", [False, True], ids=["errors", "no login"])
def test_nothing_of_a_login_is_shown_or_kept(
    folder: Path, echoing: EchoingOrg, refused: bool, caplog: pytest.LogCaptureFixture
) -> None:
    echoing.refuses_logins = refused
    if refused:
        (folder / "refused").touch()
    shown: list[tuple[str, str]] = []

    def invoke(*arguments: str) -> str:
        result = CliRunner().invoke(connector, list(arguments))
        shown.append((" ".join(arguments), result.output + result.stderr))
        return result.stdout

    kept = logging.getLogger().handlers[:]
    for arguments in (("check",), ("discover", "crm", "Contact"), ("plan", "rest"), ("run", "rest"), ("run", "bulk")):
        invoke("--verbose", *arguments)
    for line in invoke("runs", "--output", "csv").splitlines()[1:]:
        for command in ("rows", "calls", "show"):
            invoke(command, line.split(",")[0], "--output", "json")
    logging.getLogger().handlers[:] = kept
    for ask in (lambda: check(load_project(folder)), lambda: run(load_project(folder), "bulk")):
        try:
            shown.append(("answer", repr(ask())))
        except Exception as error:
            shown.append(("exception", "".join(traceback.format_exception(error)) + repr(vars(error))))
    shown.append(("log", caplog.text))
    shown += [each for each in everything_in(folder / ".connector") if (folder / ".connector").exists()]
    secrets = [*SECRETS, *echoing.assertions]
    assert [(where, find_secrets(secrets, text)[:3]) for where, text in shown if find_secrets(secrets, text)] == []
    assert any("***" in text for _, text in shown)
