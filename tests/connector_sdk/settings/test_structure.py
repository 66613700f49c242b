from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from attrs import field, frozen, validators

from connector_sdk import ConfigError, Problem, Secret
from connector_sdk.project.shape import SyncShape
from connector_sdk.settings import structure as structure_module
from connector_sdk.settings.json_schema import Rest, Rule, json_schema
from connector_sdk.settings.structure import structure


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


@frozen
class ByPassword:
    """Log in with a password."""

    user: str
    password: Secret
    flow: Literal["password"] = "password"


@frozen
class ByKey:
    """Log in with a key."""

    key: Secret
    flow: Literal["key"] = "key"


@frozen
class Config:
    """Settings of a test.

    Not part of the description.
    """

    url: str = field(validator=validators.matches_re("https?://.*"))
    auth: ByPassword | ByKey
    version: str = "58.0"
    size: Annotated[int, "How many.", Rule(minimum=1, maximum=9)] = 3
    share: float = 0.5
    price: Decimal = Decimal("0.10")
    colour: Colour = Colour.RED
    quiet: bool = False
    token: Secret | None = None
    tags: tuple[str, ...] = ()
    limits: Mapping[str, int] = field(factory=dict)
    assignment: Literal["off", "on"] | int = "off"


GOOD: Mapping[str, Any] = {"url": "https://x", "auth": {"flow": "key", "key": Secret("k")}}


def refusal(**data: Any) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        structure(Config, {**GOOD, **data}, ("connections", "crm"))
    return caught.value.problems


def test_data_becomes_an_instance_with_the_defaults_of_the_class() -> None:
    config = structure(Config, GOOD)
    assert config == Config("https://x", ByKey(Secret("k")))


def test_every_type_of_a_setting_is_structured() -> None:
    data = {
        "auth": {"flow": "password", "user": "u", "password": Secret("p")},
        "size": 4,
        "share": Decimal("0.25"),
        "price": Decimal("12345678901234567.89"),
        "colour": "green",
        "quiet": True,
        "token": Secret("t"),
        "tags": ["a", "b"],
        "limits": {"x": 1},
        "assignment": 7,
    }
    config = structure(Config, {**GOOD, **data})
    assert config.auth == ByPassword("u", Secret("p"))
    assert (config.size, config.share, config.price) == (4, 0.25, Decimal("12345678901234567.89"))
    assert isinstance(config.share, float)
    assert (config.colour, config.quiet, config.token) == (Colour.GREEN, True, Secret("t"))
    assert (config.tags, config.limits, config.assignment) == (("a", "b"), {"x": 1}, 7)


def test_references_are_resolved_and_read_as_the_type_of_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {"SIZE": "5", "QUIET": "TRUE", "PRICE": "1.10", "KEY": "s3cret", "HOST": "x"}.items():
        monkeypatch.setenv(name, text)
    config = structure(
        Config,
        {"url": "https://${HOST}/", "auth": {"flow": "key", "key": "${KEY}"}, "size": "${SIZE}", "quiet": "${QUIET}",
         "price": "${PRICE}", "token": "Bearer ${KEY}"},
    )  # fmt: skip
    assert (config.url, config.size, config.quiet, config.price) == ("https://x/", 5, True, Decimal("1.10"))
    assert type(config.url) is str
    assert config.auth == ByKey(Secret("s3cret"))
    assert config.token == Secret("Bearer s3cret")
    assert "s3cret" not in repr(config)


def test_a_secret_in_clear_is_refused_and_not_repeated() -> None:
    (problem,) = refusal(auth={"flow": "key", "key": "in-clear"})
    assert problem.path == ("connections", "crm", "auth", "key")
    assert "${KEY}" in problem.hint
    assert "in-clear" not in str(problem)


@pytest.mark.parametrize("value", [42, ["in-clear"], True])
def test_a_secret_that_is_no_text_is_refused(value: object) -> None:
    (problem,) = refusal(token=value)
    assert problem.path == ("connections", "crm", "token")


