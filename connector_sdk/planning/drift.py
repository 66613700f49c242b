"""What changed at the destination since the last run: fields that went, closed or narrowed, and new ones to fill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve

from connector_sdk.errors import Problem
from connector_sdk.plan import Finding, Level
from connector_sdk.planning.filling import Mapped
from connector_sdk.planning.request import PlanRequest
from connector_sdk.schema import Field, ObjectSchema
from connector_sdk.spec import Mode

GUARD = "schema"
"""The name with which a change that leaves the mapping possible is accepted."""

_SINCE = "since the last run"
_LISTED = 5


def retold(problems: Sequence[Problem], request: PlanRequest) -> Iterator[Problem]:
    """The problems of a mapping; of a field that was in order in the last run it is said what changed."""
    for each in problems:
        if each.path == ("syncs", request.sync.name, "fields") and _newly_required(request):
            yield evolve(each, message=f"{each.message} ({_SINCE}: {', '.join(_newly_required(request))})")
            continue
        name = _field_named(each, request)
        before, now = _found(request.former, name), _found(request.schema, name)
        if before is None:
            yield each
        elif now is None:
            yield evolve(each, message=f"{each.message} ({_SINCE})", hint=_renamed(before, request) or each.hint)
        else:
            changed = _closed(before, now, request.sync.mode) or before.type is not now.type
            yield evolve(each, message=f"{each.message} ({_SINCE})") if changed else each


def drift(request: PlanRequest, mapped: Mapped, *, creates: bool) -> Iterator[Finding]:
    """Changes since the last run that the mapping survives and its rows may not. `creates`: records may be created."""
    if request.former is None:
        return
    level = Level.WARNING if GUARD in request.accepted else Level.STOP
    accept = f"if that is meant: --accept {GUARD}"
    fields = {each.field.name: each.field for each in [*mapped.fillings, *([mapped.match] if mapped.match else [])]}
    for now in fields.values():
        before = _found(request.former, now.name)
        for change in _narrowed(before, now) if before else ():
            yield Finding(level, f"{_SINCE}, {now.name} {change}", f"correct the model; {accept}", GUARD)
        gone = [each for each in before.values if each not in now.values] if before and now.restricted else []
        if gone:
            listed = ", ".join(gone[:_LISTED]) + (", ..." if len(gone) > _LISTED else "")
            yield Finding(Level.WARNING, f"{_SINCE}, {now.name} has these values no more: {listed}")
    missing = [each for each in _newly_required(request) if each not in fields]
    if creates and missing and request.sync.mode is Mode.UPSERT:
        message = f"{_SINCE}, records of {request.schema.name} are not created without {', '.join(missing)}"
        yield Finding(level, message, f"map it, or use mode update; {accept}", GUARD)


def _newly_required(request: PlanRequest) -> list[str]:
    """The fields that a new record needs now and did not need in the last run."""
    if request.former is None:
        return []
    former = {each.name for each in request.former.fields if each.required}
    return [each.name for each in request.schema.fields if each.required and each.name not in former]


def _field_named(problem: Problem, request: PlanRequest) -> str:
    """The field that a problem is about; empty where it is about none, or about no field of the object itself."""
    match problem.path:
        case ("syncs", _, "fields", str(name)):
            return name
        case ("syncs", _, "match", "field") if request.sync.match:
            return request.sync.match.field
    return ""


def _found(schema: ObjectSchema | None, name: str) -> Field | None:
    return next((each for each in schema.fields if each.name == name), None) if schema else None


def _closed(before: Field, now: Field, mode: Mode) -> bool:
    """Whether a field cannot be written or matched any more."""
    return any(mode in after and mode not in was for was, after in (
        (before.not_writable, now.not_writable), (before.not_matchable, now.not_matchable),
    ))  # fmt: skip


def _renamed(before: Field, request: PlanRequest) -> str:
    """A hint at a new field that has the label of one that went."""
    new = [each for each in request.schema.fields if _found(request.former, each.name) is None]
    alike = [each.name for each in new if each.label and each.label == before.label]
    return f"did you mean {alike[0]}, which has its label now?" if len(alike) == 1 else ""


def _narrowed(before: Field, now: Field) -> Iterator[str]:
    """What a field took and does not take any more, in words."""
    if before.type is not now.type:
        yield f"takes {now.type} instead of {before.type}"
        return
    if now.length is not None and now.length < (before.length or now.length + 1):
        yield f"takes {now.length} characters" + (f" instead of {before.length}" if before.length else "")
    if _digits(now) < _digits(before) or (now.scale or 0) < (before.scale or 0):
        yield f"takes numbers of {_number(now)} instead of {_number(before)}"
    if now.restricted and not before.restricted:
        yield "takes no values but those of its list"
    if before.nillable and not now.nillable:
        yield "cannot be empty"


def _digits(field: Field) -> int:
    """The digits before the point."""
    return (field.precision or 38) - (field.scale or 0)


def _number(field: Field) -> str:
    return f"{_digits(field)} digits before the point and {field.scale or 0} after it"
