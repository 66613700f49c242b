"""Triggers, flows and rules as setup objects.

Tooling API, "ApexTrigger", "ValidationRule", "WorkflowRule", "Flow"; Object Reference, "FlowDefinitionView",
"DuplicateRule".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from salesforce_emulator.ids import stable_id
from salesforce_emulator.org.model import ObjectType
from salesforce_emulator.org.rules import Flow, Trigger
from salesforce_emulator.setup import names
from salesforce_emulator.setup.record import Record, of_entity

_EVENTS = (
    *("BeforeInsert", "AfterInsert", "BeforeUpdate", "AfterUpdate", "BeforeDelete", "AfterDelete"),
    "AfterUndelete",
)


def automation_records(thing: ObjectType) -> Iterator[Record]:
    """Yield the records of everything that runs when records of an object are written."""
    for trigger in _triggers(thing):
        yield _trigger(thing, trigger)
    yield from _validation_rules(thing)
    yield from _workflow_rules(thing)
    yield from _duplicate_rules(thing)
    for flow in thing.flows:
        yield from _flow(thing, flow)


def _triggers(thing: ObjectType) -> Iterator[Trigger]:
    """Yield the trigger that runs, and those that are only listed."""
    if thing.apex is not None:
        yield Trigger(thing.apex.trigger, events=("AfterInsert", "AfterUpdate", "AfterDelete"))
    yield from thing.triggers


def _trigger(thing: ObjectType, trigger: Trigger) -> Record:
    return Record("ApexTrigger", stable_id("01q", thing.name, trigger.name), {
        **of_entity(thing),
        "Name": trigger.name,
        "NamespacePrefix": trigger.namespace,
        "TableEnumOrId": names.object_id(thing),
        "ApiVersion": 58.0,
        "Status": "Active" if trigger.active else "Inactive",
        "IsValid": True,
        **{f"Usage{event}": event in trigger.events for event in _EVENTS},
        "UsageIsBulk": False,
    })  # fmt: skip


def _validation_rules(thing: ObjectType) -> Iterator[Record]:
    for rule in thing.validation_rules:
        facts = {"active": rule.active, "description": None, "errorMessage": rule.message}
        yield Record("ValidationRule", stable_id("03d", thing.name, rule.name), {
            **of_entity(thing),
            "ValidationName": rule.name,
            "ManageableState": "unmanaged",
            "Active": rule.active,
            "ErrorDisplayField": rule.field,
            "ErrorMessage": rule.message,
            "FullName": f"{thing.name}.{rule.name}",
            "Metadata": {**facts, "errorConditionFormula": rule.when, "errorDisplayField": rule.field, "urls": None},
        })  # fmt: skip


def _workflow_rules(thing: ObjectType) -> Iterator[Record]:
    for rule in thing.workflow_rules:
        facts: dict[str, Any] = {"actions": [], "active": rule.active, "booleanFilter": None, "criteriaItems": []}
        facts |= {"description": None, "formula": None, "triggerType": "onCreateOrTriggeringUpdate"}
        yield Record("WorkflowRule", stable_id("01Q", thing.name, rule.name), {
            "Name": rule.name,
            "NamespacePrefix": rule.namespace,
            "ManageableState": names.manageable(rule.namespace),
            "TableEnumOrId": names.object_id(thing),
            "FullName": f"{thing.name}.{rule.name}",
            "Metadata": {**facts, "urls": None, "workflowTimeTriggers": []},
        })  # fmt: skip


def _duplicate_rules(thing: ObjectType) -> Iterator[Record]:
    for rule in thing.duplicate_rules:
        yield Record("DuplicateRule", stable_id("0Bm", thing.name, rule.name), {
            "DeveloperName": rule.name,
            "MasterLabel": rule.name.replace("_", " "),
            "SobjectType": thing.name,
            "SobjectSubtype": "None",
            "IsActive": rule.active,
        })  # fmt: skip


def _flow(thing: ObjectType, flow: Flow) -> Iterator[Record]:
    by_record = flow.process_type == "AutoLaunchedFlow"
    version, definition = stable_id("301", thing.name, flow.name), stable_id("300", thing.name, flow.name)
    label = flow.label or flow.name.replace("_", " ")
    trigger_type, event = (flow.trigger_type, flow.record_trigger_type) if by_record else (None, None)
    yield Record("FlowDefinitionView", stable_id("3dd", thing.name, flow.name), {
        "DurableId": definition,
        "ApiName": flow.name,
        "Label": label,
        "ProcessType": flow.process_type,
        "TriggerType": trigger_type,
        "RecordTriggerType": event,
        "TriggerObjectOrEventId": names.entity_durable_id(thing),
        "TriggerObjectOrEventLabel": thing.label,
        "TriggerRecordId": names.entity_record_id(thing),
        "TriggerOrder": flow.order,
        "HasAsyncAfterCommitPath": False,
        "IsActive": flow.active,
        "ActiveVersionId": version if flow.active else None,
        "LatestVersionId": version,
        "NamespacePrefix": flow.namespace,
        "ManageableState": names.manageable(flow.namespace),
    })  # fmt: skip
    status = "Active" if flow.active else "Draft"
    start = {"object": thing.name, "recordTriggerType": event, "triggerType": trigger_type}
    yield Record("Flow", version, {
        "MasterLabel": label,
        "DefinitionId": definition,
        "ProcessType": flow.process_type,
        "Status": status,
        "VersionNumber": 1,
        "ManageableState": names.manageable(flow.namespace),
        "FullName": flow.name,
        "Metadata": {"label": label, "processType": flow.process_type, "start": start, "status": status},
    })  # fmt: skip
