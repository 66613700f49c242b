"""Check what an org file says about picklists, beyond its structure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from salesforce_emulator.org.model import Field, ObjectType, Org
from salesforce_emulator.org.picklists import PicklistValue

_PICKLISTS = frozenset({"picklist", "multipicklist", "combobox"})


def set_problems(org: Org) -> Iterator[str]:
    """Yield every problem of the global value sets."""
    for name, one in org.global_value_sets.items():
        if not one.values:
            yield f"globalValueSets.{name}.values: at least one"
        for problem in _list_problems(one.values, several=False):
            yield f"globalValueSets.{name}.values: {problem}"


def picklist_problems(field: Field, thing: ObjectType, org: Org) -> Iterator[str]:
    """Yield every problem of a field's picklist values."""
    if field.restricted_picklist and not field.picklist_values:
        yield "restrictedPicklist: needs picklistValues"
    for problem in _list_problems(field.picklist_values, several=field.type == "multipicklist"):
        yield f"picklistValues: {problem}"
    if field.global_value_set is not None and field.global_value_set not in org.global_value_sets:
        yield f"globalValueSet: the org has no set {field.global_value_set}"
    if field.global_value_set is not None and field.type not in _PICKLISTS:
        yield "globalValueSet: only picklists have one"
    controller = thing.fields.get(field.controller_name or "")
    if field.controller_name and controller is None:
        yield f"controllerName: the object has no field {field.controller_name}"
    yield from _setting_problems(field, controller)


def _list_problems(values: tuple[PicklistValue, ...], several: bool) -> Iterator[str]:
    if _repeats(value.value.lower() for value in values):
        yield "a value occurs twice"
    elif _repeats(value.label.lower() for value in values if value.active):
        yield "a label occurs twice"
    if sum(value.default_value for value in values) > 1:
        yield "only one can be the default"
    if several and any(";" in value.value for value in values):
        yield "a value of a multi-select picklist has a semicolon"


def _setting_problems(field: Field, controller: Field | None) -> Iterator[str]:
    if field.value_settings and not field.controller_name:
        yield "valueSettings: need a controllerName"
    names = {value.value for value in field.picklist_values}
    known = {value.value for value in controller.picklist_values} if controller is not None else set()
    for name, allowing in field.value_settings.items():
        if name not in names:
            yield f"valueSettings.{name}: no value of the field"
        for one in allowing:
            if controller is not None and controller.type != "boolean" and one not in known:
                yield f"valueSettings.{name}: {one} is not a value of {controller.name}"


def _repeats(texts: Iterable[str]) -> bool:
    every = list(texts)
    return len(set(every)) != len(every)
