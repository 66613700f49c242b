"""The input and output of the engine."""

from __future__ import annotations

from typing import Literal

from attrs import define, field, frozen

from salesforce_emulator.errors import RowFault
from salesforce_emulator.org.model import Field, Value
from salesforce_emulator.origin import Origin
from salesforce_emulator.portable import Portable
from salesforce_emulator.schema import Schema

Operation = Literal["insert", "update", "upsert", "delete", "hardDelete", "undelete"]


@frozen
class ParentKey:
    """A parent that is named by a key: `Account.External_Id__c` in CSV, a nested object in JSON."""

    at: int
    target: Schema
    key: Field
    value: Value


@define
class RowInput:
    """One row from a client: its values by position, its record id, and the fault if it could not be read."""

    values: dict[int, Value] = field(factory=dict)
    record_id: str | None = None
    parents: tuple[ParentKey, ...] = ()
    fault: RowFault | None = None


@frozen
class RowResult:
    """The result of one row.

    `related`: the records that now refer to the master of a merge. `notices`: additional notices of a successful row.
    """

    record_id: str | None = None
    created: bool = False
    faults: tuple[RowFault, ...] = ()
    related: tuple[str, ...] = ()
    notices: tuple[RowFault, ...] = ()

    @property
    def success(self) -> bool:
        """Whether the row was executed."""
        return not self.faults


@frozen
class Terms:
    """The rules that a request applies when it writes.

    `asynchronous`: the request is a Bulk job. `assignment`: the id of an assignment rule, `active` for the active one,
    or empty for none. `allow_duplicates`: save despite an Alert.
    """

    asynchronous: bool = False
    assignment: str = ""
    allow_duplicates: bool = False


class Interrupted(Portable, Exception):
    """The end of a job that a fault rule ends while its rows are executed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.state_message = f"{code} : {message}"


@frozen
class Write:
    """Rows of one object that are executed together.

    `key_at` is the field by which an upsert matches; 0 is Id. A trusted write may set read-only fields and is not
    audited. `master`: the record into which the deleted ones are merged.
    """

    schema: Schema
    operation: Operation
    rows: list[RowInput]
    key_at: int = 0
    update_only: bool = False
    master: str | None = None
    trusted: bool = False
    origin: Origin = field(factory=Origin)
    terms: Terms = field(factory=Terms)
