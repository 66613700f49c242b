"""Replace a list of picklist values by another one.

Metadata API Developer Guide, "CustomValue" and "Metadata Field Types"; Help, "Picklist Limitations".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import attrs
from attrs import frozen

from salesforce_emulator.errors import RowRefused
from salesforce_emulator.org.picklists import PicklistValue

Values = tuple[PicklistValue, ...]

_LONGEST = 255


@frozen
class Bounds:
    """The limits of one picklist or value set.

    `label`: the picklist's label, for errors. `longest`: the maximum length of a value. `most`, `most_active` and
    `most_inactive`: how many values the list may have. `several`: a record may hold several values. `keeps_omitted`:
    omitted values stay active. `locked`: the package allows no change.
    """

    label: str
    longest: int = _LONGEST
    most: int | None = None
    most_active: int | None = None
    most_inactive: int | None = None
    several: bool = False
    keeps_omitted: bool = False
    locked: bool = False


def replace_values(present: Values, sent: Values, bounds: Bounds) -> Values:
    """Return the list after `sent` was written over `present`. Raises RowRefused.

    Values are compared without case, and existing values keep their spelling. Omitted values move to the end and become
    inactive, unless `keeps_omitted` is set.
    """
    if not sent:
        raise RowRefused("FIELD_INTEGRITY_EXCEPTION", f"{bounds.label}: a picklist needs at least one value")
    for value in sent:
        _check_texts(value, bounds)
    repeated = _find_repeated(value.value for value in sent)
    if repeated is not None:
        raise RowRefused("DUPLICATE_VALUE", f"Duplicate picklist value:{repeated}")
    known = {value.value.lower(): value for value in present}
    written = tuple(_merge_value(known.get(value.value.lower()), value) for value in sent)
    names = {value.value.lower() for value in sent}
    omitted = [value for value in present if value.value.lower() not in names]
    after = (*written, *(value if bounds.keeps_omitted else _inactive(value) for value in omitted))
    _check_managed(present, after, bounds)
    _check_defaults(after, bounds)
    _check_labels(present, after)
    _check_counts(after, bounds)
    return after


def _merge_value(before: PicklistValue | None, sent: PicklistValue) -> PicklistValue:
    if before is None:
        return sent
    return attrs.evolve(sent, value=before.value, managed=before.managed, valid_for=before.valid_for)


def _inactive(value: PicklistValue) -> PicklistValue:
    return attrs.evolve(value, active=False, default_value=False)


def _check_texts(value: PicklistValue, bounds: Bounds) -> None:
    if not value.value:
        raise RowRefused("REQUIRED_FIELD_MISSING", "Required fields are missing: [valueName]", ["valueName"])
    if bounds.several and ";" in value.value:
        message = f"{bounds.label}: a value of a multi-select picklist may not contain a semicolon: {value.value}"
        raise RowRefused("FIELD_INTEGRITY_EXCEPTION", message)
    texts = (("valueName", value.value, bounds.longest), ("label", value.label, _LONGEST))
    for name, text, longest in (*texts, ("description", value.description or "", _LONGEST)):
        if len(text) > longest:
            message = f"{name}: data value too large: {text} (max length={longest})"
            raise RowRefused("STRING_TOO_LONG", message, [name])


def _check_managed(present: Values, after: Values, bounds: Bounds) -> None:
    now = {value.value: value for value in after}
    changed = [value for value in present if value.managed and _core(now[value.value]) != _core(value)]
    if changed or (bounds.locked and present != after):
        name = changed[0].value if changed else bounds.label
        message = f"cannot modify managed object: entity=PicklistValue, component={name}, state=installed"
        raise RowRefused("CANNOT_MODIFY_MANAGED_OBJECT", message)


def _core(value: PicklistValue) -> tuple[str, bool]:
    """Return the attributes of a managed value that only its package may change."""
    return value.label, value.active


def _check_defaults(after: Values, bounds: Bounds) -> None:
    defaults = [value for value in after if value.default_value]
    if len(defaults) > 1:
        message = f"{bounds.label}: only one value can be the default: {defaults[0].value}, {defaults[1].value}"
        raise RowRefused("FIELD_INTEGRITY_EXCEPTION", message)
    if defaults and not defaults[0].active:
        message = f"{bounds.label}: an inactive value cannot be the default: {defaults[0].value}"
        raise RowRefused("FIELD_INTEGRITY_EXCEPTION", message)


def _check_labels(present: Values, after: Values) -> None:
    """Refuse a repeated label among active values.

    A value that this write deactivates still blocks its label.
    """
    active = [value for value in after if value.active]
    leaving = {value.value for value in after if not value.active}
    held = [value.label for value in present if value.active and value.value in leaving]
    repeated = _find_repeated([*(value.label for value in active), *dict.fromkeys(held)])
    if repeated is not None:
        raise RowRefused("FIELD_INTEGRITY_EXCEPTION", f"Duplicate label: {repeated}")


def _check_counts(after: Values, bounds: Bounds) -> None:
    active = sum(value.active for value in after)
    counts = ((len(after), bounds.most, "values"), (active, bounds.most_active, "active values"))
    for count, most, what in counts:
        if most is not None and count > most:
            message = f"{bounds.label}: exceeded the maximum number of {what}: {count} (maximum {most})"
            raise RowRefused("TOO_MANY_ENUM_VALUE", message)
    inactive = len(after) - active
    if bounds.most_inactive is not None and inactive > bounds.most_inactive:
        message = f"{bounds.label}: exceeded the maximum number of inactive values: {inactive}"
        raise RowRefused("PICKLIST_INACTIVE_VALUES_EXCEEDED", message)


def _find_repeated(texts: Iterable[str]) -> str | None:
    """Return the first text that occurs more than once, ignoring case."""
    every: Sequence[str] = list(texts)
    counts = Counter(text.lower() for text in every)
    return next((text for text in every if counts[text.lower()] > 1), None)
