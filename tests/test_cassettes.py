from __future__ import annotations

from pathlib import Path

import pytest

from connector_sdk.testing.cassettes import leaks

CASSETTES = sorted((Path(__file__).parents[1] / "cassettes").rglob("*.yaml"))


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_a_cassette_holds_nothing_that_looks_like_a_secret(path: Path) -> None:
    assert leaks(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token": "00D000000000001!AQEAQNmv9xExample.Example.Example"}',
        "Authorization: Bearer 00D000000000001!AQEAQNmv9x",
        "grant_type=client_credentials&client_secret=5ECRET",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJjbGllbnQifQ.c2lnbmF0dXJl",
        "-----BEGIN RSA PRIVATE KEY-----",
    ],
)
def test_a_secret_that_was_left_in_is_found(text: str) -> None:
    assert leaks(text)
