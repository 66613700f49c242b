"""The findings about a change before it is written: information, warnings and stops."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from attrs import field, frozen

from connector_salesforce_picklist.changes import ADDED_OR_REACTIVATED, Change, Fate
from connector_salesforce_picklist.config import Options
from connector_salesforce_picklist.kinds import NEEDED, Limit, limit_of
from connector_salesforce_picklist.picklist import Kind
from connector_salesforce_picklist.values import Value, same
from connector_sdk import Finding, Level

_NAMED = 50


@frozen
class Surroundings:
    """The parts of the org that a change of a picklist affects.

    `leaning` has the dependent fields with values that depend on a deactivated value, each paired with that value.
    `record_types` has the active record types of the objects as (object, name), or None if they cannot be read.
    `controls`: other fields depend on the picklist.
    """

    leaning: tuple[tuple[str, str], ...] = ()
    record_types: tuple[tuple[str, str], ...] | None = ()
    controls: bool = field(default=False)


def check(change: Change, options: Options, around: Surroundings) -> list[Finding]:
    """Return all findings about a change."""
    return [
        *what_changes(change),
        *_empty(change, options),
        *_too_many(change, limit_of(change.before, controls=around.controls)),
        *_check_repeated_labels(change),
        *_check_missing_attributes(change),
        *_default(change),
        *_check_dependencies(around, options),
        *_dependent(change),
        *_record_types(change, around),
        *_check_hidden(change),
        *_warn_of_package(change),
    ]


def stops(change: Change) -> list[Finding]:
    """Return the findings that stop a change regardless of its surroundings."""
    found = (
        *_too_many(change, limit_of(change.before, controls=False)),
        *_check_repeated_labels(change),
        *_check_missing_attributes(change),
    )
    return [each for each in found if each.level is Level.STOP]


def what_changes(change: Change) -> Iterator[Finding]:
    """Report the values that are added, reactivated or changed. The core reports the deactivated ones."""
    new = [each for each in change.fates if each.added]
    yield from _report_names("added", [each.after.name for each in new if not each.hidden])
    yield from _report_names(ADDED_OR_REACTIVATED, [each.after.name for each in new if each.hidden])
    yield from _report_names("reactivated", [each.after.name for each in change.fates if each.reactivated])
    relabelled = [each for each in change.fates if each.relabelled]
    yield from _report_names("relabelled", [f"{each.after.name} ({_labels(each)})" for each in relabelled])
    others = [f"{each.after.name} ({', '.join(each.differing)})" for each in change.fates if each.differing]
    yield from _report_names("changed otherwise", others)


def _labels(fate: Fate) -> str:
    return f"{fate.before.label if fate.before else ''} → {fate.after.label}"


def _report_names(what: str, names: Sequence[str]) -> Iterator[Finding]:
    if names:
        yield Finding(Level.INFO, f"{len(names):,} {what}: {_join_names(names)}")


def _join_names(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")


def _empty(change: Change, options: Options) -> Iterator[Finding]:
    if not change.fates and not options.allow_empty:
        message = "no row of the model can be sent, which would deactivate every value"
        yield Finding(Level.STOP, message, "Correct the model, or set allow_empty: true if that is meant.")


def _too_many(change: Change, limit: Limit | None) -> Iterator[Finding]:
    if limit is None:
        return
    active, inactive = len(change.after.active), len(change.after.values) - len(change.after.active)
    counted = active + (inactive if limit.counts_inactive else 0)
    over = counted - limit.most
    if over <= 0:
        return
    how = f"of which {inactive:,} are inactive" if limit.counts_inactive else "inactive ones not counted"
    spare = [each for each in change.before.values if not each.active and each.key not in _list_kept_keys(change)]
    advice = f"Delete inactive values in Setup: {len(spare):,} could go." if limit.counts_inactive and spare else ""
    message = f"{over:,} too many: the picklist takes {limit.most:,} values and would have {counted:,}, {how}"
    yield Finding(Level.STOP, message, advice or "Leave some out of the model.")


def _list_kept_keys(change: Change) -> set[str]:
    return {each.after.key for each in change.fates}


def _check_repeated_labels(change: Change) -> Iterator[Finding]:
    """Stop a change in which active values share a label. Salesforce compares labels without regard to case."""
    found: dict[str, list[Value]] = defaultdict(list)
    for each in change.after.active:
        found[same(each.label)].append(each)
    for values in found.values():
        if len(values) > 1:
            names = ", ".join(each.name for each in values)
            message = f"several values would have the label {values[0].label!r}: {names}"
            yield Finding(Level.STOP, message, "Give each active value a label of its own; case does not count.")


def _check_missing_attributes(change: Change) -> Iterator[Finding]:
    needed = NEEDED.get(change.before.name, ()) if change.before.kind is Kind.STANDARD else ()
    for fate in change.fates:
        missing = [each for each in needed if fate.added and fate.after.raw.get(each) is None]
        if missing:
            message = f"the new value {fate.after.name} of {change.before.name} needs {', '.join(missing)}"
            yield Finding(Level.STOP, message, "Map a column to each, and fill it for new values.")


def _default(change: Change) -> Iterator[Finding]:
    for each in change.deactivated:
        if each.default:
            message = f"{each.name} is the default value and leaves: the picklist will have no default value"
            yield Finding(Level.WARNING, message, "Choose another one in Setup.")


def _check_dependencies(around: Surroundings, options: Options) -> Iterator[Finding]:
    fields: dict[str, list[str]] = defaultdict(list)
    for field_, value in around.leaning:
        fields[field_].append(value)
    for field_, values in fields.items():
        message = f"values of {field_} can be chosen beside {_join_names(values)} only, which leave"
        if options.break_dependencies:
            yield Finding(Level.WARNING, message)
        else:
            advice = "Keep them, change the dependencies in Setup, or set break_dependencies: true."
            yield Finding(Level.STOP, message, advice)


def _dependent(change: Change) -> Iterator[Finding]:
    """Warn about new values of a dependent field. Dependencies are written back as read, so a new value has none."""
    new = [each.after.name for each in change.fates if each.added]
    if change.before.controlling_field and new:
        depends = f"{change.before.field} depends on {change.before.controlling_field}"
        message = f"{depends}, and new values are not selectable for any controlling value: {_join_names(new)}"
        yield Finding(Level.WARNING, message, "Set their dependencies in Setup.")


def _record_types(change: Change, around: Surroundings) -> Iterator[Finding]:
    joining = [each.after.name for each in change.fates if each.added or each.reactivated]
    if joining and around.record_types is None:
        yield Finding(Level.WARNING, "could not check which record types lack new or reactivated values")
    if joining and around.record_types:
        message = f"record types lack new or reactivated values: {_record_type_names(around.record_types)}"
        yield Finding(Level.WARNING, message, "In Setup, add the values to each record type whose records need them.")


def _record_type_names(found: Iterable[tuple[str, str]]) -> str:
    return _join_names([f"{object_name}.{name}" for object_name, name in found])


def _check_hidden(change: Change) -> Iterator[Finding]:
    if any(each.hidden for each in change.fates):
        message = (
            "could not check the inactive values, which Salesforce hides where a field is not restricted:"
            " a new value may be one of them, which is then reactivated"
        )
        yield Finding(Level.INFO, message)


def _warn_of_package(change: Change) -> Iterator[Finding]:
    """Warn that a managed package may forbid the change, which Salesforce reports only when the list is written."""
    if change.before.package and change.steps:
        message = f"could not check what the managed package {change.before.package} lets others do with its picklist"
        advice = "It may have locked the list or its own values; Salesforce then refuses the list as a whole."
        yield Finding(Level.WARNING, message, advice)
