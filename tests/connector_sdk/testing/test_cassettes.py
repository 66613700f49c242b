from __future__ import annotations

import gzip
import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from connector_sdk.testing.cassettes import Cassette, CassetteError, leaks

from ..hooks.echo_server import echo_server
from ..observing.planted import SPELLINGS, echo, find_secrets, plant_secrets

KNOWN, UNKNOWN = plant_secrets(60), plant_secrets(60, first=60)
NAMES = (
    "access_token", "refresh_token", "id_token", "client_secret", "password", "assertion", "code_verifier", "signature",
    "sessionId", "session_id", "api_key", "token", "accessToken", "refreshToken", "clientSecret", "SessionID", "apiKey",
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[str]:
    with echo_server() as address:
        yield address


def record_answer(path: Path, url: str, body: str, **headers: str) -> str:
    with Cassette(path, record=True, secrets=[each.text for each in KNOWN]).play():
        requests.post(url, data=body.encode(), headers=headers, timeout=10)
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_known_secret_is_never_recorded_however_it_is_written(tmp_path: Path, server: str, spelling: str) -> None:
    said = " ~ ".join(SPELLINGS[spelling](each.text) for each in KNOWN)
    assert find_secrets(KNOWN, record_answer(tmp_path / "c.yaml", server, said)) == []


def test_a_known_secret_in_a_url_or_a_header_is_never_recorded(tmp_path: Path, server: str) -> None:
    for each in KNOWN:
        where = urllib.parse.quote(each.text, safe="")
        text = record_answer(tmp_path / "c.yaml", f"{server}/{where}?a={where}", "x", Accept=where, Etag=where)
        assert find_secrets(KNOWN, text) == []


def test_what_has_a_telling_name_is_not_recorded_although_nobody_knew_it(tmp_path: Path, server: str) -> None:
    for number, name in enumerate(NAMES):
        some = UNKNOWN[number : number + 24]
        bodies = [json.dumps({name: each.text}) for each in some]
        bodies += [json.dumps({"said": json.dumps({name: each.text})}) for each in some if '"' not in each.text]
        bodies += [urllib.parse.urlencode({"a": "b", name: each.text}) for each in some]
        bodies += [f"<x><{name} a='b'>{SPELLINGS['xml'](each.text)}</{name}></x>" for each in some]
        bodies += [f"<s:{name}><![CDATA[{each.text}]]></s:{name}>" for each in some if "</" not in each.text]
        for each in (each for place, each in enumerate(bodies) if place % 24 == number % 24):
            text = record_answer(tmp_path / "c.yaml", f"{server}/?{name}=Qz999kW999", each)
            assert find_secrets(UNKNOWN, text) == []
            assert "Qz999kW999" not in text
            assert leaks(text) == []


def test_headers_of_a_login_are_recorded_without_their_values(tmp_path: Path, server: str) -> None:
    (secret, *_) = UNKNOWN
    for name in ("Authorization", "X-SFDC-Session", "Cookie", "X-API-Key", "Proxy-Authorization", "X-Unknown"):
        assert find_secrets(UNKNOWN, record_answer(tmp_path / "c.yaml", server, "x", **{name: secret.text})) == []


def test_what_is_left_in_a_cassette_is_noticed() -> None:
    assert leaks(echo(KNOWN))
    assert leaks('{"accessToken": "x1234"}')
    assert leaks('"{\\"refresh_token\\": \\"x1234\\"}"')


def test_without_a_cassette_nothing_is_replayed_and_the_way_to_record_one_is_named(tmp_path: Path) -> None:
    player = Cassette(tmp_path / "none.yaml", record=False)
    with pytest.raises(CassetteError, match=r"there is no cassette .*none\.yaml: record it"), player.play():
        pytest.fail("the test must not begin")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def two(tmp_path: Path, server: str) -> Cassette:
    """A player of a cassette with two exchanges."""
    with Cassette(tmp_path / "c.yaml", record=True).play():
        for number in range(2):
            requests.post(f"{server}/{number}", data=b"x", timeout=10)
    return Cassette(tmp_path / "c.yaml", record=False)


def ask(number: int) -> str:
    """Ask what a cassette recorded, of a host that does not exist."""
    return requests.post(f"http://elsewhere/{number}", data=b"x", timeout=10).text


def test_a_cassette_answers_in_place_of_any_host(two: Cassette) -> None:
    with two.play():
        assert [ask(number) for number in range(2)] == ["x", "x"]


@pytest.mark.parametrize("asked", [(), (0,)])
def test_an_exchange_that_is_not_asked_for_is_an_error(two: Cassette, asked: tuple[int, ...]) -> None:
    wanted = rf"{2 - len(asked)} exchanges of .* were not asked for: record it"
    with pytest.raises(CassetteError, match=wanted), two.play():
        assert [ask(number) for number in asked] == ["x"] * len(asked)


def test_an_answer_that_is_compressed_is_recorded_as_text_without_its_secrets(tmp_path: Path, server: str) -> None:
    path = tmp_path / "c.yaml"
    (secret, *_) = UNKNOWN
    body = gzip.compress(json.dumps({"access_token": secret.text, "said": "hello"}).encode())
    with Cassette(path, record=True).play():
        requests.post(server, data=body, timeout=10)
    text = path.read_text(encoding="utf-8")
    assert text.count("hello") == 2, "the question and the answer"
    assert find_secrets([secret], text) == []
