from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from connector_sdk import (
    CONTRACT,
    Api,
    Delivery,
    DeliveryOptions,
    DestinationSpec,
    FieldMapping,
    Find,
    Match,
    Merge,
    Mergeable,
    Mode,
    Problem,
    Project,
    Removal,
    Sync,
)
from connector_sdk.project.checks import check_sync, lookup_fields

BASE = Sync(
    name="people",
    model="m",
    connection="crm",
    objects=("Contact",),
    mode=Mode.UPSERT,
    fields=(FieldMapping(field="Name", column="name"),),
    match=Match("Key__c", "id"),
)


MERGE = Merge("s", is_child="c")


def check(spec: DestinationSpec, sync: Sync = BASE, *others: Sync, **changes: Any) -> list[Problem]:
    changed = evolve(sync, **changes)
    problems = check_sync(
        Project(connections={}, models={}, syncs={each.name: each for each in (changed, *others)}), changed, spec
    )
    assert all(problem.hint and problem.path[:2] == ("syncs", "people") for problem in problems)
    return problems


def messages(problems: list[Problem]) -> str:
    return "\n".join(str(problem) for problem in problems)


def test_a_sync_that_the_destination_offers_has_no_problems(spec: DestinationSpec) -> None:
    assert check(spec) == []
    assert check(spec, mode=Mode.INSERT, match=None) == []
    assert check(spec, mode=Mode.ARCHIVE, fields=()) == []


def test_a_mode_that_is_not_offered_lists_those_that_are(spec: DestinationSpec) -> None:
    assert "it offers: archive, insert, update, upsert" in messages(check(spec, mode=Mode.ALL))


@pytest.mark.parametrize(
    ("mode", "removal", "allowed"),
    [
        (Mode.INSERT, Removal.DELETE, "allowed: nothing"),
        (Mode.INSERT, Removal.CLEAR, "allowed: nothing"),
        (Mode.UPDATE, Removal.DELETE, "allowed: clear, nothing"),
        (Mode.ARCHIVE, Removal.CLEAR, "allowed: nothing"),
    ],
)
def test_what_happens_to_removed_rows_depends_on_the_mode(
    spec: DestinationSpec, mode: Mode, removal: Removal, allowed: str
) -> None:
    assert allowed in messages(check(spec, mode=mode, on_removed=removal))


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.UPDATE, Mode.ARCHIVE])
def test_a_mode_that_finds_records_needs_to_know_how(spec: DestinationSpec, mode: Mode) -> None:
    fields = () if mode is Mode.ARCHIVE else BASE.fields
    (problem,) = check(spec, mode=mode, match=None, fields=fields)
    assert "needs match" in problem.message


def test_insert_refuses_a_match(spec: DestinationSpec) -> None:
    (problem,) = check(spec, mode=Mode.INSERT)
    assert problem.path == ("syncs", "people", "match")


def test_a_destination_that_only_inserts_refuses_mode_removal_and_match_at_once() -> None:
    events = DestinationSpec(
        name="events",
        modes={Mode.INSERT: frozenset({Removal.NOTHING})},
        apis=(
            Api(
                name="rest",
                delivery={Mode.INSERT: Delivery.AT_MOST_ONCE},
                rows_default=200,
                rows_max=200,
                bytes_max=None,
                parallel_default=1,
                parallel_max=1,
            ),
        ),
        config=dict,
        options=dict,
        contract=CONTRACT,
    )
    places = {problem.path[2] for problem in check(events, on_removed=Removal.DELETE)}
    assert places == {"mode", "on_removed", "match"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"objects": ("Contact", "Lead")}, "add create_in: one of Contact, Lead"),
        ({"objects": ("Contact", "Lead"), "create_in": "Account"}, "not one of the objects"),
        ({"objects": ("Contact", "Contact"), "create_in": "Contact"}, "object names Contact more than once"),
        ({"create_in": "Contact"}, "only in mode upsert with several objects"),
        ({"objects": ("A", "B"), "mode": Mode.INSERT, "match": None}, "several objects need the mode update or upsert"),
        ({"merge": MERGE, "mode": Mode.UPDATE}, "merging needs the mode insert or upsert"),
        ({"merge": Merge("s")}, "exactly one of is_child and merge_id"),
        ({"merge": Merge("s", "c", "m")}, "exactly one of is_child and merge_id"),
        ({"merge": Merge("s", merge_id="m"), "mode": Mode.INSERT, "match": None}, "use is_child"),
        ({"merge": MERGE, "objects": ("A", "B"), "create_in": "A"}, "several objects cannot be merged"),
        ({"fields": ()}, "no field is mapped"),
        ({"mode": Mode.ARCHIVE}, "writes no fields"),
    ],
)
def test_what_has_no_meaning_in_a_mode_is_refused(spec: DestinationSpec, changes: dict[str, Any], said: str) -> None:
    assert said in messages(check(spec, **changes))


def test_merging_is_offered_by_destinations_that_merge(spec: DestinationSpec) -> None:
    assert "ledger cannot merge records" in messages(check(spec, merge=MERGE))
    assert check(evolve(spec, mergeable=Mergeable(max_rows=2)), merge=MERGE) == []


def test_a_lookup_without_where_takes_the_match_field_of_the_sync_that_writes_the_object(spec: DestinationSpec) -> None:
    lookup = (FieldMapping(field="AccountId", find=Find("Account", "account_key")),)
    accounts = evolve(BASE, name="accounts", objects=("Account",), match=Match("Account_Key__c", "id"))
    again = evolve(accounts, name="again", match=Match("Other__c", "id"))
    elsewhere = evolve(again, name="elsewhere", connection="other")
    assert check(spec, BASE, accounts, elsewhere, fields=lookup) == []
    missing = "where is missing: by which field of Account is the record found?"
    assert f"{missing} No sync of this project writes Account — add where: FIELD" in messages(
        check(spec, fields=lookup)
    )
    said = messages(check(spec, BASE, accounts, again, fields=lookup))
    assert f"{missing} Syncs write Account by Account_Key__c, Other__c — add where: FIELD" in said
    project = Project(connections={}, models={}, syncs={"accounts": accounts})
    assert lookup_fields(project, BASE, Find("Account", "k")) == ("Account_Key__c",)
    assert lookup_fields(project, BASE, Find("Account", "k", "Name")) == ("Name",)


def test_options_of_delivery_are_not_the_business_of_these_checks(spec: DestinationSpec) -> None:
    assert check(spec, delivery=DeliveryOptions(api="nope")) == []
