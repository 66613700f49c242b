"""Answers of the Metadata API about standard value sets."""

from __future__ import annotations

import pytest
from connector_salesforce import CallFailed
from connector_salesforce_picklist.metadata_api import read_set, write_set
from connector_salesforce_picklist.values import Raw

from connector_sdk import Executed

from .setuporg import SetupOrg

HOT = "<standardValue><fullName>Hot</fullName><default>false</default><label>Hot</label></standardValue>"


def read(body: str) -> Raw | None:
    """Read the set Industry, which is answered so."""
    setup_org = SetupOrg()
    setup_org.answer_soap(body)
    return read_set(setup_org.org, "Industry")


def answer_with(records: str) -> str:
    return f"<readMetadataResponse><result>{records}</result></readMetadataResponse>"


def test_a_set_is_read_with_its_values_as_a_list() -> None:
    found = read(answer_with(f"<records><fullName>Industry</fullName><sorted>false</sorted>{HOT}</records>"))
    assert found is not None
    assert found["standardValue"] == [{"fullName": "Hot", "default": "false", "label": "Hot"}]


@pytest.mark.parametrize("records", ["", "<records/>"])
def test_a_set_of_which_nothing_is_shown_is_hidden_from_the_user(records: str) -> None:
    assert read(answer_with(records)) is None


@pytest.mark.rule("C4")
@pytest.mark.parametrize(
    "body",
    [
        f"<updateMetadataResponse><records><fullName>Industry</fullName>{HOT}</records></updateMetadataResponse>",
        answer_with(f"<records><fullName>LeadSource</fullName>{HOT}</records>"),
        answer_with(f"<records>{HOT}</records>"),
    ],
    ids=["an answer to another call", "another set", "a set without a name"],
)
def test_an_answer_that_is_not_about_the_set_is_not_taken_for_it(body: str) -> None:
    with pytest.raises(CallFailed) as failed:
        read(body)
    assert (failed.value.code, failed.value.executed) == ("ANSWER_UNREADABLE", Executed.NO)


def write(result: str) -> None:
    """Write the set Industry, which is answered so."""
    setup_org = SetupOrg()
    setup_org.answer_soap(f"<updateMetadataResponse><result>{result}</result></updateMetadataResponse>")
    write_set(setup_org.org, "Industry", {"standardValue": [{"fullName": "Hot", "label": "Hot"}]})


@pytest.mark.rule("C4")
@pytest.mark.parametrize("result", ["", "<success>false</success>", "<success/>", "<fullName>true</fullName>"])
def test_a_set_was_perhaps_written_unless_the_answer_says_either(result: str) -> None:
    write("<success>true</success>")
    with pytest.raises(CallFailed) as failed:
        write(result)
    assert (failed.value.code, failed.value.executed) == ("ANSWER_UNREADABLE", Executed.MAYBE)
