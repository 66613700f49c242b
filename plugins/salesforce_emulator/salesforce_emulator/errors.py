"""Errors of Salesforce, and their format in each API.

REST API Developer Guide, "Status Codes and Error Responses"; Bulk API Developer Guide, "Errors".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from salesforce_emulator.portable import Portable

NO_RESOURCE = "The requested resource does not exist"
PASSWORD_EXPIRED = ("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "The user's password has expired and must be changed")
NO_TYPE = (
    "sObject type '{}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' "
    "after the entity name. Please reference your WSDL or the describe call for the appropriate names."
)
NO_COLUMN = (
    "No such column '{}' on entity '{}'. If you are attempting to use a custom field, be sure to append the '__c' "
    "after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
)


@frozen
class RowFault:
    """The reason why a row is refused. If `fields` is None, single-row responses omit that key."""

    code: str
    message: str
    fields: tuple[str, ...] | None = ()

    def in_collection(self) -> dict[str, Any]:
        """Return the error as sObject Collections and Bulk API JSON show it."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}

    def in_request(self) -> dict[str, Any]:
        """Return the error as a single-row call shows it."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return error if self.fields is None else {**error, "fields": list(self.fields)}

    def in_cell(self) -> str:
        """Return the error as the Error column of Bulk API shows it: `CODE:message:FIELD1,FIELD2 --`."""
        fields = ",".join(self.fields or ())
        return f"{self.code}:{self.message}:{fields + ' ' if fields else ''}--"


class RowRefused(Portable, Exception):
    """One row that cannot be executed."""

    def __init__(self, code: str, message: str, fields: Sequence[str] | None = ()) -> None:
        super().__init__(message)
        self.fault = RowFault(code, message, None if fields is None else tuple(fields))


class RulesBroken(Portable, Exception):
    """A row that breaks the org's own rules. Each broken rule adds a fault."""

    def __init__(self, faults: tuple[RowFault, ...]) -> None:
        super().__init__(faults[0].message)
        self.faults = faults


class ApiError(Portable, Exception):
    """A REST request that is refused as a whole."""

    def __init__(self, status: int, code: str, message: str, fields: Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self._faults: tuple[RowFault, ...] = (RowFault(code, message, None if fields is None else tuple(fields)),)

    @classmethod
    def of_row(cls, status: int, faults: tuple[RowFault, ...]) -> ApiError:
        """Return the error of a single-row call, with the faults of its row."""
        error = cls(status, faults[0].code, faults[0].message)
        error._faults = faults
        return error

    def body(self) -> list[dict[str, Any]]:
        """Return the JSON list of a REST error."""
        return [fault.in_request() for fault in self._faults]


class BulkError(Portable, Exception):
    """A Bulk API request that is refused: status 400 with `exceptionCode` and `exceptionMessage`."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class OAuthError(Portable, Exception):
    """A request that the login host refuses with `error` and `error_description`."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


def not_found(message: str = NO_RESOURCE) -> ApiError:
    """Return a 404 with the text that Salesforce uses for paths, objects and rows alike."""
    return ApiError(404, "NOT_FOUND", message)
