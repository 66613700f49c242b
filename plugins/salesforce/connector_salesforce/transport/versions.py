"""Check versions of Salesforce's APIs: which ones this plugin can use, how old one is, and which ones an org has.

REST API Developer Guide, "Versions"; Salesforce Help, "Salesforce Platform API Versions 21.0 through 30.0 Retirement"
and "API End-of-Life Policy": Salesforce supports a version for at least three years, and releases three a year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.json_body import read_json
from connector_salesforce.transport.sending import Request, Transport
from connector_sdk import Finding, Level, Problem

DEFAULT = "66.0"
FIRST = 41
"""The first version that has the Bulk API 2.0, and the first that Salesforce supports beyond Summer '27."""

_GONE = 30
_SEASONS = (("Spring", 2), ("Summer", 6), ("Winter", 10))
_YEARS = 3
_FORM = re.compile(r"\d{2,3}\.0")


def check_form(version: str) -> None:
    """Raise `ValueError` for a text that is not a version, or for a version that this plugin cannot use."""
    if not _FORM.fullmatch(version):
        raise ValueError(f'{version!r} is not a version: write it like "{DEFAULT}", with the quotes')
    if number(version) < FIRST:
        fate = "Salesforce answers it no more" if number(version) <= _GONE else "Salesforce ends it with Summer '28"
        raise ValueError(f"version {version} is older than {FIRST}.0, the first that this plugin can speak, and {fate}")


def number(version: str) -> int:
    """Return a version as a number: 66 for "66.0"."""
    return int(version.partition(".")[0])


def release_month(version: int) -> date:
    """Return the month in which Salesforce released a version, as its first day: 59 came with Winter '24."""
    year, season = divmod(version - 60, len(_SEASONS))
    return date(2024 + year, _SEASONS[season][1], 1)


def release(version: int) -> str:
    """Return the name of the release that a version came with, such as "Summer '23"."""
    month = release_month(version)
    season = next(name for name, begins in _SEASONS if begins == month.month)
    return f"{season} '{(month.year + (season == 'Winter')) % 100:02}"


def check_age(version: str, today: date) -> Iterator[Finding]:
    """Yield a warning about a version from the day on which Salesforce no longer guarantees it."""
    came = release_month(number(version))
    if today >= came.replace(year=came.year + _YEARS):
        message = (
            f"api_version {version} ({release(number(version))}) is three years old, "
            "and Salesforce guarantees a version for no longer"
        )
        advice = f'Set api_version: "{DEFAULT}" in the connection, or leave it out; try it in a sandbox first.'
        yield Finding(Level.WARNING, message, advice)


def version_problems(transport: Transport, origin: str, version: str) -> Iterator[Problem]:
    """Yield a problem if an org lacks a version, with the versions that it has. Yield nothing if it does not say.

    The list needs no session and is not one of the day's calls ("Versions").
    """
    offered = _list_versions(transport, origin)
    if offered and version not in offered:
        message = f"this org does not have version {version} of the API, but {offered[0]} to {offered[-1]}"
        hint = f'leave it out, or set api_version: "{DEFAULT}"' if DEFAULT in offered else ""
        yield Problem(message, ("api_version",), hint or f'set api_version: "{offered[-1]}"')


def _list_versions(transport: Transport, origin: str) -> Sequence[str]:
    """Return the versions of an org, oldest first, or none if it does not say."""
    try:
        answer = transport.send(Request("GET", f"{origin}/services/data"))
        found = read_json(answer.body) if answer.status == 200 else ()
        return sorted((each["version"] for each in found if _FORM.fullmatch(each["version"])), key=number)
    except (CallFailed, ValueError, TypeError, KeyError):
        return ()
