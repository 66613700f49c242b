"""Fill the picklists of an org file with the values of the value sets that they share."""

from __future__ import annotations

from typing import Any

from salesforce_emulator.org.standard_value_sets import FIELDS

Raw = dict[str, Any]


def with_value_sets(objects: Raw, sets: Any) -> Raw:
    """Return the objects of an org file with the values of every picklist, and the flags that follow from them."""
    known = sets if isinstance(sets, dict) else {}
    return {name: _object(name, raw, objects, known) for name, raw in objects.items()}


def spell_out_sets(sets: Any) -> Any:
    """Return the global value sets of an org file with every value spelled out."""
    if not isinstance(sets, dict):
        return sets
    return {name: _set(name, raw) if isinstance(raw, dict) else raw for name, raw in sets.items()}


def spell_out_value(value: Any, default: Any) -> Any:
    """Return a picklist value as a mapping with a label, and with whether it equals the `default`."""
    spelled = value if isinstance(value, dict) else {"value": value}
    return {"label": spelled.get("value"), "defaultValue": spelled.get("value") == default, **spelled}


def _set(name: str, raw: Raw) -> Raw:
    spelled = {"label": name.replace("_", " "), **raw}
    if isinstance(raw.get("values"), list):
        spelled["values"] = [spell_out_value(value, None) for value in raw["values"]]
    return spelled


def _object(name: str, raw: Any, objects: Raw, sets: Raw) -> Any:
    if not isinstance(raw, dict) or not isinstance(raw.get("fields"), dict):
        return raw
    fields = {
        key: _field(f"{name}.{key}", spec, objects, sets) if isinstance(spec, dict) else spec
        for key, spec in raw["fields"].items()
    }
    return {**raw, "fields": fields}


def _field(path: str, raw: Raw, objects: Raw, sets: Raw) -> Raw:
    values = raw.get("picklistValues")
    known: Raw = {}
    shared = sets.get(str(raw.get("globalValueSet")))
    if isinstance(shared, dict):
        known = {"restrictedPicklist": True, "sorted": shared.get("sorted", False)}
        values = shared.get("values", [])
    elif values is None and raw.get("type") in ("picklist", "combobox"):
        values = _standard(path, objects)
    if raw.get("valueSettings"):
        known["dependentPicklist"] = True
    if not isinstance(values, list):
        return {**known, **raw}
    default = next((one["value"] for one in values if isinstance(one, dict) and one.get("defaultValue")), None)
    if default is not None:
        known["defaultValue"] = default
    if path.partition(".")[2].count("__") > 1:
        values = [{"managed": True, **spell_out_value(value, raw.get("defaultValue"))} for value in values]
    return {**known, **raw, "picklistValues": values}


def _standard(path: str, objects: Raw) -> Any:
    """Return the values that another field of the same standard value set declares."""
    for others in FIELDS.values():
        for other in others if path in others else ():
            name, _, field = other.partition(".")
            spec = ((objects.get(name) or {}).get("fields") or {}).get(field)
            if isinstance(spec, dict) and "picklistValues" in spec:
                return spec["picklistValues"]
    return None
