"""What an org file may say about the rules and the automation of an object."""

from __future__ import annotations

from typing import Literal

from attrs import define

TriggerEvent = Literal[
    "BeforeInsert", "AfterInsert", "BeforeUpdate", "AfterUpdate", "BeforeDelete", "AfterDelete", "AfterUndelete"
]


@define(frozen=True)
class ValidationRule:
    """Refuses a record that meets `when`, a condition as SOQL writes it after WHERE."""

    name: str
    when: str
    message: str
    field: str | None = None
    active: bool = True


@define(frozen=True)
class DuplicateRule:
    """Refuses a record that equals another in every one of `fields`; an Alert gives way to `allowSave`."""

    name: str
    fields: tuple[str, ...]
    action: Literal["Block", "Alert"] = "Block"
    message: str = "Use one of these records?"
    matching_rule: str = ""
    active: bool = True


@define(frozen=True)
class AssignmentRule:
    """Gives records to `owner`, the Username of a user or the name of a group."""

    name: str
    owner: str
    id: str = ""
    active: bool = True


@define(frozen=True)
class ApexFailure:
    """An exception of a trigger, thrown where a record of the transaction meets `when`."""

    when: str
    message: str


@define(frozen=True)
class Apex:
    """A trigger: what it costs, which parents it updates, when it throws. `seconds` is its duration in truth."""

    trigger: str
    cpu_ms_per_row: float = 0.0
    soql_per_row: float = 0.0
    seconds: float = 0.0
    updates_parents: tuple[str, ...] = ()
    fails: tuple[ApexFailure, ...] = ()


@define(frozen=True)
class Trigger:
    """A trigger that is only listed, for those who look before they write; it does nothing."""

    name: str
    active: bool = True
    namespace: str | None = None
    events: tuple[TriggerEvent, ...] = ("BeforeInsert", "BeforeUpdate")


@define(frozen=True)
class Flow:
    """A flow that records trigger, or a process of Process Builder (`Workflow`); only listed."""

    name: str
    label: str = ""
    active: bool = True
    namespace: str | None = None
    process_type: Literal["AutoLaunchedFlow", "Workflow"] = "AutoLaunchedFlow"
    trigger_type: Literal["RecordBeforeSave", "RecordAfterSave", "RecordBeforeDelete"] = "RecordAfterSave"
    record_trigger_type: Literal["Create", "Update", "CreateAndUpdate", "Delete"] = "CreateAndUpdate"
    order: int | None = None


@define(frozen=True)
class WorkflowRule:
    """A workflow rule; only listed. Whether it is active stands in its metadata alone."""

    name: str
    active: bool = True
    namespace: str | None = None
