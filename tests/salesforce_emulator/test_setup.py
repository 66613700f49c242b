"""What Setup shows before anything is written: automation, rules, permissions, limits, the kind of org."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client

AUTOMATION: dict[str, Any] = {
    "triggers": [
        {"name": "Guard", "events": ["BeforeInsert", "AfterUpdate"]},
        {"name": "Retired", "active": False},
        {"name": "Managed", "namespace": "ns"},
    ],
    "flows": [
        {"name": "Fill_In", "triggerType": "RecordBeforeSave", "recordTriggerType": "Create"},
        {"name": "Draft", "active": False},
        {"name": "Old_Process", "processType": "Workflow"},
    ],
    "workflowRules": [{"name": "Notify"}, {"name": "Asleep", "active": False}],
    "validationRules": [
        {"name": "Named", "when": "Name = 'x'", "message": "No", "field": "Name"},
        {"name": "Off", "when": "Name = 'y'", "message": "No", "active": False},
    ],
    "duplicateRules": [{"name": "Same", "fields": ["Name"]}],
}
ORG = {"extends": "default", "objects": {"Account": AUTOMATION, "Subscription__c": AUTOMATION}}


@pytest.fixture(scope="module")
def _shared_emulator() -> Iterator[Emulator]:
    with Emulator(ORG) as emulator:
        yield emulator


def tooling(client: Client, statement: str) -> Any:
    return client.rest("GET", "/tooling/query", params={"q": statement}).json()


def rows(answer: Any) -> list[dict[str, Any]]:
    assert isinstance(answer, dict), answer
    return [{key: value for key, value in row.items() if key != "attributes"} for row in answer["records"]]


def values(answer: Any, name: str) -> list[Any]:
    return [row[name] for row in rows(answer)]


def test_a_tooling_answer_has_its_own_layout(client: Client) -> None:
    answer = tooling(client, "SELECT Id, Name, UsageBeforeInsert FROM ApexTrigger WHERE Name = 'Guard' LIMIT 1")
    [record] = answer.pop("records")
    assert answer == {
        "size": 1,
        "totalSize": 1,
        "done": True,
        "queryLocator": None,
        "entityTypeName": "ApexTrigger",
    }
    assert record["attributes"]["url"] == f"/services/data/v58.0/tooling/sobjects/ApexTrigger/{record['Id']}"
    assert record["Id"].startswith("01q")
    whole = client.rest("GET", f"/tooling/sobjects/ApexTrigger/{record['Id']}").json()
    assert (whole["Name"], whole["UsageAfterUpdate"], whole["UsageAfterDelete"]) == ("Guard", True, False)
    assert client.rest("GET", f"/tooling/sobjects/Nope/{record['Id']}").status_code == 404


def test_triggers_hang_on_the_name_of_standard_objects_and_on_the_id_of_custom_ones(client: Client) -> None:
    statement = "SELECT Name FROM ApexTrigger WHERE TableEnumOrId = '{}' AND Status = 'Active' ORDER BY Name"
    assert values(tooling(client, statement.format("Account")), "Name") == ["Guard", "Managed"]
    assert values(tooling(client, statement.format("Subscription__c")), "Name") == []
    known = "SELECT DurableId, KeyPrefix FROM EntityDefinition WHERE QualifiedApiName = 'Subscription__c'"
    [entity] = rows(tooling(client, known))
    assert (len(entity["DurableId"]), entity["DurableId"][:3]) == (15, "01I")
    assert values(tooling(client, statement.format(entity["DurableId"])), "Name") == ["Guard", "Managed"]
    [custom] = rows(tooling(client, "SELECT Id FROM CustomObject WHERE DeveloperName = 'Subscription'"))
    assert custom["Id"].startswith(entity["DurableId"])
    assert values(tooling(client, statement.format(custom["Id"])), "Name") == ["Guard", "Managed"]
    by_name = "SELECT Name FROM ApexTrigger WHERE EntityDefinition.QualifiedApiName = 'Subscription__c'"
    assert len(rows(tooling(client, by_name))) == 3


def test_a_trigger_that_costs_is_listed_too(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"objects": {"Contact": {"apex": {"trigger": "Slow"}}}})
    answer = tooling(client, "SELECT Name, UsageAfterInsert FROM ApexTrigger WHERE TableEnumOrId = 'Contact'")
    assert rows(answer) == [{"Name": "Slow", "UsageAfterInsert": True}]


def test_flows_are_in_a_view_that_only_rest_has(client: Client) -> None:
    statement = "SELECT ApiName, RecordTriggerType, TriggerObjectOrEventId, ActiveVersionId FROM FlowDefinitionView "
    statement += "WHERE IsActive = true AND TriggerType IN ('RecordBeforeSave', 'RecordAfterSave')"
    found = client.select_rows(statement)
    custom = tooling(client, "SELECT DurableId FROM EntityDefinition WHERE QualifiedApiName = 'Subscription__c'")
    targets = ["Account", *values(custom, "DurableId")]
    assert [(row["ApiName"], row["TriggerObjectOrEventId"]) for row in found] == [
        ("Fill_In", target) for target in targets
    ]
    named = "TriggerObjectOrEvent.QualifiedApiName = 'Account'"
    process = f"SELECT ApiName, TriggerType FROM FlowDefinitionView WHERE ProcessType = 'Workflow' AND {named}"
    assert client.select_rows(process) == [{"ApiName": "Old_Process", "TriggerType": None}]
    [error] = tooling(client, "SELECT ApiName FROM FlowDefinitionView")
    assert error["errorCode"] == "INVALID_TYPE"
    assert "sObject type 'FlowDefinitionView' is not supported." in error["message"]
    version = found[0]["ActiveVersionId"]
    [flow] = rows(tooling(client, f"SELECT Metadata, FullName FROM Flow WHERE Id = '{version}'"))
    assert flow["Metadata"]["start"]["object"] == "Account"


def test_workflow_rules_tell_in_their_metadata_whether_they_are_active_one_at_a_time(client: Client) -> None:
    listed = rows(tooling(client, "SELECT Id, Name FROM WorkflowRule WHERE TableEnumOrId = 'Account' ORDER BY Name"))
    assert [row["Name"] for row in listed] == ["Asleep", "Notify"]
    states = [
        rows(tooling(client, f"SELECT Metadata FROM WorkflowRule WHERE Id = '{row['Id']}'"))[0]["Metadata"]["active"]
        for row in listed
    ]
    assert states == [False, True]
    [error] = tooling(client, "SELECT Id, Metadata FROM WorkflowRule WHERE TableEnumOrId = 'Account'")
    assert error["errorCode"] == "MALFORMED_QUERY"
    assert error["message"].endswith("must specify no more than one row for retrieval. Result size: 2")
    [error] = tooling(client, "SELECT Id FROM WorkflowRule WHERE FullName = 'Account.Notify'")
    assert error["errorCode"] == "INVALID_FIELD"


def test_validation_and_duplicate_rules_are_listed(client: Client) -> None:
    of_account = "EntityDefinition.QualifiedApiName = 'Account'"
    statement = "SELECT ValidationName, Active, ErrorMessage, ErrorDisplayField, Description FROM ValidationRule "
    assert rows(tooling(client, f"{statement}WHERE {of_account} AND Active = true")) == [
        {
            "ValidationName": "Named",
            "Active": True,
            "ErrorMessage": "No",
            "ErrorDisplayField": "Name",
            "Description": None,
        }
    ]
    whole = f"SELECT Metadata FROM ValidationRule WHERE {of_account} AND ValidationName = 'Named'"
    assert rows(tooling(client, whole))[0]["Metadata"]["errorConditionFormula"] == "Name = 'x'"
    statement = "SELECT DeveloperName, MasterLabel, SobjectSubtype FROM DuplicateRule WHERE SobjectType = 'Account'"
    assert client.select_rows(f"{statement} AND IsActive = true") == [
        {"DeveloperName": "Same", "MasterLabel": "Same", "SobjectSubtype": "None"}
    ]


def test_fields_are_listed_with_their_ids(client: Client) -> None:
    statement = "SELECT DurableId FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Account' AND "
    [custom] = values(tooling(client, f"{statement}QualifiedApiName = 'Tier__c'"), "DurableId")
    [standard] = values(tooling(client, f"{statement}QualifiedApiName = 'Industry'"), "DurableId")
    assert standard == "Account.Industry"
    statement = "SELECT Id FROM CustomField WHERE DeveloperName = 'Tier' AND TableEnumOrId = 'Account'"
    [field] = values(tooling(client, f"{statement} AND NamespacePrefix = null"), "Id")
    assert custom == f"Account.{field[:15]}"
    packaged = "SELECT DeveloperName FROM CustomField WHERE NamespacePrefix = 'FinServ' AND DeveloperName = 'Balance'"
    assert len(rows(tooling(client, packaged))) == 1


@pytest.mark.parametrize("api", ["", "/tooling"])
def test_active_values_of_picklists_are_read_by_a_statement(client: Client, api: str) -> None:
    statement = (
        "SELECT DurableId, Value, Label, IsActive, IsDefaultValue, ValidFor FROM PicklistValueInfo WHERE "
        "EntityParticle.EntityDefinition.QualifiedApiName = 'Account' AND EntityParticle.QualifiedApiName = '{}'"
    )
    for name in ("Plan__c", "Market__c"):
        answer = client.rest("GET", f"{api}/query", params={"q": statement.format(name)}).json()
        fields = client.rest("GET", "/sobjects/Account/describe").json()["fields"]
        described = next(field["picklistValues"] for field in fields if field["name"] == name)
        assert [(row["Value"], row["Label"], row["IsDefaultValue"], row["ValidFor"]) for row in rows(answer)] == [
            (value["value"], value["label"], value["defaultValue"], value["validFor"]) for value in described
        ]
        assert {row["IsActive"] for row in rows(answer)} == {True}


def test_permissions_are_told_where_they_are_granted(client: Client, emulator: Emulator) -> None:
    permissions = {
        "objects": {"Contact": {"edit": False}, "Lead": {"read": False}},
        "fields": {"Account.Phone": "none", "Account.Fax": "read"},
    }
    emulator.change_org({"permissions": {emulator.username: permissions}})
    user = emulator.records("User")[0]["Id"]
    assigned = "SELECT PermissionSetId, PermissionSet.IsOwnedByProfile FROM PermissionSetAssignment WHERE AssigneeId = "
    [assignment] = client.select_rows(f"{assigned}'{user}'")
    parent = assignment["PermissionSetId"]
    objects = (
        "SELECT SobjectType, PermissionsCreate, PermissionsEdit, Parent.PermissionsViewSetup FROM ObjectPermissions "
    )
    found = {row["SobjectType"]: row for row in client.select_rows(f"{objects}WHERE ParentId = '{parent}'")}
    assert "Lead" not in found
    assert (found["Contact"]["PermissionsCreate"], found["Contact"]["PermissionsEdit"]) == (True, False)
    assert found["Contact"]["Parent"]["PermissionsViewSetup"] is True
    fields = "SELECT Field, PermissionsEdit FROM FieldPermissions WHERE SobjectType = 'Account' AND ParentId = "
    held = {row["Field"]: row["PermissionsEdit"] for row in client.select_rows(f"{fields}'{parent}'")}
    assert "Account.Phone" not in held
    assert (held["Account.Fax"], held["Account.Tier__c"]) == (False, True)
    access = "SELECT IsReadable, IsCreatable, IsUpdatable, IsDeletable FROM UserEntityAccess WHERE "
    access += f"UserId = '{user}' AND EntityDefinition.QualifiedApiName = 'Contact'"
    assert client.select_rows(access) == [
        {"IsReadable": True, "IsCreatable": True, "IsUpdatable": False, "IsDeletable": True}
    ]
    access = f"SELECT IsUpdatable FROM UserFieldAccess WHERE UserId = '{user}' AND "
    access += "EntityDefinition.QualifiedApiName = 'Account' AND FieldDefinition.QualifiedApiName = 'Fax'"
    assert client.select_rows(access) == [{"IsUpdatable": False}]


def test_without_view_setup_there_is_no_setup(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"permissions": {emulator.username: {"viewSetup": False}}})
    for answer in (
        tooling(client, "SELECT Name FROM ApexTrigger"),
        client.query("SELECT ApiName FROM FlowDefinitionView"),
        client.query("SELECT Id FROM DuplicateRule"),
    ):
        assert answer[0]["errorCode"] == "INVALID_TYPE"
    assert client.rest("GET", "/limits").status_code == 403
    assert client.select_rows("SELECT IsSandbox FROM Organization") == [{"IsSandbox": False}]
    assert client.query("SELECT Id FROM RecordType")["totalSize"] == 0


def test_pages_of_a_tooling_query(client: Client) -> None:
    headers = {"Sforce-Query-Options": "batchSize=200"}
    first = client.rest("GET", "/tooling/query", params={"q": "SELECT Id FROM FieldDefinition"}, headers=headers).json()
    assert (first["done"], first["size"]) == (False, 200)
    path = first["nextRecordsUrl"].removeprefix("/services/data/v58.0")
    second = client.rest("GET", path, headers=headers).json()
    assert second["records"][0] != first["records"][0]
    assert second["totalSize"] == first["totalSize"]


def test_limits_have_every_key_of_a_real_org_and_what_is_left(client: Client, emulator: Emulator) -> None:
    limits = client.rest("GET", "/limits").json()
    assert {"DailyApiRequests", "DailyBulkApiBatches", "DataStorageMB", "HourlyTimeBasedWorkflow"} <= limits.keys()
    assert list(limits) == sorted(limits)
    assert limits["PermissionSets"] == {
        "Max": 1500,
        "Remaining": 1500,
        "CreateCustom": {"Max": 1000, "Remaining": 1000},
    }
    emulator.change_org({"limits": {"DataStorageMB": {"max": 5, "remaining": 1}, "MassEmail": None}})
    limits = client.rest("GET", "/limits").json()
    assert limits["DataStorageMB"] == {"Max": 5, "Remaining": 1}
    assert "MassEmail" not in limits


def test_the_organization_says_what_kind_of_org_it_is() -> None:
    org = {"extends": "default", "sandbox": True, "edition": "Enterprise Edition", "instance": "CS99"}
    with Emulator({**org, "trialExpirationDate": "2030-01-01T00:00:00.000+0000"}) as emulator:
        client = Client(emulator)
        assert client.select_rows(
            "SELECT IsSandbox, OrganizationType, InstanceName, TrialExpirationDate FROM Organization"
        ) == [
            {
                "IsSandbox": True,
                "OrganizationType": "Enterprise Edition",
                "InstanceName": "CS99",
                "TrialExpirationDate": "2030-01-01T00:00:00.000+0000",
            }
        ]
        client.close()
