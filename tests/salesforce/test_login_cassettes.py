"""Logins that replay from cassettes, without a network."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connector_sdk.testing.cassettes import HOST, REDACTED, Cassette

from .emulated import Emulated, emulator
from .projects import Project

ROOT = Path(__file__).parents[2]
CALLBACK = "http://localhost:1717/OauthRedirect"
KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
PUBLIC = (
    KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()

READY = {
    "login_url": HOST, "instance_url": HOST, "client_id": "replayed-app", "client_secret": "replayed-key",
    "username": "integration@emulator.invalid",
}  # fmt: skip
WEB = {"flow": "web", "client_secret": "${SF_SECRET}", "callback_url": CALLBACK}
JWT = {"flow": "jwt", "username": READY["username"], "private_key": "${file:server.key}"}
LOGINS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "test_a_person_logs_in_in_the_browser_stays_logged_in_and_logs_out": (WEB, {"rotateRefreshTokens": True}),
    "test_a_server_logs_in_with_a_key": (JWT, {"certificate": PUBLIC, "admitted": [READY["username"]]}),
    "test_a_key_that_is_not_that_of_the_app_is_said": (JWT, {"admitted": [READY["username"]]}),
}
"""How each test logs in, and what the app is like that it does so with."""


@pytest.fixture
def project(
    request: pytest.FixtureRequest, record_cassettes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    auth, application = LOGINS[request.node.name]
    with ExitStack() as stack:
        org = tmp_path / "org.yml"
        org.write_text(yaml.safe_dump({"extends": "default", "application": dict(application)}))
        reached = stack.enter_context(emulator("--org", str(org))) if record_cassettes else Emulated(READY)
        monkeypatch.setenv("SF_SECRET", reached.ready["client_secret"])
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
        (tmp_path / "server.key").write_text(PRIVATE)
        monkeypatch.setattr("connector_salesforce.auth.web_login.listen", Answers(record_cassettes).listen)
        secrets = [reached.ready["client_id"], reached.ready["client_secret"]]
        path = ROOT / "cassettes" / "salesforce" / f"{request.node.name.removeprefix('test_')}.yaml"
        stack.enter_context(Cassette(path, record=record_cassettes, secrets=secrets).play())
        made = Project(tmp_path, reached, {**auth, "client_id": reached.ready["client_id"]})
        made.sync(options={"api": "rest"})
        made.model([{"id": "k1", "last": "Ash", "email": None}])
        yield made


class Answers:
    """In place of the listener: what a browser brings, which is another process while a cassette is recorded."""

    url = CALLBACK

    def __init__(self, record: bool) -> None:
        self._record = record
        self._asked = ""

    @contextmanager
    def listen(self, _urls: object) -> Iterator[Answers]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("click.launch", self._launch)
            yield self

    def _launch(self, url: str) -> int:
        self._asked = url
        return 0

    def answer(self, _seconds: float) -> Mapping[str, str]:
        if not self._record:
            state = dict(parse_qsl(urlsplit(self._asked).query))["state"]
            return {"code": REDACTED, "state": state}
        command = [sys.executable, "-m", "tests.salesforce.browser", self._asked]
        sent = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
        return dict(parse_qsl(urlsplit(sent.strip()).query))


def test_a_person_logs_in_in_the_browser_stays_logged_in_and_logs_out(project: Project) -> None:
    (found,) = json.loads(project.invoke("salesforce", "login", "--output", "json").stdout)
    assert found["user"] == READY["username"]
    assert project.run().rows == {"read": 1, "planned": 1, "succeeded": 1}
    assert "logged out" in project.invoke("salesforce", "logout").stderr
    assert "connector salesforce login" in project.run().said


def test_a_server_logs_in_with_a_key(project: Project) -> None:
    (found,) = json.loads(project.invoke("salesforce", "whoami", "--output", "json").stdout)
    assert found["user"] == READY["username"]


def test_a_key_that_is_not_that_of_the_app_is_said(project: Project) -> None:
    result = project.invoke("salesforce", "whoami")
    assert result.exit_code == 69
    assert "invalid_grant_assertion" in result.stderr
