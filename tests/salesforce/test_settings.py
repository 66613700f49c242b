"""Wrong settings of a connection and of a sync: each is answered at its own key, with what to write there."""

from __future__ import annotations

from typing import Any

import pytest
from connector_salesforce.config import Config, Options

from connector_sdk import ConfigError, Problem
from connector_sdk.settings.structure import structure


def read_problem(cls: type, **data: Any) -> Problem:
    with pytest.raises(ConfigError) as refused:
        structure(cls, data)
    (problem,) = refused.value.problems
    return problem


@pytest.fixture
def auth(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("SF_SECRET", "a-client-secret")
    return {"flow": "client_credentials", "client_id": "a-client-id", "client_secret": "${SF_SECRET}"}


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (66, 'must be text, not a number — write "66.0"'),
        ("66", "'66' is not a version: write it like \"66.0\", with the quotes"),
        ("40.0", "version 40.0 is older than 41.0"),
    ],
)
def test_a_version_in_another_form_is_answered_with_the_form_at_its_key(
    auth: dict[str, str], version: object, said: str
) -> None:
    problem = read_problem(Config, auth=auth, api_version=version)
    assert problem.path == ("api_version",)
    assert said in f"{problem.message} — {problem.hint}"


def test_an_address_that_is_none_is_answered_at_its_key(auth: dict[str, str]) -> None:
    assert read_problem(Config, auth=auth, login_url="ftp://acme").path == ("login_url",)
    web = {"flow": "web", "client_id": "a-client-id", "callback_url": "https://elsewhere.example"}
    assert read_problem(Config, auth=web).path == ("auth", "callback_url")


def test_a_missing_login_is_answered_with_its_keys() -> None:
    assert read_problem(Config).hint == (
        "add auth: {flow: client_credentials, client_id: ..., client_secret: ${CLIENT_SECRET}}; "
        "flow may be web, jwt, sf_cli as well"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"job_timeout": "24h"}, "must be a number, not text — write a number, such as 24: Hours that a job"),
        ({"job_timeout": 0}, "0.0 is not above 0 hours"),
        ({"keep_api_calls": -1}, "-1 is below 0"),
        ({"assignment_rules": "maybe"}, "'maybe' is none of off, on, and the id of a rule"),
    ],
)
def test_an_option_of_another_form_is_answered_at_its_key(options: dict[str, object], said: str) -> None:
    problem = read_problem(Options, **options)
    assert problem.path == tuple(options)
    assert said in f"{problem.message} — {problem.hint}"
