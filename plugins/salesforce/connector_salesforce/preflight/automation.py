"""List what an org does by itself when records of an object are written: triggers, flows and rules, by name.

Tooling API Guide, "ApexTrigger", "ValidationRule", "WorkflowRule", "EntityDefinition"; Object Reference,
"FlowDefinitionView", "DuplicateRule".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import frozen

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.ids import to18
from connector_salesforce.org.descriptions import Description
from connector_salesforce.org.org import Org
from connector_salesforce.org.soql import is_in, select
from connector_salesforce.preflight.version_needs import FLOWS
from connector_salesforce.transport.answer_shape import OBJECT, TEXT, Shape, optional
from connector_salesforce.transport.versions import number
from connector_sdk import Action, Finding, Level, PlanSummary

_SETUP = "Give the user View Setup and Configuration to have them checked."
_MOST_RULES = 10
"""The most workflow rules of an object to ask about one by one."""

_SAVING = frozenset({Action.CREATE, Action.UPDATE, Action.UPSERT})


@frozen
class _Target:
    """An object under all the names by which automation refers to it.

    These are its API name and, if it is custom, its id in both lengths.
    """

    name: str
    label: str
    keys: tuple[str, ...]


@frozen
class _AutomationKind:
    """One kind of automation: how to query it, how to name its records, and what it means for a run.

    `shape` is the shape of the records. `setup` means that the Tooling API has them. `saving` means that a deletion
    does not run them. `narrow` removes inactive records if the query cannot. `since` is the first version of the API
    that has them.
    """

    what: str
    query: Callable[[_Target], str]
    name: Callable[[_Target, Description], str | None]
    shape: Shape
    advice: str
    setup: bool = True
    saving: bool = True
    narrow: Callable[[Org, list[Description]], list[Description]] = lambda _, records: records
    since: int = 0


Records = list[Description] | CallFailed


def check_automation(org: Org, plan: PlanSummary) -> Iterator[Finding]:
    """Yield what is active on the objects of a plan, and a warning for each kind that may not be read."""
    actions = {action for action, count in plan.planned.items() if count}
    wanted = [each for each in _KINDS if actions and (actions & _SAVING or not each.saving)]
    kinds = [each for each in wanted if each.since <= number(org.client.version)]
    for kind in (each for each in wanted if each not in kinds):
        advice = f"That needs version {kind.since}.0 of the API."
        yield Finding(Level.WARNING, f"could not check {kind.what}", advice)
    for name in plan.object_names if actions else ():
        try:
            target = _target(org, name)
        except CallFailed as error:
            yield Finding(Level.WARNING, f"could not check the automation of {name}: {error}", _SETUP)
        else:
            yield from _report_automation(
                target, kinds, {**_query_setup(org, target, kinds), **_query_records(org, target, kinds)}
            )


def _query_setup(org: Org, target: _Target, kinds: Iterable[_AutomationKind]) -> dict[str, Records]:
    """Query each kind that the Tooling API serves. Return its records, or the error if they may not be read."""
    found: dict[str, Records] = {}
    for kind in (each for each in kinds if each.setup):
        try:
            found[kind.what] = kind.narrow(org, list(org.tooling(kind.query(target), kind.shape)))
        except CallFailed as error:
            found[kind.what] = error
    return found


def _query_records(org: Org, target: _Target, kinds: Iterable[_AutomationKind]) -> dict[str, Records]:
    """Query in one call the kinds that the REST API serves, which are those without `setup`.

    Return the records of each. A kind whose query is refused has the error instead; if the call fails, each has it.
    """
    asked = {f"q{number}": kind for number, kind in enumerate(kinds) if not kind.setup}
    try:
        queries = {key: kind.query(target) for key, kind in asked.items()}
        found = org.queries_each(queries, {key: kind.shape for key, kind in asked.items()})
    except CallFailed as error:
        found = dict.fromkeys(asked, error)
    return {asked[key].what: records for key, records in found.items()}


def _report_automation(
    target: _Target, kinds: Iterable[_AutomationKind], found: Mapping[str, Records]
) -> Iterator[Finding]:
    unknown: dict[str, list[str]] = {}
    for kind in kinds:
        records = found[kind.what]
        if isinstance(records, CallFailed):
            unknown.setdefault(str(records), []).append(kind.what)
            continue
        names = sorted(filter(None, (kind.name(target, each) for each in records)))
        if names:
            yield Finding(Level.INFO, f"active {kind.what} on {target.name}: {', '.join(names)}", kind.advice)
    for error, unchecked in unknown.items():
        yield Finding(Level.WARNING, f"could not check {', '.join(unchecked)} of {target.name}: {error}", _SETUP)


def _target(org: Org, name: str) -> _Target:
    """Return an object with the names by which automation refers to it.

    Automation refers to standard objects by name, and to custom ones by their id ("EntityDefinition").
    """
    described = org.describe(name)
    keys = [name]
    if described.get("custom"):
        query = select(["DurableId"], "EntityDefinition", is_in("QualifiedApiName", [name]))
        for each in org.tooling(query, {"DurableId": TEXT}):
            id_ = each["DurableId"]
            keys += dict.fromkeys((id_, id_[:15], to18(id_) or id_))
    return _Target(name, str(described.get("label") or name), tuple(keys))


def _triggers(target: _Target) -> str:
    where = f"{is_in('TableEnumOrId', target.keys)} AND Status = 'Active'"
    return select(["Id", "Name", "NamespacePrefix", "Status"], "ApexTrigger", where)


def _workflow_rules(target: _Target) -> str:
    return select(["Id", "Name"], "WorkflowRule", is_in("TableEnumOrId", target.keys))


def _active(org: Org, rules: list[Description]) -> list[Description]:
    """Return the workflow rules that are active, or all of them if there are many.

    A query shows for only one rule at a time whether it is active.
    """
    if len(rules) > _MOST_RULES:
        return [{**each, "Name": f"{each['Name']} (perhaps inactive)"} for each in rules]
    return [each for each in rules if _metadata(org, each["Id"]).get("active", True)]


def _metadata(org: Org, rule: str) -> Description:
    query = select(["Metadata"], "WorkflowRule", is_in("Id", [rule]))
    found = next(org.tooling(query, {"Metadata": optional(OBJECT)}), {})
    return found.get("Metadata") or {}


def _validation_rules(target: _Target) -> str:
    where = f"{is_in('EntityDefinition.QualifiedApiName', [target.name])} AND Active = true"
    return select(["Id", "ValidationName", "NamespacePrefix", "Active"], "ValidationRule", where)


def _duplicate_rules(target: _Target) -> str:
    where = f"{is_in('SobjectType', [target.name])} AND IsActive = true"
    return select(["Id", "DeveloperName", "NamespacePrefix", "IsActive"], "DuplicateRule", where)


def _flows(_target: _Target) -> str:
    """Return the query of all flows that a record starts, and of all processes. It cannot filter by object."""
    started = "TriggerType IN ('RecordBeforeSave', 'RecordAfterSave', 'RecordBeforeDelete')"
    fields = ["ApiName", "ProcessType", "TriggerType", "TriggerObjectOrEventId", "TriggerObjectOrEventLabel"]
    return select(fields, "FlowDefinitionView", f"IsActive = true AND ({started} OR ProcessType = 'Workflow')")


def _flow(target: _Target, record: Description) -> str | None:
    """Return the name of a flow, or None if it does not belong to this object.

    For some flows, the view has only the label of their object.
    """
    id_, label = record.get("TriggerObjectOrEventId"), record.get("TriggerObjectOrEventLabel")
    if id_ not in target.keys and (id_ or label != target.label):
        return None
    before = record.get("TriggerType") == "RecordBeforeSave"
    return f"{record['ApiName']}{' (before saving)' if before else ''}"


def _name_with_package(key: str) -> Callable[[_Target, Description], str]:
    """Return a function that names a record, with the package that it came with."""

    def name(_target: _Target, record: Description) -> str:
        package = record.get("NamespacePrefix")
        return f"{package}.{record[key]}" if package else str(record[key])

    return name


def _name_shape(key: str) -> Shape:
    """Return the shape of records whose name has this key."""
    return {key: TEXT, "NamespacePrefix": optional(TEXT)}


_FLOW: Shape = {
    "ApiName": TEXT,
    **dict.fromkeys(("TriggerType", "TriggerObjectOrEventId", "TriggerObjectOrEventLabel"), optional(TEXT)),
}


_KINDS = (
    _AutomationKind(
        "Apex triggers", _triggers, _name_with_package("Name"), _name_shape("Name"),
        "They run on up to 200 rows at a time, and what they refuse is rejected.", saving=False,
    ),
    _AutomationKind(
        "flows", _flows, _flow, _FLOW,
        "What they refuse is rejected; those before saving may change what the run writes.", setup=False, saving=False,
        since=FLOWS,
    ),
    _AutomationKind(
        "workflow rules", _workflow_rules, _name_with_package("Name"), {"Id": TEXT, **_name_shape("Name")},
        "They may change what the run writes.", narrow=_active,
    ),
    _AutomationKind(
        "validation rules", _validation_rules, _name_with_package("ValidationName"), _name_shape("ValidationName"),
        "Rows that break one are rejected in the words of its author.",
    ),
    _AutomationKind(
        "duplicate rules", _duplicate_rules, _name_with_package("DeveloperName"), _name_shape("DeveloperName"),
        "Rows that one refuses are rejected; duplicate_rules: allow with api: rest passes those that only alert.",
        setup=False,
    ),
)  # fmt: skip
