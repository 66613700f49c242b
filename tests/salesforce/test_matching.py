"""Which record a row means: the fields that can say it, and the values that say the same."""

from __future__ import annotations

from typing import Any

import pytest

from .projects import Project

NAMESPACED = "FinServ__FinancialAccount__c"


def account(key: str, name: str) -> dict[str, Any]:
    return {"id": key, "last": name}


def ids(project: Project, *names: str) -> list[str]:
    """Create accounts by hand, and return the ids of all accounts."""
    project.emulated.insert("Account", *({"Name": each} for each in names))
    return [each["Id"] for each in project.emulated.records("Account")]


@pytest.fixture
def by_id(project: Project) -> Project:
    """An update of accounts by their ids."""
    match = {"field": "Id", "column": "key"}
    project.sync(object="Account", mode="update", match=match, fields={"Name": "last"})
    return project


def test_both_forms_of_an_id_are_one_record_and_neither_row_is_sent(by_id: Project) -> None:
    one, other = ids(by_id, "one", "other")
    by_id.model([{**account("a", "A"), "key": one}, {**account("b", "B"), "key": one[:15]},
                 {**account("c", "C"), "key": other}])  # fmt: skip
    run = by_id.run()
    ledger = by_id.ledger(run)
    assert [ledger[key]["code"] for key in "abc"] == ["REPEATED_MATCH", "REPEATED_MATCH", None]
    assert ledger["c"]["record_id"] == other
    assert sorted(each["Name"] for each in by_id.emulated.records("Account")) == ["C", "one"]


def test_the_other_form_of_an_id_is_no_other_record(by_id: Project) -> None:
    (one,) = ids(by_id, "one")
    by_id.model([{**account("a", "A"), "key": one}])
    by_id.run()
    by_id.model([{**account("a", "B"), "key": one[:15]}])
    run = by_id.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 1), run.said
    assert by_id.ledger(run)["a"]["record_id"] == one


@pytest.mark.parametrize("api", ["bulk", "bulk2", "rest"])
def test_of_two_ids_that_differ_in_case_alone_the_short_form_of_one_touches_its_record_only(
    project: Project, api: str
) -> None:
    project.emulated.insert("Contact", *({"LastName": f"c{n}"} for n in range(80)))
    before = {each["Id"]: each["LastName"] for each in project.emulated.records("Contact")}
    folded = {id_[:15].lower(): id_ for id_ in before}
    one, other = next((id_, folded[id_[:15].lower()]) for id_ in before if folded[id_[:15].lower()] != id_)
    assert (one[:15] != other[:15], one[:15].lower()) == (True, other[:15].lower())
    match = {"field": "Id", "column": "key"}
    project.sync(mode="update", match=match, fields={"LastName": "last"}, options={"api": api})
    project.model([{"id": "a", "last": "Ash", "key": one[:15]}])
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 1), run.said
    assert project.ledger(run)["a"]["record_id"] == one
    assert {each["Id"]: each["LastName"] for each in project.emulated.records("Contact")} == {**before, one: "Ash"}


def test_an_id_with_wrong_check_characters_is_rejected_and_one_without_a_record_is_skipped(by_id: Project) -> None:
    (one,) = ids(by_id, "one")
    wrong, missing = one[:15] + ("AAA" if not one.endswith("AAA") else "AAB"), "001" + "x" * 12
    by_id.model([{**account("a", "A"), "key": wrong}, {**account("b", "B"), "key": missing},
                 {**account("c", "C"), "key": "0035g00000ABCDe"}])  # fmt: skip
    run = by_id.run()
    ledger = by_id.ledger(run)
    assert [ledger[key]["code"] for key in "abc"] == ["BAD_VALUE", "NO_RECORD", "BAD_VALUE"]
    assert "check characters" in ledger["a"]["message"]
    assert "Account expected" in ledger["c"]["message"]
    assert missing in ledger["b"]["message"]


def test_an_object_of_a_package_is_named_with_its_namespace(project: Project) -> None:
    match = {"field": "FinServ__SourceSystemId__c", "column": "id"}
    project.model([account("f-1", "Savings")])
    project.sync(object=NAMESPACED.lower(), match=match, fields={"Name": "last"})
    refused = project.run()
    assert (refused.exit, NAMESPACED in refused.said) == (64, True), refused.said
    project.sync(object=NAMESPACED, match=match, fields={"Name": "last"})
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 1), run.said
    (stored,) = project.emulated.records(NAMESPACED)
    assert (stored["Name"], stored["FinServ__SourceSystemId__c"]) == ("Savings", "f-1")


