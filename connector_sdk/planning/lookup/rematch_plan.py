"""The plan for rows whose records are converted to another object before they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connector_sdk.contract.spec import Mode
from connector_sdk.engines.sql import name, text
from connector_sdk.planning.mapping.model import FieldBinding, ResolvedMapping
from connector_sdk.planning.request import PlanRequest
from connector_sdk.state.plan_file import MatchRule, shape_in, unfit_in


def make_match_rule(request: PlanRequest, mapped: ResolvedMapping) -> MatchRule | None:
    """Return how to match a row again while the plan runs; None if rows do not match records."""
    if mapped.match is None or request.sync.mode is Mode.ALL:
        return None
    objects = tuple(each.name for each in request.schemas)
    return MatchRule(
        objects, mapped.match.field.name, mapped.match.stored, request.convertible_objects, request.successors
    )


def select_rematch_columns(
    mapped: ResolvedMapping, shapes: Mapping[str, str], written: Mapping[str, tuple[str, ...]]
) -> str:
    """Return SQL for the columns of lines that say how each line would be written to a record of another object.

    By object, `shapes` is SQL for the shape of a line there, and `written` has the fields that are written there.
    """
    columns = []
    for home, shape in shapes.items():
        own = [each for each in mapped.fillings if each.object_name == home and each.field.name in written[home]]
        branches = " ".join(f"when {holds} then {said}" for holds, said in _misfits(home, own))
        columns += [f"{shape} as {name(shape_in(home))}", f"case {branches} end as {name(unfit_in(home))}"]
    return "".join(f", {each}" for each in columns)


def _misfits(home: str, own: list[FieldBinding]) -> Iterator[tuple[str, str]]:
    """Yield the reasons that keep a line from an object: SQL that is true then, and SQL for the message."""
    if not own:
        yield "true", text(f"no field of {home} is filled")
    for each in own:
        yield from ((f"({check.failed})", check.message) for check in each.checks)
        if each.lookup is not None:
            said = text(f"{each.field.name} would have to be looked up, which the next run does")
            yield f"object <> {text(home)} and {name(each.stored)} is not null", said
    yield "false", "null"