@pytest.mark.parametrize(
    ("data", "path", "said"),
    [
        ({"version": Decimal("58.0")}, ("version",), 'must be text, not a number — write "58.0"'),
        ({"size": "4"}, ("size",), "must be a whole number, not text — take the quotes away"),
        ({"size": True}, ("size",), "must be a whole number, not true or false"),
        ({"size": 0}, ("size",), "must be at least 1"),
        ({"size": 10}, ("size",), "must be at most 9"),
        ({"colour": "gren"}, ("colour",), "gren is not allowed here — did you mean green?"),
        ({"colour": "puce"}, ("colour",), "use one of: red, green"),
        ({"tags": "a"}, ("tags",), "write a list: [a]"),
        ({"tags": "a, b"}, ("tags",), "write a list: [a, b]"),
        ({"tags": 1}, ("tags",), "write a list: [one, two]"),
        ({"size": 2.5}, ("size",), "must be a whole number, not 2.5"),
        ({"tags": ["a", 1]}, ("tags", 1), "must be text"),
        ({"limits": {"x": "y"}}, ("limits", "x"), "must be a whole number"),
        ({"tag": []}, ("tag",), "did you mean tags?"),
        ({"auth": {"flow": "keys", "key": "${K}"}}, ("auth", "flow"), "did you mean key?"),
        ({"auth": {}}, ("auth",), "add flow: one of password, key"),
        ({"auth": "key"}, ("auth",), "must be a mapping, not text"),
        ({"auth": {"flow": "key", "kye": "${K}"}}, ("auth", "kye"), "did you mean key?"),
        ({"assignment": "of"}, ("assignment",), "did you mean off?"),
        ({"url": "ftp://x"}, ("url",), "must match regex"),
        ({"version": 66}, ("version",), 'must be text, not a number — write "66.0"'),
        ({"version": 7.5}, ("version",), 'write "7.5"'),
        ({"version": -1}, ("version",), "put it in quotes"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_place_and_what_to_do(
    data: dict[str, Any], path: tuple[str | int, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("K", "secret-value")
    problems = refusal(**data)
    places = {problem.path: str(problem) for problem in problems}
    assert said in places["connections", "crm", *path]


def test_all_problems_are_reported_at_once_missing_references_among_them() -> None:
    problems = refusal(size=0, colour="blue", version="${NOT_SET}", extra=1, auth={"flow": "key"})
    assert {problem.path[2] for problem in problems} == {"size", "colour", "version", "extra", "auth"}


def test_what_a_reference_yields_is_not_repeated_by_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("URL", "hidden-value")
    monkeypatch.setenv("COLOUR", "hidden-value")
    for problems in (refusal(url="${URL}"), refusal(colour="${COLOUR}")):
        assert "hidden-value" not in str(problems)
        assert "${" in problems[0].message


def test_a_class_may_collect_the_keys_it_does_not_name() -> None:
    @frozen
    class Open:
        name: str
        others: Rest = field(factory=dict)

    Open.__init__.__globals__.update(globals())
    assert structure(Open, {"name": "n", "a": 1, "b": [2]}) == Open("n", {"a": 1, "b": [2]})


def test_the_schema_says_what_the_class_says() -> None:
    schema = json_schema(Config)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["description"] == "Settings of a test."
    assert schema["required"] == ["url", "auth"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["size"] == {
        "type": "integer", "description": "How many.", "minimum": 1, "maximum": 9, "default": 3,
    }  # fmt: skip
    assert schema["properties"]["colour"] == {"type": "string", "enum": ["red", "green"], "default": "red"}
    assert schema["properties"]["token"]["anyOf"][1] == {"type": "string", "writeOnly": True, "pattern": r"\$\{.+\}"}


def test_a_type_that_no_file_can_hold_is_a_mistake_of_the_plugin() -> None:
    @frozen
    class Odd:
        call: Any = None
        where: complex = 0j

    with pytest.raises(TypeError, match="complex"):
        json_schema(Odd)


def test_what_a_setting_may_be_is_derived_once_however_often_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    derived: list[object] = []
    monkeypatch.setattr(structure_module, "json_schema", lambda type_: derived.append(type_) or json_schema(type_))
    structure_module._schema.cache_clear()
    fields = {f"field{number}": {"column": "name"} if number % 2 else "name" for number in range(100)}
    entry = {"model": "m", "connection": "c", "object": "O", "mode": "upsert", "fields": fields}
    assert structure_module.problems_of(SyncShape, entry) == []
    assert len(structure_module.build_instance(SyncShape, entry).fields) == 100
    assert len(derived) < 20
