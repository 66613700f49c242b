"""What runs in an org when records are written, told before a run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from connector_salesforce.preflight.automation import check_automation
from connector_salesforce.transport.sending import Answer, Request

from connector_sdk import Action, Delivery, Finding, Level, Mode, PlanSummary

from .emulated import Emulated
from .projects import Project
from .scripted import ScriptedTransport, add_objects, answer, described_object, org

CUSTOM_ID = "01Ixx0000001gPL"
REFUSED = answer([{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}], 403)


def plan(name: str, action: Action = Action.UPSERT, rows: int = 1) -> PlanSummary:
    return PlanSummary(
        run="run",
        sync="sync",
        mode=Mode.UPSERT,
        object_names=(name,),
        api="bulk",
        batch_size=1_000,
        parallelism=10,
        delivery=Delivery.EXACTLY_ONCE,
        columns=(),
        planned={action: rows},
        batches={action: 1},
    )


def build_org(tables: Mapping[str, Sequence[Mapping[str, Any]] | Answer], name: str, **flags: Any) -> ScriptedTransport:
    """Return an org that answers queries of its tables; only the API that has a table may be asked for it."""
    transport = ScriptedTransport()
    add_objects(transport, described_object(name, label="The Label", **flags))
    standard = ("FlowDefinitionView", "DuplicateRule")

    def answer_query(url: str) -> Answer:
        parts = urlsplit(url)
        soql = parse_qs(parts.query)["q"][0]
        table = re.search(r"FROM (\w+)", soql)
        assert table is not None
        assert ("/tooling/" in parts.path) is (table[1] not in standard), soql
        found = tables.get(table[1], [])
        if isinstance(found, Answer):
            return found
        keys = re.search(r"(?:TableEnumOrId|QualifiedApiName|SobjectType) IN \((.*?)\)", soql)
        hangs = [each for each in found if keys is None or f"'{each.get('on', name)}'" in keys[1]]
        return answer({"records": hangs, "done": True})

    def composite(request: Request) -> Answer:
        asked = json.loads(request.shown)["compositeRequest"]
        answers = [(each["referenceId"], answer_query(each["url"])) for each in asked]
        said = [{"referenceId": key, "httpStatusCode": each.status, "body": json.loads(each.body)}
                for key, each in answers]  # fmt: skip
        return answer({"compositeResponse": said})

    transport.on("GET", r".*/tooling/query\?.*", lambda request: answer_query(request.url))
    transport.on("POST", ".*/composite", composite)
    return transport


def find_automation(transport: ScriptedTransport, given: PlanSummary) -> list[Finding]:
    return list(check_automation(org(transport), given))


def flow(name: str, **more: Any) -> dict[str, Any]:
    return {"ApiName": name, "ProcessType": "AutoLaunchedFlow", "TriggerType": "RecordAfterSave",
            "TriggerObjectOrEventId": None, "TriggerObjectOrEventLabel": None, **more}  # fmt: skip


def test_what_is_active_on_a_standard_object_is_told_by_name() -> None:
    transport = build_org(
        {
            "ApexTrigger": [{"Name": "Late"}, {"Name": "Guard", "NamespacePrefix": "pkg"}],
            "FlowDefinitionView": [
                flow("Ours", TriggerObjectOrEventId="Account", TriggerType="RecordBeforeSave"),
                flow("Another", TriggerObjectOrEventId="Contact"),
                flow("Old_Process", TriggerObjectOrEventLabel="The Label", ProcessType="Workflow", TriggerType=None),
            ],
            "WorkflowRule": [{"Id": "01Q1", "Name": "Mail", "Metadata": {"active": True}}],
            "ValidationRule": [{"ValidationName": "Not_Empty"}],
            "DuplicateRule": [{"DeveloperName": "Twins"}],
        },
        "Account",
    )
    found = find_automation(transport, plan("Account"))
    assert [each.message for each in found] == [
        "active Apex triggers on Account: Late, pkg.Guard",
        "active flows on Account: Old_Process, Ours (before saving)",
        "active workflow rules on Account: Mail",
        "active validation rules on Account: Not_Empty",
        "active duplicate rules on Account: Twins",
    ]
    assert {each.level for each in found} == {Level.INFO}


@pytest.mark.parametrize("key", [CUSTOM_ID, f"{CUSTOM_ID}EAY"])
def test_automation_of_a_custom_object_hangs_on_its_id(key: str) -> None:
    transport = build_org(
        {
            "EntityDefinition": [{"DurableId": CUSTOM_ID}],
            "ApexTrigger": [{"Name": "Guard", "on": key}],
            "FlowDefinitionView": [flow("Ours", TriggerObjectOrEventId=key)],
            "WorkflowRule": [{"Id": "01Q1", "Name": "Mail", "on": key}],
            "ValidationRule": [{"ValidationName": "Rule"}],
        },
        "Thing__c",
        custom=True,
    )
    messages = " ".join(each.message for each in find_automation(transport, plan("Thing__c")))
    for name in ("Guard", "Ours", "Mail", "Rule"):
        assert name in messages


def test_many_workflow_rules_are_told_without_asking_about_each() -> None:
    rules = [{"Id": f"01Q{number}", "Name": f"Rule {number}"} for number in range(11)]
    transport = build_org({"WorkflowRule": rules}, "Account")
    (found,) = find_automation(transport, plan("Account"))
    assert found.message.count("(perhaps inactive)") == 11
    assert len(transport.find_requests("GET", "WorkflowRule")) == 1


def test_what_may_not_be_read_is_said_once_and_what_may_is_told() -> None:
    tables = {"ApexTrigger": REFUSED, "FlowDefinitionView": REFUSED, "ValidationRule": REFUSED,
              "DuplicateRule": [{"DeveloperName": "Twins"}]}  # fmt: skip
    told_, unknown = find_automation(build_org(tables, "Account"), plan("Account"))
    assert "Twins" in told_.message
    assert unknown.level is Level.WARNING
    assert unknown.message.startswith("could not check Apex triggers, flows, validation rules of Account")
    assert "View Setup and Configuration" in unknown.advice


def test_an_object_whose_id_may_not_be_read_could_not_be_checked() -> None:
    (unknown,) = find_automation(build_org({"EntityDefinition": REFUSED}, "Thing__c", custom=True), plan("Thing__c"))
    assert "could not check the automation of Thing__c" in unknown.message


def test_a_deletion_runs_only_triggers_and_flows() -> None:
    tables = {"ApexTrigger": [{"Name": "Guard"}], "ValidationRule": [{"ValidationName": "Rule"}],
              "DuplicateRule": [{"DeveloperName": "Twins"}]}  # fmt: skip
    transport = build_org(tables, "Account")
    (found,) = find_automation(transport, plan("Account", Action.DELETE))
    assert "Guard" in found.message
    assert len(transport.find_requests("GET", "query") + transport.find_requests("POST", "composite")) == 2


def test_nothing_is_asked_where_nothing_is_written() -> None:
    transport = build_org({"ApexTrigger": [{"Name": "Guard"}]}, "Account")
    assert find_automation(transport, plan("Account", rows=0)) == []
    assert transport.requests == []


AUTOMATION = {
    "triggers": [{"name": "Guard"}, {"name": "Asleep", "active": False}],
    "flows": [{"name": "Ours"}, {"name": "Draft", "active": False},
              {"name": "First", "triggerType": "RecordBeforeSave"}],
    "workflowRules": [{"name": "Mail"}, {"name": "Never", "active": False}],
    "validationRules": [{"name": "Positive", "when": "Name = 'x'", "message": "no"},
                        {"name": "Off", "when": "Name = 'x'", "message": "no", "active": False}],
    "duplicateRules": [{"name": "Twins", "fields": ["Name"]}, {"name": "Lone", "fields": ["Name"], "active": False}],
}  # fmt: skip


@pytest.fixture
def project(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    return Project(tmp_path, emulated)


KEY = {"type": "string", "length": 20, "externalId": True, "unique": True}
OBJECTS = {"Account": {}, "Thing__c": {"fields": {"External_Id__c": KEY}, "records": []}}


@pytest.mark.parametrize("name", OBJECTS)
def test_a_plan_tells_what_is_active_on_the_object_and_nothing_else(project: Project, name: str) -> None:
    others = {"Contact": {"flows": [{"name": "Another"}], "triggers": [{"name": "Elsewhere"}]}}
    project.emulated.change({"objects": {name: {**OBJECTS[name], **AUTOMATION}, **others}})
    project.sync(object=name, fields={"Name": "last"})
    project.model([{"id": "k1", "last": "Ash"}])
    said = findings(project)
    for what, names in (
        ("Apex triggers", "Guard"), ("flows", "First (before saving), Ours"), ("workflow rules", "Mail"),
        ("validation rules", "Positive"), ("duplicate rules", "Twins"),
    ):  # fmt: skip
        assert f"active {what} on {name}: {names}" in said
    assert not [each for each in said if "could not check" in each]


def test_a_user_who_may_not_look_at_setup_is_told_so_and_the_run_goes_on(project: Project) -> None:
    project.emulated.change({
        "objects": {"Contact": AUTOMATION},
        "permissions": {project.emulated.ready["username"]: {"viewSetup": False}},
    })  # fmt: skip
    project.sync(fields={"LastName": "last"}, options={"api": "rest"})
    project.model([{"id": "k1", "last": "Ash"}])
    assert [each for each in findings(project) if "could not check" in each]
    assert project.run().rows["succeeded"] == 1


def test_a_user_who_may_not_edit_the_object_stops_the_run_before_it_writes(project: Project) -> None:
    user = project.emulated.ready["username"]
    project.emulated.change({"permissions": {user: {"objects": {"Contact": {"edit": False}}}}})
    project.sync(fields={"LastName": "last"}, options={"api": "rest"})
    project.model([{"id": "k1", "last": "Ash"}])
    run = project.run()
    assert run.exit in (6, 64)
    assert "Edit" in run.said
    assert project.emulated.records("Contact") == []


def findings(project: Project) -> list[str]:
    said = json.loads(project.invoke("plan", "contacts", "--output", "json").stdout)
    return [each["message"] for each in said[0]["findings"]]
