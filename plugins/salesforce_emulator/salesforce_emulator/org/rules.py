"""The part of an org file about the rules and the automation of an object."""

from __future__ import annotations

from typing import Literal

from attrs import define

TriggerEvent = Literal[
    "BeforeInsert", "AfterInsert", "BeforeUpdate", "AfterUpdate", "BeforeDelete", "AfterDelete", "AfterUndelete"
]


@define(frozen=True)
class ValidationRule:
    """A rule that refuses a record that meets `when`, a condition in the syntax of a SOQL WHERE clause."""

    name: str
    when: str
    message: str
    field: str | None = None
    active: bool = True


@define(frozen=True)
class DuplicateRule:
    """A rule that refuses a record that equals another one in all of `fields`.

    If its action is Alert, `allowSave` overrides it.
    """

    name: str
    fields: tuple[str, ...]
    action: Literal["Block", "Alert"] = "Block"
    message: str = "Use one of these records?"
    matching_rule: str = ""
    active: bool = True


@define(frozen=True)
class AssignmentRule:
    """A rule that gives records to `owner`, the Username of a user or the name of a group."""

    name: str
    owner: str
    id: str = ""
    active: bool = True


@define(frozen=True)
class ApexFailure:
    """An exception that a trigger throws if a record of the transaction meets `when`."""

    when: str
    message: str


@define(frozen=True)
class Apex:
    """A trigger: its cost, the parents that it updates, and its failures. `seconds` is its real duration."""

    trigger: str
    cpu_ms_per_row: float = 0.0
    soql_per_row: float = 0.0
    seconds: float = 0.0
    updates_parents: tuple[str, ...] = ()
    fails: tuple[ApexFailure, ...] = ()


@define(frozen=True)
class Trigger:
    """A trigger that the emulator only lists. It does nothing."""

    name: str
    active: bool = True
    namespace: str | None = None
    events: tuple[TriggerEvent, ...] = ("BeforeInsert", "BeforeUpdate")


@define(frozen=True)
class Flow:
    """A record-triggered flow, or a process of Process Builder (`Workflow`). The emulator only lists it."""

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
    """A workflow rule that the emulator only lists. Only its metadata says whether it is active."""

    name: str
    active: bool = True
    namespace: str | None = None
