"""Replace references of a composite request to earlier answers, such as `@{refAccount.id}`.

REST API Developer Guide, "Composite".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from salesforce_emulator.errors import ApiError

_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[[0-9]+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[([0-9]+)\]")


def fill_references(value: Any, answers: Mapping[str, Any]) -> Any:
    """Return the value with every reference replaced. Raises ApiError if a reference leads nowhere."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: _resolve_reference(match[1], match[2], answers), value)
    if isinstance(value, dict):
        return {key: fill_references(item, answers) for key, item in value.items()}
    if isinstance(value, list):
        return [fill_references(item, answers) for item in value]
    return value


def _resolve_reference(name: str, path: str, answers: Mapping[str, Any]) -> str:
    if name not in answers:
        raise _invalid(f"No value for {name}{path} found, {name} is not the reference of an earlier request")
    value = answers[name]
    for field, place in _STEP.findall(path):
        value = _step(value, field, place)
    if value is None or isinstance(value, dict | list):
        raise _invalid(f"No value for {name}{path} found in {name}")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _step(value: Any, field: str, place: str) -> Any:
    if field:
        return value.get(field) if isinstance(value, dict) else None
    return value[int(place)] if isinstance(value, list) and int(place) < len(value) else None


def _invalid(message: str) -> ApiError:
    return ApiError(400, "PROCESSING_HALTED", f"Invalid reference specified. {message}")
