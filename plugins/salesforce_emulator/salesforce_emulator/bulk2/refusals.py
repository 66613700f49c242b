"""What Bulk API 2.0 refuses: REST errors whose codes are those of Bulk API, run together in capitals."""

from __future__ import annotations

from salesforce_emulator.errors import ApiError


def invalid_job(message: str) -> ApiError:
    """A job that cannot be created as asked."""
    return ApiError(400, "INVALIDJOB", message)


def invalid_state(message: str) -> ApiError:
    """A call that the state of the job forbids."""
    return ApiError(400, "INVALIDJOBSTATE", message)


def no_entity(name: str) -> ApiError:
    """An object that is unknown, hidden or not served by Bulk API."""
    return ApiError(400, "INVALIDENTITY", f"Entity '{name}' is not supported by the Bulk API.")


def bad_input(message: str) -> ApiError:
    """Data that cannot be taken."""
    return ApiError(400, "CLIENTINPUTERROR", message)
