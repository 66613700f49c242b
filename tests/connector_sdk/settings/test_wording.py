from __future__ import annotations

from typing import Any, Literal

import pytest
from attrs import frozen

from connector_sdk import ConfigError, Secret
from connector_sdk.settings.structure import structure


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
