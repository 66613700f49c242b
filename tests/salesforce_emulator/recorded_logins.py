"""Recorded answers of the login host beside those of the emulator: the same facts, the same errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.recorded import Comparison, Source
from tests.salesforce_emulator.test_web_login import Browser


def logins(recordings: Path) -> Iterator[Comparison]:
    """Compare logins by password and by refresh token, and the answer to an expired session."""
    with Emulator({"extends": "default", "application": {"passwordFlow": True}}) as emulator:
        client, browser = Client(emulator), Browser(emulator)
        person = {"grant_type": "password", "username": emulator.username, "password": emulator.password}
        for name, recorded in _token_answers(recordings):
            yield Comparison(f"login {name}", _differences(recorded, client.login(**person).json(), whole=True))
        folder = recordings / "restforce+restforce/spec/fixtures"
        refreshed = browser.refresh(browser.log_in()["refresh_token"]).json()
        for name, answer in (
            ("auth_success_response.json", client.login(**person).json()),
            ("refresh_success_response.json", refreshed),
            ("refresh_error_response.json", browser.refresh("gone").json()),
            ("expired_session_response.json", client.rest("GET", "", headers={"Authorization": "OAuth x"}).json()),
        ):
            yield Comparison(f"login {name}", _differences(json.loads((folder / name).read_text("utf-8")), answer))
        client.close()
        browser.http.close()


def _token_answers(recordings: Path) -> Iterator[tuple[str, Any]]:
    for folder in ("tablexi+restforce-db", "logstash-plugins+logstash-input-salesforce"):
        for file in sorted((recordings / folder).rglob("*.yml")):
            for call in yaml.safe_load(file.read_text(encoding="utf-8"))["http_interactions"]:
                if urlsplit(call["request"]["uri"].replace("<host>", "host")).path.endswith("/oauth2/token"):
                    yield file.stem, json.loads(call["response"]["body"]["string"])


def _differences(recorded: Any, actual: Any, whole: bool = False) -> list[str]:
    """Compare two answers: errors as a whole, tokens by their keys. `whole`: the recording is complete."""
    if isinstance(recorded, list) or "error" in recorded:
        return [] if recorded == actual else [f"{actual}, not {recorded}"]
    missing, more = recorded.keys() - actual.keys(), actual.keys() - recorded.keys() if whole else set()
    return [f"{key} is missing" for key in sorted(missing)] + [f"{key} is not recorded" for key in sorted(more)]


LOGIN_SOURCES: dict[str, Source] = {"logins": logins}
