"""What a person sees of the org: over HTTP, and in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key of an element's id (W3C WebDriver)."""


def page(client: Client, path: str = "/") -> requests.Response:
    return client.http.get(f"{client.emulator.instance_url}/__emulator__{path}")


def test_the_first_page_shows_objects_events_and_calls(client: Client) -> None:
    client.create("Contact", LastName="L")
    client.create("Order_Update__e", Order_Number__c="o-1")
    text = page(client).text
    assert '<a href="/__emulator__/objects/Contact">Contact</a></td><td>Contact</td><td class="number">1</td>' in text
    assert 'Order_Update__e</a></td><td>Order Update</td><td class="number">1</td>' in text
    assert "POST /services/data/v58.0/sobjects/Contact" in text
    assert "<td>POST</td><td>/services/data/v58.0/sobjects/Contact</td>" in text


def test_looking_at_the_org_is_no_call(client: Client, emulator: Emulator) -> None:
    before = emulator.stats()
    for path in ("/", "/objects/Contact", "/objects/Nope"):
        page(client, path)
    assert emulator.stats() == before


def test_a_call_without_an_answer_is_shown_as_such(client: Client, emulator: Emulator) -> None:
    emulator.faults([{"match": {"path": "*/sobjects"}, "do": {"cut": "after"}, "times": 1}])
    with pytest.raises(requests.ConnectionError):
        client.rest("GET", "/sobjects")
    assert "<td>/services/data/v58.0/sobjects</td><td>no answer</td>" in page(client).text


def test_an_object_shows_its_records_page_by_page(client: Client, emulator: Emulator) -> None:
    emulator.insert("Contact", *({"LastName": f"L{number}"} for number in range(101)))
    first, second = page(client, "/objects/contact").text, page(client, "/objects/Contact?page=2").text
    assert ">L100<" in first
    assert ">L0<" not in first
    assert ">L0<" in second
    assert "Page 2 of 2" in second
    assert page(client, "/objects/Contact?page=x").status_code == 200


def test_records_link_to_their_parents_and_deleted_ones_are_struck_through(client: Client, emulator: Emulator) -> None:
    [account] = emulator.insert("Account", {"Name": "A"})
    [contact] = emulator.insert("Contact", {"LastName": "L", "AccountId": account})
    emulator.delete("Contact", contact)
    assert '<tr class="gone">' in page(client, "/objects/Contact").text
    one = page(client, f"/objects/Contact/{contact}").text
    assert f'<a href="/__emulator__/objects/Account/{account}">{account}</a>' in one


def test_events_are_shown_with_their_payload(client: Client) -> None:
    client.create("Order_Update__e", Order_Number__c="o-1")
    assert '"Order_Number__c": "o-1"' in page(client, "/objects/Order_Update__e").text


def test_what_records_hold_is_text_and_not_markup(client: Client, emulator: Emulator) -> None:
    emulator.insert("Contact", {"LastName": "<script>alert(1)</script>"})
    text = page(client, "/objects/Contact").text
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_what_is_not_there_is_not_found(client: Client) -> None:
    assert page(client, "/objects/Nope").status_code == 404
    assert page(client, "/objects/Contact/003000000000000AAA").status_code == 404


class Browser:
    """A session of a WebDriver."""

    def __init__(self, session: str) -> None:
        self._session = session

    def open(self, url: str) -> None:
        self._ask("POST", "url", {"url": url})

    def click(self, text: str) -> None:
        self._ask("POST", f"element/{self._find_element('link text', text)}/click", {})

    def text(self, selector: str) -> str:
        return str(self._ask("GET", f"element/{self._find_element('css selector', selector)}/text"))

    def _find_element(self, using: str, value: str) -> str:
        return str(self._ask("POST", "element", {"using": using, "value": value})[_ELEMENT])

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        with requests.request(method, f"{self._session}/{path}", json=body, timeout=60) as answer:
            assert answer.ok, answer.text
            return answer.json()["value"]


@contextmanager
def chromedriver() -> Iterator[str]:
    with subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            started = next(found for line in process.stdout if (found := re.search(r"on port (\d+)\.", line)))
            yield f"http://127.0.0.1:{started[1]}"
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    if not (shutil.which("chromedriver") and shutil.which("chromium")):
        pytest.skip("Chromium and its driver are not installed (apt-get install chromium chromium-driver)")
    folder = f"--user-data-dir={tmp_path / 'chromium'}"
    options = {"args": ["--headless=new", "--no-sandbox", "--no-proxy-server", folder]}
    wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
    with chromedriver() as driver:
        with requests.post(f"{driver}/session", json=wanted, timeout=60) as answer:
            session = f"{driver}/session/{answer.json()['value']['sessionId']}"
        yield Browser(session)
        requests.delete(session, timeout=60).close()


def test_a_person_goes_from_the_org_to_a_record_and_its_parent(
    client: Client, emulator: Emulator, browser: Browser
) -> None:
    [account] = emulator.insert("Account", {"Name": "Parent & Sons"})
    contact = client.create("Contact", LastName="Child", AccountId=account)
    calls = emulator.stats()["calls"]
    browser.open(f"{emulator.instance_url}/__emulator__/")
    assert "Contact Contact 1 0" in browser.text("#objects")
    browser.click("Contact")
    assert "Child" in browser.text("#records")
    browser.click(contact)
    assert f"AccountId Account ID {account}" in browser.text("#fields")
    browser.click(account)
    assert "Parent & Sons" in browser.text("#fields")
    browser.click("Org")
    assert browser.text("h1") == emulator.world.org.name
    assert emulator.stats()["calls"] == calls