@pytest.mark.parametrize("api", ["bulk", "bulk2", "rest"])
@pytest.mark.parametrize(
    ("field", "stored", "asked"),
    [
        ("External_Id__c", "Key-1", " kEY-1 "),
        ("Unique_Key__c", "Key-1", "KEY-1"),
        ("Number_Key__c", "7", "007"),
        ("Case_Sensitive_Id__c", "Key-1", "Key-1"),
    ],
)
def test_an_update_finds_its_record_as_the_field_compares(
    project: Project, api: str, field: str, stored: str, asked: str
) -> None:
    project.emulated.insert("Account", {"Name": "one", field: stored}, {"Name": "other"})
    project.sync(object="Account", mode="update", match={"field": field, "column": "id"}, fields={"Name": "last"},
                 options={"api": api})  # fmt: skip
    project.model([account(asked, "new")])
    run = project.run()
    assert (run.exit, run.rows) == (0, {"read": 1, "planned": 1, "succeeded": 1}), run.said
    assert [each["Name"] for each in project.emulated.records("Account")] == ["new", "other"]


def test_a_case_sensitive_key_is_another_one_in_another_case(project: Project) -> None:
    match = {"field": "Case_Sensitive_Id__c", "column": "id"}
    project.sync(object="Account", match=match, fields={"Name": "last"})
    project.model([account("key", "lower"), account("KEY", "upper")])
    assert project.run().rows["succeeded"] == 2
    project.sync(object="Account", mode="update", match=match, fields={"Name": "last"})
    project.model([account("key", "lower 2"), account("Key", "none")])
    run = project.run("--accept", "max_removed", "--start-over")
    assert (run.rows["succeeded"], run.rows["skipped"]) == (1, 1), run.said
    assert sorted(each["Name"] for each in project.emulated.records("Account")) == ["lower 2", "upper"]


@pytest.mark.parametrize("one", ["K1", " k1"])
def test_two_rows_that_mean_one_record_are_both_rejected(project: Project, one: str) -> None:
    project.model([{"id": "k1", "last": "A", "email": None}, {"id": one, "last": "B", "email": None}])
    run = project.run()
    assert (run.exit, run.rows) == (1, {"read": 2, "planned": 2, "rejected": 2}), run.said
    assert {line["code"] for line in project.ledger(run).values()} == {"REPEATED_MATCH"}
    assert project.emulated.records("Contact") == []


@pytest.mark.parametrize("api", ["bulk", "bulk2", "rest"])
@pytest.mark.parametrize("mode", ["upsert", "update"])
def test_a_key_that_several_records_carry_is_rejected_with_their_ids(project: Project, api: str, mode: str) -> None:
    project.emulated.insert("Account", *({"Name": name, "Legacy_Key__c": "old"} for name in ("one", "two")))
    twins = [each["Id"] for each in project.emulated.records("Account")]
    project.sync(object="Account", mode=mode, match={"field": "Legacy_Key__c", "column": "id"},
                 fields={"Name": "last"}, options={"api": api})  # fmt: skip
    project.model([account("old", "new")])
    line = project.ledger(project.run())["old"]
    assert line["outcome"] == "rejected"
    assert all(each in line["message"] for each in twins), line["message"]
    assert line["advice"]


def test_a_listing_says_which_fields_can_be_matched_and_why_the_others_cannot(project: Project) -> None:
    found = project.invoke("discover", "crm", "Contact", "--output", "csv").stdout.splitlines()
    lines = {each.split(",")[0]: each for each in found}
    assert [name for name, line in lines.items() if ",recommended," in line] == ["External_Id__c"]
    assert "not marked External ID in Salesforce" in lines["Unique_Key__c"]
    assert "use mode update" in lines["Id"]


def test_an_object_without_an_external_id_is_listed_with_the_steps_to_get_one(project: Project) -> None:
    said = " ".join(project.invoke("discover", "crm", "Campaign").stderr.split())
    for word in ("External ID and Unique", "field-level security", "--refresh"):
        assert word in said
