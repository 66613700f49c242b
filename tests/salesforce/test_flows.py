"""Every other way to log in, from a project file, against the emulated org."""

from __future__ import annotations

import json
import os
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from connector_salesforce import Config
from connector_salesforce.auth import sf_cli
from connector_salesforce.auth.auth import log_in_with
from connector_salesforce.auth.jwt_bearer import shared_audience
from connector_salesforce.auth.sf_cli import cli_login
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.flows import Jwt, SfCli, Web
from connector_salesforce.transport.sending import Request
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connector_sdk import Secret
from connector_sdk.testing.doubles import RecordingHost

from .emulated import Emulated
from .projects import Project
from .scripted import ScriptedTransport, answer

KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
TOKEN = "00Dxx0000001gPL!AQEAQ.token_of_the_cli"
MY_DOMAIN = "https://acme.my.salesforce.com"


def pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def project(emulated: Emulated, folder: Path, auth: dict[str, Any]) -> Project:
    made = Project(folder, emulated, auth)
    made.sync(options={"api": "rest"})
    made.model([{"id": "k1", "last": "Ash", "email": None}])
    return made


@pytest.fixture
def by_jwt(emulated: Emulated, tmp_path: Path) -> Project:
    emulated.change({"application": {"certificate": public_pem(KEY), "admitted": [emulated.ready["username"]]}})
    (tmp_path / "server.key").write_text(pem(KEY))
    auth = {
        "flow": "jwt", "client_id": emulated.ready["client_id"], "username": emulated.ready["username"],
        "private_key": "${file:server.key}",
    }  # fmt: skip
    return project(emulated, tmp_path, auth)


def change_auth(given: Project, **auth: Any) -> Project:
    return project(given.emulated, given.folder, {**given.auth, **auth})


def test_a_server_logs_in_with_a_key(by_jwt: Project) -> None:
    assert by_jwt.run().rows == {"read": 1, "planned": 1, "succeeded": 1}
    (found,) = json.loads(by_jwt.invoke("salesforce", "login", "--output", "json").stdout)
    assert found["user"] == by_jwt.emulated.ready["username"]
    assert "no user is logged in" in by_jwt.invoke("salesforce", "logout").stderr, "nothing is kept"


def test_an_assertion_is_made_anew_when_a_session_ends(by_jwt: Project) -> None:
    path = "/services/data/*/composite/sobjects*"
    by_jwt.emulated.faults({"match": {"path": path}, "do": {"expire": True}, "times": 1})
    assert by_jwt.run().rows == {"read": 1, "planned": 1, "succeeded": 1}


@pytest.mark.parametrize(
    ("application", "auth", "said"),
    [
        ({"certificate": public_pem(rsa.generate_private_key(65_537, 2_048))}, {}, "Use digital signatures"),
        ({"admitted": None}, {}, "pre-authorized"),
        ({"admitted": []}, {}, "profile or permission set"),
        ({}, {"audience": "https://elsewhere.example"}, "https://test.salesforce.com"),
        ({}, {"client_id": "nobody"}, "Copy the key"),
        ({"blocked": True}, {}, "Connected Apps OAuth Usage"),
        ({"installed": False}, {}, "View Setup and Configuration"),
    ],
)
def test_an_assertion_that_is_refused_says_what_an_admin_has_to_do(
    by_jwt: Project, application: dict[str, Any], auth: dict[str, Any], said: str
) -> None:
    by_jwt.emulated.change({"application": application})
    run = change_auth(by_jwt, **auth).run()
    assert run.exit == 69, run.said
    assert said in run.said


def test_a_private_key_that_is_none_is_said_with_its_place(by_jwt: Project) -> None:
    (by_jwt.folder / "server.key").write_text("no key")
    run = by_jwt.run()
    assert run.exit == 64
    assert "connections.crm.auth.private_key" in run.said
    assert "no key" not in run.said.replace("no RSA private key", "")


def test_the_package_that_signs_is_asked_for_by_name(by_jwt: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)
    run = by_jwt.run()
    assert run.exit == 64
    assert "connector-salesforce[jwt]" in run.said


