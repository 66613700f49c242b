"""Org files: what they may say, and how they are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest
from salesforce_emulator import Emulator, OrgError, read_org
from salesforce_emulator.org.reading import change_org

from tests.salesforce_emulator.client import Client


def extend_default(**changes: Any) -> dict[str, Any]:
    return {"extends": "default", **changes}


def test_the_default_org_has_the_objects_and_keys_that_tests_expect() -> None:
    org = read_org()
    standard = {"Account", "Contact", "Lead", "Opportunity", "Case", "Task", "Campaign", "User", "Product2", "Asset"}
    assert standard <= set(org.objects)
    for name in ("Account", "Contact", "Lead", "Opportunity"):
        key, other = (org.objects[name].fields[field] for field in ("External_Id__c", "Unique_Key__c"))
        assert (key.external_id, key.unique, key.case_sensitive) == (True, True, False)
        assert (other.external_id, other.unique) == (False, True)
    tier = org.objects["Account"].fields["Tier__c"]
    assert tier.restricted_picklist
    assert [value.value for value in tier.picklist_values] == ["Gold", "Silver", "Bronze"]
    assert org.objects["FinServ__FinancialAccount__c"].fields["FinServ__SourceSystemId__c"].external_id


def test_a_file_may_extend_the_default_org(tmp_path: Path) -> None:
    file = tmp_path / "org.yml"
    file.write_text(
        """
        extends: default
        name: Mine
        objects:
          Account:
            fields:
              Must__c: {type: string, length: 10, nillable: false}
              Site: {length: 3}
              Tier__c: null
          Thing__c:
            fields:
              Parent__c: {type: reference, referenceTo: [Account]}
            records:
              - {Name: One, Parent__r: {External_Id__c: a-1}}
        """,
        encoding="utf-8",
    )
    org = read_org(file)
    fields = org.objects["Account"].fields
    assert (fields["Must__c"].nillable, fields["Site"].length, "Tier__c" in fields) == (False, 3, False)
    thing = org.objects["Thing__c"]
    assert (thing.label, thing.key_prefix[0], thing.fields["Parent__c"].relationship_name) == (
        "Thing",
        "a",
        "Parent__r",
    )
    with pytest.raises(OrgError, match="a-1 not found"), Emulator(org):
        pass


def test_records_of_the_file_are_there_at_the_start() -> None:
    records = {"Account": {"records": [{"Name": "A", "External_Id__c": "a-1"}]}}
    contacts = {"Contact": {"records": [{"LastName": "L", "Account": {"External_Id__c": "a-1"}}]}}
    with Emulator(extend_default(objects=records | contacts)) as emulator:
        assert emulator.records("Contact")[0]["AccountId"] == emulator.records("Account")[0]["Id"]
        client = Client(emulator)
        assert client.select_rows("SELECT IsSandbox, Name FROM Organization") == [
            {"IsSandbox": False, "Name": "Emulated Org"}
        ]
        client.close()


def test_every_problem_of_form_is_told_at_once() -> None:
    objects = {"Account": {"fields": {"X__c": {"type": "string", "lenght": 5}}, "lable": "x"}}
    with pytest.raises(OrgError) as caught:
        read_org(extend_default(objects=objects, nmae="x"))
    text = str(caught.value)
    assert "nmae" in text
    assert "lenght" in text
    assert "lable" in text
    assert len(caught.value.problems) == 3


def test_every_problem_of_sense_is_told_at_once_with_its_place() -> None:
    fields = {
        "A__c": {"type": "sting"},
        "B__c": {"type": "string", "length": 0},
        "C__c": {"type": "reference"},
        "D__c": {"type": "reference", "referenceTo": ["Nope"]},
        "E__c": {"type": "picklist", "picklistValues": ["x", "x"]},
        "F__c": {"type": "picklist", "restrictedPicklist": True},
        "G__c": {"type": "picklist", "controllerName": "Nope"},
        "1__c": {"type": "boolean"},
        "H__c": {"type": "reference", "referenceTo": ["Account"], "onParentDelete": "explode"},
    }
    changes = {"Account": {"fields": fields}, "Thing__c": {"keyPrefix": "001"}, "Contact": {"keyPrefix": "x"}}
    with pytest.raises(OrgError) as caught:
        read_org(extend_default(objects=changes, id="00D", username="nobody", pageSize=0))
    assert len(caught.value.problems) == 14
    assert "objects.Account.fields.D__c: referenceTo: the org has no object Nope" in caught.value.problems
    assert "objects.Thing__c.keyPrefix: '001' belongs to Account" in caught.value.problems


def test_every_problem_of_picklists_is_told_with_its_place() -> None:
    def picklist(*values: Any, **more: Any) -> dict[str, Any]:
        return {"type": "picklist", "picklistValues": list(values), **more}

    fields = {
        "A__c": picklist({"value": "a", "label": "Same"}, {"value": "b", "label": "same"}),
        "B__c": picklist({"value": "a", "defaultValue": True}, {"value": "b", "defaultValue": True}),
        "C__c": {**picklist("a;b"), "type": "multipicklist"},
        "D__c": {"type": "picklist", "globalValueSet": "Nope"},
        "E__c": {"type": "string", "length": 9, "globalValueSet": "Good"},
        "F__c": picklist("a", valueSettings={"a": ["x"]}),
        "G__c": picklist("a", controllerName="Control__c", valueSettings={"b": ["x"], "a": ["y"]}),
        "H__c": picklist("a", controllerName="Flag__c", valueSettings={"a": ["true"]}),
        "I__c": picklist("a;b", {"value": "old", "label": "a;b", "active": False}),
        "Control__c": picklist("x"),
        "Flag__c": {"type": "boolean"},
    }
    sets = {"Empty": {"values": []}, "Twice": {"values": ["a", "A"]}, "Good": {"values": ["a"]}}
    with pytest.raises(OrgError) as caught:
        read_org(extend_default(objects={"Account": {"fields": fields}}, globalValueSets=sets))
    place = "objects.Account.fields"
    assert sorted(caught.value.problems) == [
        "globalValueSets.Empty.values: at least one",
        "globalValueSets.Twice.values: a value occurs twice",
        f"{place}.A__c: picklistValues: a label occurs twice",
        f"{place}.B__c: picklistValues: only one can be the default",
        f"{place}.C__c: picklistValues: a value of a multi-select picklist has a semicolon",
        f"{place}.D__c: globalValueSet: the org has no set Nope",
        f"{place}.E__c: globalValueSet: only picklists have one",
        f"{place}.F__c: valueSettings: need a controllerName",
        f"{place}.G__c: valueSettings.a: y is not a value of Control__c",
        f"{place}.G__c: valueSettings.b: no value of the field",
    ]


@pytest.mark.parametrize(
    ("sets", "problem"),
    [
        ([], "expected a mapping @ org.global_value_sets"),
        ({"Mine": {"label": "M"}}, "globalValueSets.Mine.values: at least one"),
    ],
)
def test_what_holds_no_global_value_sets_is_told(sets: Any, problem: str) -> None:
    with pytest.raises(OrgError, match=problem):
        read_org(extend_default(globalValueSets=sets))


def test_an_org_file_may_stand_alone() -> None:
    name = {"type": "string", "length": 80}
    user = {"keyPrefix": "005", "fields": {"Username": name, "Name": {**name, "nameField": True}}}
    alone = {
        "id": read_org().id,
        "name": "Alone",
        "username": "me@emulator.invalid",
        "application": {"clientId": "c", "clientSecret": "s"},
        "objects": {"User": {**user, "records": [{"Username": "me@emulator.invalid"}]}},
    }
    assert list(read_org(alone).objects) == ["User"]
    with Emulator(alone) as emulator:
        client = Client(emulator)
        assert client.select_rows("SELECT Username FROM User") == [{"Username": "me@emulator.invalid"}]
        client.close()


def test_a_record_of_the_org_has_the_fields_that_the_org_declares() -> None:
    fields = {"InstanceName": None, "TrialExpirationDate": None}
    with Emulator(extend_default(objects={"Organization": {"fields": fields}})) as emulator:
        [record] = emulator.records("Organization")
    assert (record["Name"], "InstanceName" in record) == ("Emulated Org", False)


def test_an_org_that_was_not_read_from_a_file_does_not_change() -> None:
    org = attrs.evolve(read_org(), source={})
    with pytest.raises(OrgError, match="cannot be changed"):
        change_org(org, {"name": "Other"})


@pytest.mark.parametrize("content", ["[1, 2]", "a: [", "extends: other"])
def test_what_is_no_org_file_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "org.yml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(OrgError):
        read_org(file)
    with pytest.raises(OrgError):
        read_org(tmp_path / "missing.yml")
