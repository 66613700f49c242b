"""Cells that the type of their column cannot hold: a row with one in a column that the sync uses is not sent."""

from __future__ import annotations

from collections.abc import Iterator

from connector_sdk.contract.codes import Code
from connector_sdk.engines.models import Source
from connector_sdk.engines.sql import name, text
from connector_sdk.planning.diff.merge_groups import IS_MERGE
from connector_sdk.planning.diff.verdicts import Verdict
from connector_sdk.planning.mapping.columns import make_used_columns
from connector_sdk.planning.mapping.model import ResolvedMapping
from connector_sdk.planning.request import PlanRequest

_IDENTITY, _VALUE = "refused_identity", "refused_value"
_SHOWN = 60
"""The number of characters of a refused cell that its message shows."""


def refusal_columns(request: PlanRequest, mapped: ResolvedMapping, source: Source) -> tuple[str, ...]:
    """Return the helper columns of the view `model` that say what is refused. They are left out of the frozen plan."""
    kinds = {_IDENTITY: _list_key_columns(request, source), _VALUE: _list_value_columns(request, mapped, source)}
    return tuple(each for each, columns in kinds.items() if columns)


def select_refused_cells(request: PlanRequest, mapped: ResolvedMapping, source: Source) -> Iterator[str]:
    """Yield SQL for these columns: the message on the first refused cell of a row, null if there is none."""
    kinds = {_IDENTITY: _list_key_columns(request, source), _VALUE: _list_value_columns(request, mapped, source)}
    for working, columns in kinds.items():
        if columns:
            yield f"coalesce({', '.join(_say_refused(source, each) for each in columns)}) as {working}"


def reject_refused_cells(request: PlanRequest, mapped: ResolvedMapping, source: Source) -> Iterator[Verdict]:
    """Yield the verdicts on rows with refused cells. The values of merged rows do not matter."""
    if _list_key_columns(request, source):
        message = f"'row ' || position || ' of the model has no primary key: ' || {_IDENTITY}"
        yield Verdict(f"key is null and {_IDENTITY} is not null", Code.NULL_KEY, message)
        yield Verdict(f"{_IDENTITY} is not null", Code.BAD_VALUE, _IDENTITY)
    if _list_value_columns(request, mapped, source):
        sent = f"not {IS_MERGE} and " if request.sync.merge else ""
        yield Verdict(f"{sent}{_VALUE} is not null", Code.BAD_VALUE, _VALUE)


def _list_key_columns(request: PlanRequest, source: Source) -> list[str]:
    """Return the columns that identify rows or records and may have refused cells."""
    used = make_used_columns(request.model, request.sync)
    return [each for each in source.refused if each in used.identifying]


def _list_value_columns(request: PlanRequest, mapped: ResolvedMapping, source: Source) -> list[str]:
    identifying = _list_key_columns(request, source)
    return [each for each in source.refused if each in mapped.columns and each not in identifying]


def _say_refused(source: Source, column: str) -> str:
    """Return SQL for the message on a refused cell."""
    raw = name(source.refused[column])
    message = text(f"{column} cannot be {source.columns[column]} without loss: ")
    return f"{message} || chr(39) || left({raw}, {_SHOWN}) || chr(39)"