@pytest.mark.parametrize("hours", [-24, -1, 1, 24])
def test_a_clock_that_is_wrong_keeps_nobody_from_logging_in(
    by_jwt: Project, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    monkeypatch.setattr("time.time", lambda right=time.time: right() + hours * 3_600)
    assert by_jwt.run().rows == {"read": 1, "planned": 1, "succeeded": 1}


@pytest.mark.parametrize("hours", [-24, 0, 24])
def test_an_assertion_that_is_refused_is_made_once_more_by_the_clock_of_salesforce_where_ours_is_wrong(
    hours: int,
) -> None:
    now = time.time() + hours * 3_600
    refused = answer({"error": "invalid_grant", "error_description": "invalid assertion"}, 400, Date=formatdate(now))
    transport = ScriptedTransport()
    transport.on("POST", "/services/oauth2/token", refused)
    auth = Jwt("jwt", "app", "etl@acme.example", Secret(pem(KEY)))
    with pytest.raises(CallFailed):
        log_in_with(Config(MY_DOMAIN, auth=auth), transport, RecordingHost())()  # type: ignore[arg-type]
    *_, last = ends = [_expiry(each) for each in transport.requests]
    assert len(ends) == (2 if hours else 1)
    assert 0 < last - now <= 181


def _expiry(request: Request) -> float:
    (assertion,) = parse_qs(request.body.decode())["assertion"]
    return float(jwt.decode(assertion, options={"verify_signature": False})["exp"])


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("https://login.salesforce.com", "login"),
        ("https://test.salesforce.com", "test"),
        ("https://acme.my.salesforce.com", "login"),
        ("https://acme--dev.sandbox.my.salesforce.com", "test"),
        ("https://acme-1.scratch.my.salesforce.com", "test"),
        ("https://acme-dev-ed.develop.my.salesforce.com", "login"),
    ],
)
def test_the_second_audience_of_an_assertion_is_the_login_host_of_its_kind_of_org(host: str, expected: str) -> None:
    assert shared_audience(host) == f"https://{expected}.salesforce.com"


def cli(folder: Path, answers: dict[str, Any], code: int = 0) -> Path:
    """Write a program that answers as the sf CLI does, by the words of the command."""
    program = folder / "sf"
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        f"open({str(folder / 'asked')!r}, 'a').write(json.dumps(sys.argv[1:]) + chr(10))\n"
        f"answers = {answers!r}\n"
        "print(answers.get(' '.join(sys.argv[1:3])) or '')\n"
        f"sys.exit({code})\n"
    )
    program.chmod(0o755)
    return program


def display_org(emulated: Emulated, token: str) -> dict[str, Any]:
    return {
        "id": token.partition("!")[0], "apiVersion": "58.0", "accessToken": token, "username": "etl@acme.example",
        "instanceUrl": emulated.ready["instance_url"], "connectedStatus": "Connected", "alias": "prod",
    }  # fmt: skip


def test_the_session_of_the_sf_cli_is_used(emulated: Emulated, tmp_path: Path) -> None:
    answer = json.dumps({"status": 0, "result": display_org(emulated, emulated.session()), "warnings": []})
    program = cli(tmp_path, {"org display": answer})
    made = project(emulated, tmp_path, {"flow": "sf_cli", "org": "prod", "executable": str(program)})
    assert made.run().rows == {"read": 1, "planned": 1, "succeeded": 1}
    assert json.loads((tmp_path / "asked").read_text()) == ["org", "display", "--target-org", "prod", "--json"]
    (found,) = json.loads(made.invoke("salesforce", "whoami", "--output", "json").stdout)
    assert found["user"] == "etl@acme.example"


