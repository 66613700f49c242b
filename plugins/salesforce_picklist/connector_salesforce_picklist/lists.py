"""The picklists of an org: find them by object and field, read and write them as a whole, read what they affect."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from attrs import define, evolve, field
from connector_salesforce import TEXT, CallFailed, Org, literal

from connector_salesforce_picklist import metadata_api, tooling
from connector_salesforce_picklist.checks import Surroundings
from connector_salesforce_picklist.dependencies import Described, dependents, find_dependent_values
from connector_salesforce_picklist.kinds import STANDARD_SETS
from connector_salesforce_picklist.metadata_shape import require_field, require_global_set, require_values
from connector_salesforce_picklist.picklist import Kind, Picklist
from connector_salesforce_picklist.values import Raw
from connector_sdk import ConfigError

_SETUP = "The user needs View Setup and Configuration and Customize Application."


@define
class Lists:
    """The picklists of one org. Caches each picklist by its version, and the id of each component by its name."""

    org: Org
    _read: dict[str, Picklist] = field(factory=dict)
    _ids: dict[tuple[Kind, str], str] = field(factory=dict)

    def read(self, object_name: str, field: str) -> Picklist:
        """Read the current picklist. Raises `ConfigError` if this plugin cannot write it, and `CallFailed`."""
        found = self._standard(object_name, field) if not field.endswith("__c") else self._custom(object_name, field)
        require_values(found)
        self._read[found.version] = found
        return found

    def at(self, version: str | None, object_name: str, field: str) -> Picklist:
        """Return the picklist at a version if that version was read before, else the current one."""
        return self._read.get(version or "") or self.read(object_name, field)

    def write(self, picklist: Picklist) -> None:
        """Replace the metadata of a picklist. Raises `CallFailed`."""
        if picklist.kind is Kind.STANDARD:
            metadata_api.write_set(self.org, picklist.name, picklist.tree)
        else:
            tooling.write(self.org, picklist.kind, picklist.record_id, picklist.name, picklist.tree)

    def read_surroundings(self, fields: Iterable[str], leaving: Collection[str]) -> Surroundings:
        """Read what a change affects around the fields (Object.Field) of a picklist; it deactivates `leaving`."""
        leaning: list[tuple[str, str]] = []
        objects: dict[str, Described] = {}
        controls = False
        for each in fields:
            object_name, _, name = each.partition(".")
            described = objects.setdefault(object_name, self._describe(object_name))
            controls = controls or bool(dependents(described, name))
            leaning += [
                (f"{object_name}.{other}", value) for other, value in find_dependent_values(described, name, leaving)
            ]
        return Surroundings(tuple(leaning), self._record_types(objects), controls)

    def fields_of(self, picklist: Picklist) -> list[str]:
        """Return the fields that use the values of a picklist, as Object.Field."""
        own = f"{picklist.object_name}.{picklist.field}"
        others: Iterable[str] = ()
        if picklist.kind is Kind.GLOBAL:
            others = tooling.fields_with_set(self.org, picklist.name)
        if picklist.kind is Kind.STANDARD:
            visible = {each["name"] for each in self.org.objects()}
            shared = (name for name, set_ in STANDARD_SETS.items() if set_ == picklist.name)
            others = (each for each in shared if each.partition(".")[0] in visible)
        return list(dict.fromkeys([own, *others]))

    def _describe(self, object_name: str) -> Described:
        """Describe an object. One that the user cannot see has no fields."""
        try:
            return self.org.describe(object_name)
        except CallFailed as error:
            if error.code != "NOT_FOUND":
                raise
            return {"fields": []}

    def _record_types(self, object_names: Iterable[str]) -> tuple[tuple[str, str], ...] | None:
        """Read the active record types of objects, or return None if they cannot be read."""
        listed = ",".join(map(literal, object_names))
        query = f"SELECT SobjectType, DeveloperName FROM RecordType WHERE SobjectType IN ({listed}) AND IsActive = TRUE"
        try:
            found = self.org.query(query, {"SobjectType": TEXT, "DeveloperName": TEXT})
            return tuple((each["SobjectType"], each["DeveloperName"]) for each in found)
        except CallFailed:
            return None

    def _custom(self, object_name: str, field: str) -> Picklist:
        name = f"{object_name}.{field}"
        found = self._component(Kind.FIELD, name, lambda: tooling.field_id(self.org, object_name, field))
        if found is None:
            raise ConfigError(f"the set-up of {name} cannot be seen by this user", hint=_SETUP)
        tree: Raw = found["Metadata"]
        require_field(tree, name)
        several = tree.get("type") == "MultiselectPicklist"
        package = _package_of(found)
        own = Picklist(
            object_name, field, Kind.FIELD, found["FullName"], tree, found["Id"], several, package=package
        )  # fmt: skip
        set_name = (tree.get("valueSet") or {}).get("valueSetName")
        if not set_name:
            return own
        shared = self._component(Kind.GLOBAL, set_name, lambda: tooling.set_id(self.org, set_name))
        if shared is None:
            raise ConfigError(f"the global value set {set_name} cannot be seen by this user", hint=_SETUP)
        require_global_set(shared["Metadata"], set_name)
        return evolve(
            own, kind=Kind.GLOBAL, name=shared["FullName"], record_id=shared["Id"], tree=shared["Metadata"],
            field_tree=tree, package=_package_of(shared),
        )  # fmt: skip

    def _component(self, kind: Kind, name: str, find: Callable[[], str | None]) -> tooling.Component | None:
        """Read a component with its metadata, or return None if there is none. Looks up its id only once."""
        record_id = self._ids.get((kind, name)) or find()
        if record_id is None:
            return None
        self._ids[kind, name] = record_id
        return tooling.read(self.org, kind, record_id)

    def _standard(self, object_name: str, field: str) -> Picklist:
        name = STANDARD_SETS.get(f"{object_name}.{field}")
        if name is None:
            raise ConfigError(f"{object_name}.{field} has no standard value set that this plugin knows")
        _require_session(self.org)
        tree = metadata_api.read_set(self.org, name)
        if tree is None:
            hint = "The user needs Modify Metadata Through Metadata API Functions."
            raise ConfigError(f"the standard value set {name} cannot be seen by this user", hint=hint)
        return Picklist(object_name, field, Kind.STANDARD, name, tree)


def _package_of(component: tooling.Component) -> str:
    """Return the namespace of the managed package that a component came with; empty if it is the org's own."""
    return component.get("NamespacePrefix") or "" if component.get("ManageableState") == "installed" else ""


def _require_session(org: Org) -> None:
    """Raise `ConfigError` for a token in JWT format, which an app can be set to issue.

    SOAP refuses such tokens (Metadata API Guide, "Quick Start").
    """
    token = org.client.login.token
    if token.startswith("eyJ") and token.count(".") == 2:
        raise ConfigError(
            "the login gave a token in JWT format, which the API for standard picklists does not take",
            hint="in the app's OAuth settings, turn off JWT-based access tokens",
        )
