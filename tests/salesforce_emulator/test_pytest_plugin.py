"""The fixtures that the package brings to other people's tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_TESTS = """
import requests

def login(emulator):
    form = {"grant_type": "client_credentials", "client_id": emulator.client_id}
    form["client_secret"] = emulator.client_secret
    return requests.post(f"{emulator.login_url}/services/oauth2/token", data=form).json()

def create(emulator):
    token = login(emulator)["access_token"]
    url = f"{emulator.instance_url}/services/data/v58.0/sobjects/Contact"
    return requests.post(url, json={"LastName": "L"}, headers={"Authorization": f"Bearer {token}"})

def test_one(salesforce_emulator):
    assert create(salesforce_emulator).status_code == 201
    assert len(salesforce_emulator.records("Contact")) == 1

def test_two(salesforce_emulator, salesforce_emulator_of_session):
    assert salesforce_emulator is salesforce_emulator_of_session
    assert salesforce_emulator.records("Contact") == []

def test_three(salesforce_emulator):
    assert salesforce_emulator.world.org.name == EXPECTED

def test_four(salesforce_emulator):
    salesforce_emulator.change_user(frozen=True)
    assert login(salesforce_emulator)["error"] == "inactive_user"
    salesforce_emulator.change_app(blocked=True)
    assert login(salesforce_emulator)["error"] == "OAUTH_APP_BLOCKED"

def test_five(salesforce_emulator):
    assert "access_token" in login(salesforce_emulator)
"""


def _run(folder: Path, expected: str, *arguments: str) -> str:
    (folder / "test_mine.py").write_text(f"EXPECTED = {expected!r}\n{_TESTS}", encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**environment, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    return done.stdout + done.stderr


def test_each_test_gets_the_org_as_it_was_at_the_start(tmp_path: Path) -> None:
    assert "5 passed" in _run(tmp_path, "Emulated Org")


@pytest.mark.long
@pytest.mark.parametrize("how", ["option", "setting", "override"])
def test_the_org_is_chosen(tmp_path: Path, how: str) -> None:
    (tmp_path / "org.yml").write_text("extends: default\nname: Mine\n", encoding="utf-8")
    if how == "setting":
        (tmp_path / "pytest.ini").write_text("[pytest]\nsalesforce_org = org.yml\n", encoding="utf-8")
    if how == "override":
        fixture = "import pytest\n\n@pytest.fixture(scope='session')\ndef salesforce_org():\n"
        body = "    return {'extends': 'default', 'name': 'Mine'}\n"
        (tmp_path / "conftest.py").write_text(fixture + body, encoding="utf-8")
    arguments = ["--salesforce-org", "org.yml"] if how == "option" else []
    assert "5 passed" in _run(tmp_path, "Mine", *arguments)


def test_the_plugin_costs_nothing_where_nobody_uses_it() -> None:
    loaded = "import sys, salesforce_emulator.pytest_plugin; print([n for n in sys.modules if 'starlette' in n])"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