@pytest.mark.parametrize("result", [TOKEN, {"accessToken": TOKEN}, {"token": TOKEN, "username": "u"}])
def test_a_cli_that_hides_the_token_is_asked_for_it(emulated: Emulated, tmp_path: Path, result: Any) -> None:
    hidden = {**display_org(emulated, TOKEN), "accessToken": "[REDACTED] use sf org auth show-access-token"}
    answers = {
        "org display": json.dumps({"status": 0, "result": hidden}),
        "org auth": json.dumps({"status": 0, "result": result}),
    }
    login = cli_login(SfCli("sf_cli", None, str(cli(tmp_path, answers))), emulated.ready["login_url"])
    assert (login.token, login.org_id, login.username) == (TOKEN, "00Dxx0000001gPLEAY", "etl@acme.example")
    assert json.loads((tmp_path / "asked").read_text().splitlines()[1]) == [
        "org", "auth", "show-access-token", "--no-prompt", "--json",
    ]  # fmt: skip


FAILED = json.dumps({"status": 1, "name": "NamedOrgNotFoundError", "message": "No authorization information found"})


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (FAILED, 1, "NamedOrgNotFoundError: No authorization information found"),
        ("not json", 0, "nothing that can be read"),
        ("[]", 0, "nothing that can be read"),
        (json.dumps({"status": 0, "result": {"accessToken": TOKEN}}), 0, "lacks 'instanceUrl'"),
        (json.dumps({"status": 0, "result": {"accessToken": TOKEN, "instanceUrl": "https://evil.com", "id": "00D"}}),
         0, "names no org"),
        (json.dumps({"status": 0, "result": {"accessToken": TOKEN, "instanceUrl": "https://evil.com",
                                             "id": "00Dxx0000001gPLEAY"}}), 0, "none of its own"),
    ],
)  # fmt: skip
def test_a_cli_without_a_session_says_what_it_says(
    emulated: Emulated, tmp_path: Path, answer: str, code: int, said: str
) -> None:
    program = cli(tmp_path, {"org display": answer}, code)
    run = project(emulated, tmp_path, {"flow": "sf_cli", "org": "prod", "executable": str(program)}).run()
    assert run.exit == 69
    assert said in run.said
    assert TOKEN not in run.said


def test_a_cli_that_is_missing_or_stuck_is_said(
    emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = project(emulated, tmp_path, {"flow": "sf_cli", "executable": "no-such-sf"}).run()
    assert missing.exit == 69
    assert "Install the Salesforce CLI" in missing.said
    stuck = tmp_path / "stuck"
    stuck.write_text("#!/bin/sh\nexec sleep 30\n")
    stuck.chmod(0o755)
    monkeypatch.setattr(sf_cli, "COMMAND_SECONDS", 0.2)
    assert "took more than" in project(emulated, tmp_path, {"flow": "sf_cli", "executable": str(stuck)}).run().said


def test_no_word_of_the_settings_reaches_a_shell_or_becomes_an_option(emulated: Emulated, tmp_path: Path) -> None:
    program = cli(tmp_path, {"org display": FAILED}, 1)
    org = f"$(touch {tmp_path}/pwned); x"
    assert project(emulated, tmp_path, {"flow": "sf_cli", "org": org, "executable": str(program)}).run().exit == 69
    assert not (tmp_path / "pwned").exists()
    assert json.loads((tmp_path / "asked").read_text())[3] == org
    run = project(emulated, tmp_path, {"flow": "sf_cli", "org": "--json", "executable": str(program)}).run()
    assert run.exit == 64
    assert "auth.org" in run.said
    assert os.linesep not in run.said.strip()


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ({"flow": "password"}, "client_credentials"),
        ({"flow": "web", "clientid": "x"}, "auth.clientid"),
        ({"flow": "jwt", "client_id": "x", "username": "u", "private_key": "-----BEGIN"}, "auth.private_key"),
        ({"client_id": "x"}, "auth: flow is missing"),
        ({"flow": "web", "client_id": ""}, "consumer key is empty"),
    ],
)
def test_settings_of_a_flow_that_are_wrong_are_said_with_their_place(
    emulated: Emulated, tmp_path: Path, auth: dict[str, Any], said: str
) -> None:
    run = project(emulated, tmp_path, auth).run()
    assert run.exit == 64
    assert said in run.said


def test_no_secret_of_a_flow_is_seen() -> None:
    secret = Secret("PLANTED")
    assert "PLANTED" not in repr([Web("web", "app", secret), Jwt("jwt", "app", "user", secret)])
