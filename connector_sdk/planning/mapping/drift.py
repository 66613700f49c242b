"""Changes at the destination since the last run: fields that are gone, closed or narrower, and new required ones."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from connector_sdk.contract.errors import Problem
from connector_sdk.contract.plan import Finding, Level
from connector_sdk.contract.schema import Field, ObjectSchema
from connector_sdk.contract.spec import Mode
from connector_sdk.planning.mapping.model import ResolvedMapping
from connector_sdk.planning.mapping.objects import takes
from connector_sdk.planning.request import PlanRequest

GUARD = "schema"
"""The name by which `--accept` takes a change that leaves the mapping possible."""

_SINCE = "since the last run"
_LISTED = 5


def with_drift_note(problem: Problem, now: ObjectSchema, request: PlanRequest) -> Problem:
    """Return a problem of the mapping, with a note if a change since the last run explains it."""
    former = request.former.get(now.name)
    if problem.path == ("syncs", request.sync.name, "fields") and find_newly_required(former, now):
        return evolve(problem, message=f"{problem.message} ({_SINCE}: {', '.join(find_newly_required(former, now))})")
    name = _field_named(problem, request)
    before, after = find_field(former, name), find_field(now, name)
    if before is None:
        return problem
    hint = (_suggest_renamed(before, former, now) if after is None else "") or problem.hint
    if after is None or is_closed(before, after, request.sync.mode) or before.type is not after.type:
        return evolve(problem, message=f"{problem.message} ({_SINCE})", hint=hint)
    return problem


def drift(request: PlanRequest, mapped: ResolvedMapping, *, creates: bool) -> Iterator[Finding]:
    """Yield the changes since the last run that the mapping survives but its rows may not.

    `creates`: records may be created.
    """
    level = Level.WARNING if GUARD in request.accepted else Level.STOP
    accept = f"if that is meant: --accept {GUARD}"
    for now in request.schemas:
        former = request.former.get(now.name)
        if former is None:
            continue
        fillings = [each for each in mapped.fillings if each.object_name in (None, now.name)]
        names = dict.fromkeys(each.field.name for each in [*fillings, *([mapped.match] if mapped.match else [])])
        for name in names:
            yield from _report_field_changes(
                _label(now, name, request), find_field(former, name), find_field(now, name), level, accept
            )
        for name in _find_lost_fields(request, former, now):
            message = (
                f"{_SINCE}, {_label(now, name, request)} cannot be written any more: it goes to other objects only"
            )
            yield Finding(level, message, f"remove it, or mend the object; {accept}", guard=GUARD)
        missing = [each for each in find_newly_required(former, now) if each not in names]
        makes = creates and request.sync.mode is Mode.UPSERT and request.sync.create_in in (None, now.name)
        if makes and missing:
            message = f"{_SINCE}, records of {now.name} are not created without {', '.join(missing)}"
            yield Finding(level, message, f"map it, or use mode update; {accept}", guard=GUARD)


def _label(schema: ObjectSchema, name: str, request: PlanRequest) -> str:
    return f"{schema.name}.{name}" if request.others else name


def _report_field_changes(
    label: str, before: Field | None, now: Field | None, level: Level, accept: str
) -> Iterator[Finding]:
    """Yield the changes of a mapped field."""
    if before is None or now is None:
        return
    for change in describe_narrowing(before, now):
        yield Finding(level, f"{_SINCE}, {label} {change}", f"correct the model; {accept}", guard=GUARD)
    gone = [each for each in before.values if each not in now.values] if now.restricted else []
    if gone:
        listed = ", ".join(gone[:_LISTED]) + (", ..." if len(gone) > _LISTED else "")
        yield Finding(Level.WARNING, f"{_SINCE}, {label} has these values no more: {listed}")


def _find_lost_fields(request: PlanRequest, former: ObjectSchema, now: ObjectSchema) -> list[str]:
    """Return the fields that an object took in the last run and does not take now, while another object does."""
    names = [each.field for each in request.sync.fields]
    return [each for each in names if takes(former, each, request.sync) and not takes(now, each, request.sync)]


def find_newly_required(former: ObjectSchema | None, now: ObjectSchema) -> list[str]:
    """Return the fields that a new record needs now and did not need in the last run."""
    if former is None:
        return []
    before = {each.name for each in former.fields if each.required}
    return [each.name for each in now.fields if each.required and each.name not in before]


def _field_named(problem: Problem, request: PlanRequest) -> str:
    """Return the field that a problem is about; empty if it is about no field of the object itself."""
    match problem.path:
        case ("syncs", _, "fields", str(name)):
            return name
        case ("syncs", _, "match", "field") if request.sync.match:
            return request.sync.match.field
    return ""


def find_field(schema: ObjectSchema | None, name: str) -> Field | None:
    """Return a field of an object; None if the object or the field does not exist."""
    return next((each for each in schema.fields if each.name == name), None) if schema else None


def is_closed(before: Field, now: Field, mode: Mode) -> bool:
    """Return whether a field can no longer be written or matched."""
    closed = any(mode in after and mode not in was for was, after in (
        (before.not_writable, now.not_writable), (before.not_matchable, now.not_matchable),
    ))  # fmt: skip
    return closed or (before.unique and not now.unique)


def _suggest_renamed(before: Field, former: ObjectSchema | None, now: ObjectSchema) -> str:
    """Return a hint at a new field that has the label of a field that is gone; empty if there is not exactly one."""
    new = [each for each in now.fields if find_field(former, each.name) is None]
    alike = [each.name for each in new if each.label and each.label == before.label]
    return f"did you mean {alike[0]}, which has its label now?" if len(alike) == 1 else ""


def describe_narrowing(before: Field, now: Field) -> Iterator[str]:
    """Yield, in words, what a field took before and does not take now."""
    if before.type is not now.type:
        yield f"takes {now.type} instead of {before.type}"
        return
    if now.length is not None and now.length < (before.length or now.length + 1):
        yield f"takes {now.length} characters" + (f" instead of {before.length}" if before.length else "")
    loses_decimals = (now.scale or 0) < (before.scale or 0) and not now.stores_more_decimals
    if _digits(now) < _digits(before) or loses_decimals:
        yield f"takes numbers of {_number(now)} instead of {_number(before)}"
    if now.restricted and not before.restricted:
        yield "takes no values but those of its list"
    if before.nullable and not now.nullable:
        yield "cannot be empty"


def _digits(field: Field) -> int:
    """Return the number of digits before the point."""
    return (field.precision or 38) - (field.scale or 0)


def _number(field: Field) -> str:
    return f"{_digits(field)} digits before the point and {field.scale or 0} after it"
