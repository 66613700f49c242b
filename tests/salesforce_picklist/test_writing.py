"""Writes of a list, and what another user changes between them."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from connector_salesforce import CallFailed
from connector_salesforce_picklist import Options, writing

from connector_sdk import (
    NOT_EXECUTED,
    Action,
    Batch,
    Column,
    Executed,
    Mode,
    NotExecuted,
    OnNull,
    Stale,
    WriteResult,
)
from connector_sdk.testing.doubles import RecordingRun

from ..salesforce.scripted import batch
from .setuporg import SetupOrg, field_tree, value

GOLD, SILVER, TIN = value("Gold"), value("Silver"), value("Tin")


@pytest.fixture
def setup_org() -> SetupOrg:
    return SetupOrg(field_tree(GOLD, SILVER))


def make_batch(setup_org: SetupOrg, *names: str, label: str | None = None) -> Batch:
    """Return a batch that makes these the active values of the list as it is now. `label` is the one of all."""
    rows: dict[str, Any] = {"Tier__c": list(names), "label": [label] * len(names)}
    columns = (Column("Tier__c"), Column("label", OnNull.KEEP))
    version = setup_org.lists.read("Account", "Tier__c").version
    made = batch(rows, columns=columns, object_name="Account", api="metadata")
    return evolve(made, action=Action.REPLACE, mode=Mode.ALL, match_field="Tier__c", version=version)


def active(setup_org: SetupOrg) -> list[str]:
    return [each.name for each in setup_org.lists.read("Account", "Tier__c").active]


def test_a_list_is_written_once_and_what_became_of_it_can_be_asked_for(setup_org: SetupOrg) -> None:
    given, run = make_batch(setup_org, "Gold", "Tin"), RecordingRun()
    writing.write(setup_org.lists, given, Options(), run.attempt(given))
    assert (active(setup_org), setup_org.writes) == (["Gold", "Tin"], 1)
    found = writing.recover(setup_org.lists, given, Options(), run.attempt(given, 2))
    assert isinstance(found, WriteResult)
    assert (found.rows.column("created").to_pylist(), setup_org.writes) == ([False, True], 1)


def test_a_list_that_another_user_changed_after_a_write_was_begun_is_not_overwritten(setup_org: SetupOrg) -> None:
    given, run = make_batch(setup_org, "Gold", "Platinum"), RecordingRun()
    writing.note(run.attempt(given), setup_org.lists.read("Account", "Tier__c"))
    setup_org.tier = field_tree(GOLD, SILVER, TIN)
    with pytest.raises(Stale, match="Tier__c"):
        writing.write(setup_org.lists, given, Options(), run.attempt(given, 2))
    assert (active(setup_org), setup_org.writes) == (["Gold", "Silver", "Tin"], 0)


def test_a_batch_that_noted_nothing_wrote_nothing_even_where_the_org_has_its_list(setup_org: SetupOrg) -> None:
    given = make_batch(setup_org, "Gold", "Silver")
    attempt = RecordingRun().attempt(given)
    assert writing.recover(setup_org.lists, given, Options(), attempt) is NOT_EXECUTED


def test_the_former_list_is_the_first_that_was_noted_whatever_else_was(setup_org: SetupOrg) -> None:
    given, run = make_batch(setup_org, "Gold"), RecordingRun()
    former, attempt = setup_org.lists.read("Account", "Tier__c"), run.attempt(given)
    attempt.anchor("another step", metadata="{}")
    assert writing.read_former(attempt.anchors, former) is None
    writing.note(attempt, former)
    writing.note(attempt, former.with_values(former.values[:1]))
    assert writing.read_former(attempt.anchors, former) == former


@pytest.mark.parametrize(("count", "shown"), [(2, 2), (12, 10)])
def test_values_that_are_not_stored_as_they_were_sent_are_named(setup_org: SetupOrg, count: int, shown: int) -> None:
    setup_org.stores = False
    names = [f"new{number:02}" for number in range(count)]
    given = make_batch(setup_org, "Gold", "Silver", *names)
    with pytest.raises(CallFailed) as failed:
        writing.write(setup_org.lists, given, Options(), RecordingRun().attempt(given))
    assert (failed.value.code, failed.value.executed) == ("PICKLIST_NOT_STORED", Executed.MAYBE)
    assert [each for each in names if each in failed.value.message] == names[:shown]
    assert failed.value.message.endswith("...") == (shown < count)


def test_a_list_that_breaks_a_rule_is_not_written_even_if_its_plan_was_approved(setup_org: SetupOrg) -> None:
    given = make_batch(setup_org, "Gold", "Silver", label="The same")
    with pytest.raises(NotExecuted) as refused:
        writing.write(setup_org.lists, given, Options(), RecordingRun().attempt(given))
    assert refused.value.code == "PICKLIST_NOT_WRITABLE"
    assert "The same" in refused.value.message
    assert setup_org.writes == 0
