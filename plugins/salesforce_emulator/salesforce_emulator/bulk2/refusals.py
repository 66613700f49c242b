"""Errors of Bulk API 2.0: REST errors with the codes of Bulk API, in capitals and without separators."""

from __future__ import annotations

from salesforce_emulator.errors import ApiError


def invalid_job(message: str) -> ApiError:
    """Return the error for a job that cannot be created as requested."""
    return ApiError(400, "INVALIDJOB", message)


def invalid_state(message: str) -> ApiError:
    """Return the error for a call that the job's state forbids."""
    return ApiError(400, "INVALIDJOBSTATE", message)


def no_entity(name: str) -> ApiError:
    """Return the error for an object that is unknown, hidden or not supported by Bulk API."""
    return ApiError(400, "INVALIDENTITY", f"Entity '{name}' is not supported by the Bulk API.")


def bad_input(message: str) -> ApiError:
    """Return the error for data that cannot be accepted."""
    return ApiError(400, "CLIENTINPUTERROR", message)
