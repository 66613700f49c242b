"""References to other records, as a sceptical admin would try them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .emulated import Emulated
from .projects import Project

APIS = ["bulk", "bulk2", "rest"]


@pytest.fixture
def project(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    return Project(tmp_path, emulated)


def contact(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "last": "Ash", **more}


def accounts(project: Project, *records: dict[str, Any]) -> dict[str, str]:
    """Create accounts by hand, and return the ids of all accounts by name."""
    project.emulated.insert("Account", *records)
    return {each["Name"]: each["Id"] for each in project.emulated.records("Account")}


def by_key(project: Project, object_name: str = "Contact") -> dict[str, dict[str, Any]]:
    return {each["External_Id__c"]: each for each in project.emulated.records(object_name)}


def test_a_reference_by_a_unique_field_is_looked_up_and_one_that_is_missing_waits_for_its_record(
    project: Project,
) -> None:
    ids = accounts(project, {"Name": "one", "Unique_Key__c": "a-1"})
    find = {"find": "Account", "where": "Unique_Key__c", "equals": "acc"}
    project.sync(fields={"LastName": "last", "AccountId": find})
    project.model([contact("k1", acc="a-1"), contact("k2", acc="a-404"), contact("k3", acc=None)])
    run = project.run()
    assert (run.rows["succeeded"], run.rows["rejected"]) == (2, 1), run.said
    for word in ("Reference not found", "Account", "Unique_Key__c", "a-404"):
        assert word in project.ledger(run)["k2"]["message"]
    assert by_key(project)["k1"]["AccountId"] == ids["one"]
    assert by_key(project)["k3"]["AccountId"] is None
    ids = accounts(project, {"Name": "two", "Unique_Key__c": "a-404"})
    run = project.run()
    assert run.rows == {"read": 3, "unchanged": 2, "planned": 1, "succeeded": 1}
    assert by_key(project)["k2"]["AccountId"] == ids["two"]


@pytest.mark.parametrize("api", APIS)
def test_a_reference_that_salesforce_does_not_find_is_said_in_the_same_words(project: Project, api: str) -> None:
    find = {"find": "Account", "where": "External_Id__c", "equals": "acc"}
    project.sync(fields={"LastName": "last", "AccountId": find}, options={"api": api})
    project.model([contact("k1", acc="a-404")])
    run = project.run()
    line = project.ledger(run)["k1"]
    assert line["code"] == "REFERENCE_NOT_FOUND"
    said = "Reference not found: Account whose External_Id__c is a-404 (INVALID_FIELD: Foreign key external ID"
    assert line["message"].startswith(said)
    assert line["advice"]


@pytest.mark.parametrize("api", APIS)
def test_a_key_that_several_records_have_rejects_the_row_with_their_ids(project: Project, api: str) -> None:
    ids = accounts(project, {"Name": "one", "Legacy_Key__c": "old"}, {"Name": "two", "Legacy_Key__c": "old"})
    find = {"find": "Account", "where": "Legacy_Key__c", "equals": "acc"}
    project.sync(fields={"LastName": "last", "AccountId": find}, options={"api": api})
    project.model([contact("k1", acc="old"), contact("k2", acc=None)])
    line = project.ledger(project.run())["k1"]
    assert (line["outcome"], line["code"]) == ("rejected", "REFERENCE_AMBIGUOUS"), line
    for word in ("Account", "Legacy_Key__c", "old", *ids.values()):
        assert word in line["message"]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("mapping", ["column", "where Id"])
def test_a_column_of_ids_is_used_as_it_is_after_a_check(project: Project, api: str, mapping: str) -> None:
    (id_,) = accounts(project, {"Name": "one"}).values()
    other = "0035g00000ABCDeAAP"
    given = "acc" if mapping == "column" else {"find": "Account", "where": "Id", "equals": "acc"}
    project.sync(fields={"LastName": "last", "AccountId": given}, options={"api": api})
    lower = "0015g00000ABCDeAAP".lower()
    given_ids = {"k1": id_[:15], "k2": id_, "k3": other, "k4": lower, "k5": "no id", "k6": None}
    project.model([contact(key, acc=given_id) for key, given_id in given_ids.items()])
    before = project.emulated.stats()["calls"]
    run = project.run()
    ledger = project.ledger(run)
    assert {key: line["outcome"] for key, line in ledger.items()} == {
        "k1": "succeeded", "k2": "succeeded", "k3": "rejected", "k4": "rejected", "k5": "rejected", "k6": "succeeded",
    }  # fmt: skip
    assert "Account expected" in ledger["k3"]["message"]
    assert (ledger["k4"]["code"], "check characters" in ledger["k4"]["message"]) == ("NO_VALID_ID", True)
    assert all(ledger[key]["advice"] for key in ("k3", "k4", "k5"))
    assert {key: each["AccountId"] for key, each in by_key(project).items()} == {"k1": id_, "k2": id_, "k6": None}
    assert set(project.emulated.stats()["attempted"]["Contact"]) == {"k1", "k2", "k6"}
    asked = [name for name in project.emulated.stats()["calls"] if name.endswith(".0/query")]
    assert sum(project.emulated.stats()["calls"][name] - before.get(name, 0) for name in asked) <= 1, "only the login's"


@pytest.mark.parametrize("api", APIS)
def test_an_owner_is_named_by_user_name_although_a_queue_may_own_too(project: Project, api: str) -> None:
    find = {"find": "User", "where": "Username", "equals": "owner"}
    project.sync(object="Lead", fields={"LastName": "last", "Company": "last", "OwnerId": find}, options={"api": api})
    project.model([contact("k1", owner="second@emulator.invalid"), contact("k2", owner="nobody@emulator.invalid")])
    run = project.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 1, "rejected": 1}, run.said
    assert "Reference not found: User whose Username is nobody" in project.ledger(run)["k2"]["message"]
    users = {each["Username"]: each["Id"] for each in project.emulated.records("User")}
    assert by_key(project, "Lead")["k1"]["OwnerId"] == users["second@emulator.invalid"]


@pytest.mark.parametrize("api", APIS)
def test_a_task_names_its_contact_or_lead_by_key(project: Project, api: str) -> None:
    project.emulated.insert("Contact", {"LastName": "Ash", "External_Id__c": "c-1"})
    find = {"find": "Contact", "where": "External_Id__c", "equals": "who"}
    project.sync(object="Task", fields={"Subject": "last", "WhoId": find}, options={"api": api})
    project.model([contact("k1", who="c-1"), contact("k2", who="c-404")])
    run = project.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 1, "rejected": 1}, run.said
    assert "Reference not found: Contact whose External_Id__c is c-404" in project.ledger(run)["k2"]["message"]
    assert by_key(project, "Task")["k1"]["WhoId"] == by_key(project)["c-1"]["Id"]


@pytest.mark.parametrize("api", APIS)
def test_a_custom_reference_is_named_by_key_and_cleared_through_its_id(project: Project, api: str) -> None:
    accounts(project, {"Name": "one", "External_Id__c": "a-1"})
    project.emulated.insert("Product2", {"Name": "p", "External_Id__c": "p-1"})
    project.sync(object="Subscription__c", options={"api": api}, fields={
        "Account__c": {"find": "Account", "where": "External_Id__c", "equals": "acc"},
        "Product__c": {"find": "Product2", "where": "External_Id__c", "equals": "product"},
    })  # fmt: skip
    project.model([contact("k1", acc="a-1", product="p-1"), contact("k2", acc="a-1", product=None)])
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 2), project.ledger(run)
    assert by_key(project, "Subscription__c")["k1"]["Product__c"]
    project.model([contact("k1", acc="a-1", product=None), contact("k2", acc="a-1", product="p-1")])
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 2), project.ledger(run)
    stored = by_key(project, "Subscription__c")
    assert (stored["k1"]["Product__c"], stored["k2"]["Product__c"] is None) == (None, False)


def test_few_accounts_of_many_contacts_are_few_queries(project: Project) -> None:
    ids = accounts(project, *({"Name": f"a-{n}", "Unique_Key__c": f"a-{n}"} for n in range(3)))
    given = {f"k{n}": f"a-{n % 4}" if n % 4 < 3 else None for n in range(10_000)}
    find = {"find": "Account", "where": "Unique_Key__c", "equals": "acc"}
    project.sync(fields={"LastName": "last", "AccountId": find})
    project.model([contact(key, acc=acc) for key, acc in given.items()])
    before = project.emulated.stats()["calls"]
    run = project.run()
    assert run.rows == {"read": 10_000, "planned": 10_000, "succeeded": 10_000}, run.said
    after = project.emulated.stats()["calls"]
    made = {name: count - before.get(name, 0) for name, count in after.items()}
    assert made["POST /services/async/66.0/job/{id}/batch"] == 10
    queries = {name: count for name, count in made.items() if name.endswith(".0/query")}
    assert sum(queries.values()) - 1 == 1, "one of them is the login's, about the org"
    found = {key: each["AccountId"] for key, each in by_key(project).items()}
    assert found == {key: acc and ids[acc] for key, acc in given.items()}


def test_many_keys_are_looked_up_by_one_call_and_deleted_records_are_not_found(project: Project) -> None:
    keys = [f"key-{n:014}" for n in range(1_500)]
    project.emulated.insert("Contact", *({"LastName": "Before", "Unique_Key__c": key} for key in keys))
    gone = next(each["Id"] for each in project.emulated.records("Contact") if each["Unique_Key__c"] == keys[7])
    project.emulated.delete("Contact", gone)
    project.sync(mode="update", match={"field": "Unique_Key__c", "column": "id"}, fields={"LastName": "last"})
    project.model([contact(key.upper()) for key in keys])
    run = project.run()
    assert run.rows == {"read": 1_500, "planned": 1_500, "succeeded": 1_499, "skipped": 1}
    calls = project.emulated.stats()["calls"]
    assert calls["POST /services/data/v66.0/composite"] - 1 == 1, "one is about flows and rules"


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("mode", ["update", "archive"])
def test_records_are_matched_by_ids_of_either_length(project: Project, api: str, mode: str) -> None:
    ids = list(accounts(project, *({"Name": f"a{n}"} for n in range(3))).values())
    match = {"field": "Id", "column": "id"}
    project.sync(object="Account", mode=mode, match=match, options={"api": api},
                 fields={"Name": "last"} if mode == "update" else None)  # fmt: skip
    project.model([contact(ids[0][:15]), contact(ids[1]), contact("001" + "x" * 12)])
    run = project.run()
    assert run.rows == {"read": 3, "planned": 3, "succeeded": 2, "skipped": 1}, run.said
    ledger = project.ledger(run)
    assert {ledger[ids[0][:15]]["record_id"], ledger[ids[1]]["record_id"]} == set(ids[:2])
    names = sorted(each["Name"] for each in project.emulated.records("Account"))
    assert names == (["Ash", "Ash", "a2"] if mode == "update" else ["a2"])


@pytest.mark.rule("V16")
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("field", "held", "sought"),
    [
        ("Name", "Acme", "ACME"),
        ("Name", "Müller & Söhne", "MÜLLER & SÖHNE"),
        ("Name", "Straße 1", "STRAßE 1"),
        ("Name", "ŁÓDŹ", " łódź "),
        ("Legacy_Key__c", "old-1", "OLD-1"),
        ("Unique_Key__c", "Key-1", "kEY-1"),
    ],
)
def test_a_reference_is_found_whatever_the_case(project: Project, api: str, field: str, held: str, sought: str) -> None:
    record = {"Name": "one", field: held}
    (id_,) = accounts(project, record).values()
    find = {"find": "Account", "where": field, "equals": "acc"}
    project.sync(fields={"LastName": "last", "AccountId": find}, options={"api": api})
    project.model([contact("k1", acc=sought), contact("k2", acc=held)])
    run = project.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 2}, project.ledger(run)
    assert {each["AccountId"] for each in by_key(project).values()} == {id_}


@pytest.mark.rule("V16")
def test_a_user_is_found_by_an_e_mail_address_in_other_capitals(project: Project) -> None:
    find = {"find": "User", "where": "Email", "equals": "owner"}
    project.sync(object="Lead", fields={"LastName": "last", "Company": "last", "OwnerId": find})
    owners = ["Second@Emulator.Invalid", "second@emulator.invalid", "SECOND@EMULATOR.INVALID"]
    project.model([contact(f"k{n}", owner=owner) for n, owner in enumerate(owners)])
    before = project.emulated.stats()["calls"]
    assert project.run().rows == {"read": 3, "planned": 3, "succeeded": 3}
    calls = project.emulated.stats()["calls"]
    users = {each["Email"]: each["Id"] for each in project.emulated.records("User")}
    found = {each["OwnerId"] for each in by_key(project, "Lead").values()}
    assert found == {users["second@emulator.invalid"]}
    queries = [name for name in calls if name.endswith(".0/query")]
    assert sum(calls[name] - before.get(name, 0) for name in queries) - 1 == 1, "one of them is the login's"


@pytest.mark.rule("V16")
def test_two_records_that_differ_in_case_alone_reject_the_row_with_both_ids(project: Project) -> None:
    ids = accounts(project, {"Name": "Acme"}, {"Name": "ACME"})
    find = {"find": "Account", "where": "Name", "equals": "acc"}
    project.sync(fields={"LastName": "last", "AccountId": find})
    project.model([contact("k1", acc="acme")])
    line = project.ledger(project.run())["k1"]
    assert line["code"] == "REFERENCE_AMBIGUOUS"
    assert all(each in line["message"] for each in ids.values())


@pytest.mark.rule("V16")
@pytest.mark.parametrize(
    ("field", "held", "sought"),
    [
        ("Case_Sensitive_Id__c", "Key-1", "key-1"),
        ("Name", "İstanbul", "istanbul"),
        ("Name", "Straße", "STRASSE"),
        ("Name", "Acme", "Acme Ltd"),
    ],
)
def test_another_value_is_not_taken_for_the_same(project: Project, field: str, held: str, sought: str) -> None:
    accounts(project, {"Name": "one", field: held})
    find = {"find": "Account", "where": field, "equals": "acc"}
    project.sync(fields={"LastName": "last", "AccountId": find})
    project.model([contact("k1", acc=sought), contact("k2", acc=held)])
    ledger = project.ledger(project.run())
    assert {key: line["outcome"] for key, line in ledger.items()} == {"k1": "rejected", "k2": "succeeded"}


@pytest.mark.rule("V16")
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    "given",
    [
        "acc",
        {"find": "Account", "where": "Id", "equals": "acc"},
        {"find": "Account", "where": "External_Id__c", "equals": "acc"},
        {"find": "Account", "where": "Name", "equals": "acc"},
    ],
    ids=["ids", "native by Id", "native by key", "looked up"],
)
def test_a_reference_of_blanks_only_clears(project: Project, api: str, given: Any) -> None:
    (id_,) = accounts(project, {"Name": "one", "External_Id__c": "one"}).values()
    sought = id_ if given == "acc" or given["where"] == "Id" else "one"
    project.sync(fields={"LastName": "last", "AccountId": given}, options={"api": api})
    project.model([contact("k1", acc=sought), contact("k2", acc=" ")])
    run = project.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 2}, project.ledger(run)
    project.model([contact("k1", acc="  \u00a0"), contact("k2", acc=None)])
    run = project.run()
    assert run.exit == 0, project.ledger(run)
    assert {each["AccountId"] for each in by_key(project).values()} == {None}


@pytest.mark.rule("V17")
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("mapping", ["column", "where Id"])
def test_blanks_around_an_id_are_no_part_of_it(project: Project, api: str, mapping: str) -> None:
    (id_,) = accounts(project, {"Name": "one"}).values()
    given = "acc" if mapping == "column" else {"find": "Account", "where": "Id", "equals": "acc"}
    project.sync(fields={"LastName": "last", "AccountId": given}, options={"api": api})
    ids = [f"{id_} ", f" {id_[:15]}", f"\t{id_}\u00a0", f"{id_}\n"]
    project.model([contact(f"k{n}", acc=each) for n, each in enumerate(ids)])
    run = project.run()
    assert run.rows["succeeded"] == len(ids), project.ledger(run)
    assert {each["AccountId"] for each in by_key(project).values()} == {id_}
    assert f"{id_} " not in project.bodies(run)


@pytest.mark.rule("V17")
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("mode", ["update", "archive"])
def test_records_are_matched_by_ids_with_blanks_around(project: Project, api: str, mode: str) -> None:
    ids = list(accounts(project, {"Name": "a"}, {"Name": "b"}).values())
    project.sync(object="Account", mode=mode, match={"field": "Id", "column": "id"}, options={"api": api},
                 fields={"Name": "last"} if mode == "update" else None)  # fmt: skip
    project.model([contact(f"{ids[0]} "), contact(f" {ids[1][:15]}"), contact("001 " + "x" * 12)])
    run = project.run()
    assert run.rows == {"read": 3, "planned": 3, "succeeded": 2, "rejected": 1}, project.ledger(run)
    assert len(project.emulated.records("Account")) == (2 if mode == "update" else 0)


@pytest.mark.parametrize("api", APIS)
def test_a_record_type_is_found_by_name_within_its_object(project: Project, api: str) -> None:
    types = {"recordTypes": ["Shop", "School"]}
    project.emulated.change({"objects": {"Account": types, "Contact": types}})
    find = {"find": "RecordType", "where": "DeveloperName", "and": {"SobjectType": "Contact"}, "equals": "kind"}
    project.sync(fields={"LastName": "last", "RecordTypeId": find}, options={"api": api})
    project.model([contact("k1", kind="Shop"), contact("k2", kind="Bank")])
    run = project.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 1, "rejected": 1}, run.said
    said = "Reference not found: RecordType whose SobjectType is Contact and whose DeveloperName is Bank"
    assert project.ledger(run)["k2"]["message"] == said
    found = {
        (each["SobjectType"], each["DeveloperName"]): each["Id"] for each in project.emulated.records("RecordType")
    }
    assert by_key(project)["k1"]["RecordTypeId"] == found["Contact", "Shop"]


@pytest.mark.parametrize("api", APIS)
def test_a_task_is_for_a_contact_or_for_a_lead_by_one_lookup(project: Project, api: str) -> None:
    for name in ("Contact", "Lead"):
        company = {"Company": "Ash"} if name == "Lead" else {}
        addresses = (f"{name.lower()}@example.com", "both@example.com")
        project.emulated.insert(name, *({"LastName": "Ash", "Email": each, **company} for each in addresses))
    find = {"find": ["Contact", "Lead"], "where": "Email", "equals": "who"}
    project.sync(object="Task", fields={"Subject": "last", "WhoId": find}, options={"api": api})
    sought = ("contact@example.com", "LEAD@example.com", "both@example.com", "none@example.com", None)
    project.model([contact(f"k{number}", who=each) for number, each in enumerate(sought)])
    run = project.run()
    assert run.rows == {"read": 5, "planned": 5, "succeeded": 3, "rejected": 2}, run.said
    ids = {each["Email"]: each["Id"] for name in ("Contact", "Lead") for each in project.emulated.records(name)}
    tasks = by_key(project, "Task")
    assert [tasks[key]["WhoId"] for key in ("k0", "k1", "k4")] == [
        ids["contact@example.com"], ids["lead@example.com"], None,
    ]  # fmt: skip
    lines = project.ledger(run)
    assert lines["k2"]["code"] == "REFERENCE_AMBIGUOUS"
    assert lines["k3"]["message"] == "Reference not found: Contact or Lead whose Email is none@example.com"


@pytest.mark.parametrize("text", ["O'Brien", "back\\slash", "' OR Name != '", "line\nbreak", "per%cent_", "ü 漢"])
def test_the_value_of_a_condition_is_a_value_whatever_it_holds(project: Project, text: str) -> None:
    ids = accounts(
        project,
        {"Name": "other", "Unique_Key__c": "a-1", "Site": "plain"},
        {"Name": "meant", "Unique_Key__c": "a-2", "Site": text},
    )
    find = {"find": "Account", "where": "Unique_Key__c", "and": {"Site": text}, "equals": "acc"}
    project.sync(fields={"LastName": "last", "AccountId": find})
    project.model([contact("k1", acc="a-1"), contact("k2", acc="a-2")])
    run = project.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 1, "rejected": 1}, run.said
    assert by_key(project)["k2"]["AccountId"] == ids["meant"]


def test_conditions_hold_for_every_one_of_thousands_of_values(project: Project) -> None:
    keys = [f"a-{number:04}" for number in range(2_500)]
    project.emulated.insert("Account", *({"Name": each, "Unique_Key__c": each, "Site": "yes"} for each in keys[:2_400]))
    project.emulated.insert("Account", *({"Name": each, "Unique_Key__c": each, "Site": "no"} for each in keys[2_400:]))
    find = {"find": "Account", "where": "Unique_Key__c", "and": {"Site": "yes"}, "equals": "acc"}
    project.sync(fields={"LastName": "last", "AccountId": find})
    project.model([contact(each, acc=each) for each in keys])
    run = project.run()
    assert run.rows == {"read": 2_500, "planned": 2_500, "succeeded": 2_400, "rejected": 100}, run.said


@pytest.mark.parametrize(
    ("field", "value", "held"),
    [
        ("AnnualRevenue", 7.5, 7.5),
        ("AnnualRevenue", "1200.00", 1200),
        ("Score__c", 0.125, 0.125),
        ("NumberOfEmployees", "7", 7),
        ("Industry", "Banking", "Banking"),
        ("Segments__c", "Startup", "Startup"),
        ("Renewal_Date__c", "2026-01-31", "2026-01-31"),
        ("Signed_At__c", "2026-01-31T10:00:00+01:00", "2026-01-31T09:00:00.000+0000"),
        ("Is_Customer__c", True, True),
    ],
)
def test_a_condition_may_be_on_a_field_of_any_type(project: Project, field: str, value: Any, held: Any) -> None:
    ids = accounts(
        project, {"Name": "other", "Legacy_Key__c": "a"}, {"Name": "meant", "Legacy_Key__c": "a", field: held}
    )
    find = {"find": "Account", "where": "Legacy_Key__c", "and": {field: value}, "equals": "acc"}
    project.sync(fields={"LastName": "last", "AccountId": find})
    project.model([contact("k1", acc="a")])
    run = project.run()
    assert run.rows == {"read": 1, "planned": 1, "succeeded": 1}, run.said
    assert by_key(project)["k1"]["AccountId"] == ids["meant"]


@pytest.mark.parametrize("key", ["where", "and"])
def test_a_field_that_salesforce_cannot_search_is_refused_before_the_run(project: Project, key: str) -> None:
    places = {"where": "Legacy_Key__c", "and": {"Site": "x"}} | {
        key: "Description" if key == "where" else {"Description": "x"}
    }
    project.sync(fields={"LastName": "last", "AccountId": {"find": "Account", "equals": "acc", **places}})
    project.model([contact("k1", acc="a")])
    run = project.run()
    assert run.exit == 64
    assert "Account.Description cannot be searched for" in run.said
    assert f"syncs.contacts.fields.AccountId.{key}" in run.said
