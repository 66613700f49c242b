"""`connector explain`: every code that people meet, in any case, with its cause and what to do."""

from __future__ import annotations

import json

import pytest

from .projects import Project

CODES = {
    "ApiBatchItems": "batch",
    "ApiBatchItems Limit exceeded": "batch",
    "CANNOT_UPDATE_CONVERTED_LEAD": "IsConverted",
    "DUPLICATE_EXTERNAL_ID": "several records",
    "DUPLICATES_DETECTED": "duplicate rule",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "",
    "INSUFFICIENT_ACCESS_OR_READONLY": "",
    "INVALID_CROSS_REFERENCE_KEY": "sandbox",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "default record type",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "casing",
    "INVALID_TYPE_ON_FIELD_IN_RECORD": "before-save flow",
    "OAUTH_APP_BLOCKED": "Connected Apps OAuth Usage",
    "UNABLE_TO_LOCK_ROW": "five",
    "TOO_MANY_APEX_REQUESTS": "",
    "Reference not found": "",
    "DUPLICATE_VALUE": "same key",
    "app_not_found": "",
}
"""Codes, and what their explanation must name."""


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("spelt", [str, str.upper, str.lower])
def test_a_code_is_explained_in_any_case(project: Project, code: str, spelt: type[str]) -> None:
    said = project.invoke("explain", *spelt(code).split())
    assert said.exit_code == 0, said.stderr
    told = " ".join(said.stdout.split())
    assert "cause" in told
    assert "solution" in told
    assert CODES[code].lower() in told.lower()


def test_a_blocked_app_names_the_permission_that_looking_it_up_needs(project: Project) -> None:
    assert "View Setup and Configuration" in " ".join(project.invoke("explain", "OAUTH_APP_BLOCKED").stdout.split())


def test_a_text_that_several_destinations_share_is_printed_once(project: Project) -> None:
    types = ("salesforce", "salesforce_picklist", "salesforce_events")
    project.write({each: each for each in types}, {}, {})
    told = project.invoke("explain", "UNABLE_TO_LOCK_ROW").stdout
    assert told.count("cause") == 1
    assert ", ".join(sorted(types)) in told
    (record,) = json.loads(project.invoke("explain", "UNABLE_TO_LOCK_ROW", "--output", "json").stdout)
    assert record["destination"] == ", ".join(sorted(types))


def test_several_codes_are_explained_at_once(project: Project) -> None:
    codes = ("ApiBatchItems", "UNABLE_TO_LOCK_ROW", "reference", "not", "found", "DUPLICATE_VALUE")
    told = json.loads(project.invoke("explain", *codes, "--output", "json").stdout)
    assert list(dict.fromkeys(each["code"].upper().replace(" ", "_") for each in told)) == [
        "APIBATCHITEMS", "UNABLE_TO_LOCK_ROW", "REFERENCE_NOT_FOUND", "DUPLICATE_VALUE",
    ]  # fmt: skip
