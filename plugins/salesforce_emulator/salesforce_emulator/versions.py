"""The API versions that the org serves. REST API Developer Guide, "Versions" and "API End-of-Life Policy"."""

from __future__ import annotations

import re
from enum import Enum

from salesforce_emulator.org.model import Versions

_FIRST_RETIRED = 21


class Standing(Enum):
    """How the org treats an API version."""

    SERVED = "served"
    RETIRED = "retired"
    UNKNOWN = "unknown"


def judge_version(versions: Versions, version: str) -> Standing:
    """Return whether an org serves `version`, such as `58.0`, has retired it, or does not know it."""
    match = re.fullmatch(r"([0-9]{1,3})\.0", version)
    number = int(match[1]) if match else 0
    if versions.min <= number <= versions.max:
        return Standing.SERVED
    return Standing.RETIRED if _FIRST_RETIRED <= number < versions.min else Standing.UNKNOWN


def list_served(versions: Versions) -> list[dict[str, str]]:
    """Return the response of `/services/data`. There are three releases a year; v57.0 is Spring '23."""
    return [
        {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(versions.min, versions.max + 1)
    ]


def _label(number: int) -> str:
    year, season = divmod(number - 57, 3)
    names = ("Spring", "Summer", "Winter")
    # Salesforce spells this release with a typographic apostrophe.
    mark = "\N{RIGHT SINGLE QUOTATION MARK}" if number == 42 else "'"
    return f"{names[season]} {mark}{23 + year + (season == 2):02}"
