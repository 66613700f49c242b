"""Read an org file, YAML or a mapping: merge, complete, structure and check it."""

from __future__ import annotations

from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import Any

import attrs
import yaml
from cattrs import Converter, transform_error
from cattrs.gen import make_dict_structure_fn, override

from salesforce_emulator.org import access, model, picklists, rules
from salesforce_emulator.org.checking import problems_of
from salesforce_emulator.org.completing import complete_org, merge_mappings
from salesforce_emulator.portable import Portable


class OrgError(Portable, ValueError):
    """An org file that cannot be used. `problems` lists everything that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("the org file cannot be used:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


def read_org(source: str | Path | dict[str, Any] | None = None) -> model.Org:
    """Return the org of a file or mapping, or the default org.

    `extends: default` changes the default org: mappings are merged, and `null` removes a key.
    Raises OrgError with all problems.
    """
    raw = _raw(source)
    if not isinstance(raw, dict):
        raise OrgError(["an org file is a mapping"])
    if raw.get("extends", "default") != "default":
        raise OrgError([f"extends: only `default` can be extended, not {raw['extends']!r}"])
    if "extends" in raw:
        raw = merge_mappings(_default(), {key: value for key, value in raw.items() if key != "extends"})
    return _structure_org(raw)


def change_org(org: model.Org, change: dict[str, Any]) -> model.Org:
    """Return the org with a change applied to its org file, as `extends` does. Raises OrgError.

    Existing objects keep their key prefixes.
    """
    if not org.source:
        raise OrgError(["an org that was not read from a file or a mapping cannot be changed"])
    prefixes = {name: {"keyPrefix": thing.key_prefix} for name, thing in org.objects.items()}
    return _structure_org(merge_mappings(merge_mappings(org.source, {"objects": prefixes}), change))


def _raw(source: str | Path | dict[str, Any] | None) -> Any:
    if source is None:
        return {"extends": "default"}
    if isinstance(source, dict):
        return source
    try:
        return yaml.safe_load(Path(source).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise OrgError([str(error)]) from error


@cache
def _default() -> dict[str, Any]:
    folder = resources.files("salesforce_emulator.org") / "default"
    whole: dict[str, Any] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        whole = merge_mappings(whole, yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER))
    return whole


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _structure_org(raw: dict[str, Any]) -> model.Org:
    try:
        org = _converter().structure(complete_org(raw), model.Org)
    except Exception as error:
        raise OrgError(transform_error(error, path="org")) from error
    problems = problems_of(org)
    if problems:
        raise OrgError(problems)
    return attrs.evolve(org, source=raw)


def camel(name: str) -> str:
    """Return the org file key of an attribute name."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(model.Value, lambda value, _: value)
    # The hook of Org takes the hooks of its fields when it is made.
    converter.register_structure_hook(model.Locks | None, partial(_locks, converter))
    values = (picklists.PicklistValue, picklists.GlobalValueSet)
    for cls in (*values, model.Field, *_RULES, model.ObjectType, *_SETTINGS, model.Org):
        _register(converter, cls)
    return converter


_RULES = (
    *(rules.ValidationRule, rules.DuplicateRule, rules.AssignmentRule, rules.ApexFailure, rules.Apex),
    *(rules.Trigger, rules.Flow, rules.WorkflowRule, model.RecordType),
)
_SETTINGS = (
    *(model.Limit, model.BulkSettings, model.Locks, model.ApexLimits, model.Versions),
    *(access.Application, access.LoginState, access.ObjectPermissions, access.RecordTypeAccess, access.Permissions),
)


def _locks(converter: Converter, raw: Any, _: Any) -> model.Locks | None:
    """Return the locks of an org file. `true` stands for the default locks, `false` for none."""
    if raw is None or isinstance(raw, bool):
        return model.Locks() if raw else None
    return converter.structure(raw, model.Locks)


def _register(converter: Converter, cls: Any) -> None:
    names: dict[str, Any] = {field.name: override(rename=camel(field.name)) for field in attrs.fields(cls)}
    if cls is model.Org:
        names["source"] = override(omit=True)
    hook = make_dict_structure_fn(cls, converter, **names)
    converter.register_structure_hook(cls, hook)
