from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from attrs import frozen

from connector_sdk import ConfigError, Secret
from connector_sdk.settings.structure import structure


@frozen
class ByKey:
    """Log in with a key."""

    flow: Literal["key"]
    owner: str
    secret_key: Secret


@frozen
class ByPassword:
    """Log in with a password."""

    flow: Literal["password"]
    user: str


@frozen
class Door:
    """Settings of a test."""

    auth: Annotated[ByKey | ByPassword, "How to log in."]
    owner: Annotated[ByPassword, "Who owns it."]
    name: Annotated[str | tuple[str, ...], "What it is called."]
    hours: Annotated[float, "Hours that it stays open."] = 24
    width: Annotated[int | None, "Millimetres."] = None
    code: Secret | None = None


@frozen
class Lamp:
    """Settings of a test."""

    password: Secret
    state: Literal["on", "off"] = "off"
    pin: str = ""


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"password": 42}, "must be text, not a number — put it into an environment variable and write ${NAME}"),
        ({"password": ["in-clear"]}, "put it into an environment variable and write ${NAME}"),
        ({"pin": 42}, "must be text, not a number — put it in quotes"),
        ({"state": True}, "must be text, not true or false — put it in quotes"),
        ({"state": "of"}, "of is not allowed here — did you mean off?"),
    ],
)
def test_a_wrong_value_is_refused_in_the_words_of_the_file(data: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        structure(Lamp, {"password": Secret("p"), **data}, ("connections", "lamp"))
    assert said in str(refused.value)
    assert "in-clear" not in str(refused.value)


def test_a_missing_mapping_is_shown_with_the_keys_that_it_must_have() -> None:
    with pytest.raises(ConfigError) as refused:
        structure(Door, {})
    assert {each.message: each.hint for each in refused.value.problems} == {
        "auth is missing": "add auth: {flow: key, owner: ..., secret_key: ${SECRET_KEY}}; flow may be password as well",
        "owner is missing": "add owner: {flow: password, user: ...}",
        "name is missing": "add name: What it is called.",
    }


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ({"hours": "24h"}, "write a number, such as 24: Hours that it stays open."),
        ({"hours": "24"}, "take the quotes away"),
        ({"width": "9 mm"}, "write a whole number: Millimetres."),
        ({"code": {"of": "in-clear"}}, "put it into an environment variable and write ${NAME}"),
    ],
)
def test_a_value_of_another_type_is_answered_with_what_its_key_means(data: dict[str, Any], hint: str) -> None:
    present = {"auth": {"flow": "password", "user": "u"}, "owner": {"flow": "password", "user": "u"}, "name": "d"}
    with pytest.raises(ConfigError) as refused:
        structure(Door, {**present, **data})
    (problem,) = refused.value.problems
    assert (problem.path, problem.hint) == (tuple(data), hint)
    assert "in-clear" not in str(problem)
