"""People who are accounts: written through Account where the org has them, refused with the reason where it has not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .emulated import Emulated, emulator
from .project_folder import Done
from .projects import Project

ORG = "extends: default\npersonAccounts: true\n"


@pytest.fixture(scope="module")
def with_people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    """An org with person accounts."""
    file = tmp_path_factory.mktemp("org") / "people.yml"
    file.write_text(ORG, encoding="utf-8")
    with emulator("--org", str(file)) as started:
        yield started


@pytest.fixture
def people(with_people: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An upsert of people into that org."""
    with_people.reset()
    monkeypatch.setenv("SF_SECRET", with_people.ready["client_secret"])
    made = Project(tmp_path, with_people)
    made.sync(object="Account", fields={"LastName": "last", "FirstName": "first", "PersonEmail": "email"})
    return made


def person(key: str, last: str | None = "Ash", first: str = "Ada") -> dict[str, Any]:
    return {"id": key, "last": last, "first": first, "email": f"{key}@acme.example"}


def only(project: Project, object_name: str, **values: Any) -> dict[str, Any]:
    (found,) = [
        each
        for each in project.emulated.records(object_name)
        if all(each[key] == value for key, value in values.items())
    ]
    return found


def read_refusal(project: Project, **fields: str) -> str:
    """Return why a mapping is refused, and check that nothing is written."""
    project.model([person("k1")])
    project.sync(object="Account", fields=fields)
    return read_messages(project, project.run())


def read_messages(project: Project, run: Done) -> str:
    assert run.exit == 64, run.said
    assert not project.emulated.records("Account")
    return " ".join(run.said.replace("│", " ").split())


def test_people_are_written_through_account_and_have_a_contact(people: Project) -> None:
    people.model([person("k1")])
    run = people.run()
    assert run.exit == 0, run.said
    account = only(people, "Account", External_Id__c="k1")
    assert (account["IsPersonAccount"], account["Name"], account["PersonEmail"]) == (True, "Ada Ash", "k1@acme.example")
    assert only(people, "Contact", Id=account["PersonContactId"])["AccountId"] == account["Id"]


def test_a_change_of_a_person_is_an_update_of_its_account(people: Project) -> None:
    people.model([person("k1")])
    people.run()
    people.model([person("k1", "Birch")])
    run = people.run()
    assert run.exit == 0, run.said
    assert [each["Name"] for each in people.emulated.records("Account")] == ["Ada Birch"]


def test_a_name_beside_fields_of_people_is_refused_with_the_advice_last_name(people: Project) -> None:
    text = read_refusal(people, Name="first", LastName="last", PersonEmail="email")
    assert "Name cannot be written beside LastName, PersonEmail" in text
    assert "map LastName" in text


def test_a_full_name_is_refused_with_the_advice_last_name(people: Project) -> None:
    text = read_refusal(people, FullName="last")
    assert "Account.FullName is not a field" in text
    assert "map LastName" in text


def test_businesses_are_written_by_name_as_ever(people: Project) -> None:
    people.model([person("k1", "Acme")])
    people.sync(object="Account", fields={"Name": "last"})
    run = people.run()
    assert run.exit == 0, run.said
    assert [(each["Name"], each["IsPersonAccount"]) for each in people.emulated.records("Account")] == [("Acme", False)]


def test_without_person_accounts_the_advice_is_that_salesforce_enables_them(project: Project) -> None:
    text = read_refusal(project, LastName="last", PersonEmail="email")
    for name in ("LastName", "PersonEmail"):
        assert f"Account.{name} is a field of person accounts, which are not enabled in this org" in text
    assert "only Salesforce can enable them" in text


def test_a_person_without_a_last_name_is_rejected_before_sending(people: Project) -> None:
    people.model([person("k1", None), person("k2")])
    run = people.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 1, "rejected": 1}
    assert "LastName must have a value" in people.ledger(run)["k1"]["message"]
    assert people.emulated.stats()["attempted"]["Account"] == {"k2": 1}


def test_the_contact_of_a_person_is_not_written_and_the_advice_is_account(people: Project) -> None:
    people.emulated.insert("Account", {"LastName": "Ash", "External_Id__pc": "k1"})
    people.model([person("k1", "Birch"), person("k2", None), person("k3")])
    people.sync(fields={"LastName": "last", "Email": "email"})
    run = people.run()
    assert (run.exit, run.rows["succeeded"], run.rows["rejected"]) == (1, 1, 2)
    ledger = people.ledger(run)
    assert ledger["k1"]["code"] == "INVALID_PERSON_ACCOUNT_OPERATION"
    assert "Account" in ledger["k1"]["advice"]
    assert (ledger["k2"]["code"], ledger["k2"]["attempts"]) == ("REQUIRED", 0)
    assert only(people, "Contact", External_Id__c="k1")["LastName"] == "Ash"


def test_a_key_of_the_persons_contact_is_no_external_id_of_account(people: Project) -> None:
    people.model([person("k1")])
    people.sync(object="Account", match={"field": "External_Id__pc", "column": "id"}, fields={"LastName": "last"})
    text = read_messages(people, people.run())
    assert "External_Id__pc cannot be matched on" in text
    assert "not an external id of Account" in text
    assert "External_Id__c" in text


def test_no_default_record_type_is_told_for_people(people: Project) -> None:
    people.model([person("k1")])
    assert "record type" not in people.invoke("plan", "contacts").stdout
