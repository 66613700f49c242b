"""A person's login in a real browser: headless Chromium on the emulated org's login page."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from attrs import define, field

from .emulated import Emulated
from .projects import Project

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key of an element's id (W3C WebDriver)."""

pytestmark = pytest.mark.skipif(
    not (shutil.which("chromedriver") and shutil.which("chromium")),
    reason="Chromium and its driver are not installed (apt-get install chromium chromium-driver)",
)


@define
class Chromium:
    """A browser that presses a button on whatever page it is launched with."""

    session: str
    button: str = "#allow"
    text: str = ""
    _threads: list[threading.Thread] = field(factory=list)

    def launch(self, url: str) -> int:
        self._threads.append(threading.Thread(target=self._log_in, args=(url,), daemon=True))
        self._threads[-1].start()
        return 0

    def close(self) -> None:
        for each in self._threads:
            each.join(30)

    def _log_in(self, url: str) -> None:
        self._ask("POST", "url", {"url": url})
        self._ask("POST", f"element/{self._find(self.button)}/click", {})
        until = time.monotonic() + 20
        while "localhost" not in self._ask("GET", "url") and time.monotonic() < until:
            time.sleep(0.05)
        while not isinstance(text := self._ask("GET", f"element/{self._find('body')}/text"), str):
            assert time.monotonic() < until, text  # until then the page may still make room for the next one
        self.text = text

    def _find(self, selector: str) -> str:
        return str(self._ask("POST", "element", {"using": "css selector", "value": selector})[_ELEMENT])

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        with requests.request(method, f"{self.session}/{path}", json=body, timeout=30) as answer:
            return answer.json()["value"]


@contextmanager
def chromedriver() -> Iterator[str]:
    """Run a driver, and yield its address."""
    with subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            started = next(found for line in process.stdout if (found := re.search(r"on port (\d+)\.", line)))
            yield f"http://127.0.0.1:{started[1]}"
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
def chromium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chromium]:
    options = {
        "args": ["--headless=new", "--no-sandbox", "--no-proxy-server", f"--user-data-dir={tmp_path / 'chromium'}"]
    }
    wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
    with chromedriver() as driver:
        with requests.post(f"{driver}/session", json=wanted, timeout=60) as answer:
            session = f"{driver}/session/{answer.json()['value']['sessionId']}"
        opened = Chromium(session)
        monkeypatch.setattr("click.launch", opened.launch)
        with closing(opened):
            yield opened
        requests.delete(session, timeout=30).close()


@pytest.fixture
def project(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    emulated.change({"application": {"pkceRequired": True}})
    auth = {
        "flow": "web", "client_id": emulated.ready["client_id"], "client_secret": "${SF_SECRET}",
        "callback_url": "http://localhost:0/OauthRedirect",
    }  # fmt: skip
    made = Project(tmp_path, emulated, auth)
    made.sync()
    made.model([{"id": "k1", "last": "Ash", "email": None}])
    return made


def test_a_person_allows_the_access_in_the_browser(project: Project, chromium: Chromium) -> None:
    result = project.invoke("salesforce", "login", "--output", "json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)[0]["user"] == project.emulated.ready["username"]
    chromium.close()
    assert "You can close this page." in chromium.text


def test_a_person_denies_the_access_in_the_browser(project: Project, chromium: Chromium) -> None:
    chromium.button = "#deny"
    result = project.invoke("salesforce", "login")
    assert result.exit_code == 69
    assert "access_denied" in result.stderr
