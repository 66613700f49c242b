"""Components with metadata as setup objects. Tooling API, "CustomField" and "GlobalValueSet"."""

from __future__ import annotations

from collections.abc import Iterator

from salesforce_emulator.ids import stable_id
from salesforce_emulator.metadata.custom_field import field_tree
from salesforce_emulator.metadata.global_value_set import set_tree
from salesforce_emulator.metadata.history import History
from salesforce_emulator.org.model import Field, ObjectType, Org
from salesforce_emulator.org.picklists import GlobalValueSet
from salesforce_emulator.setup import names
from salesforce_emulator.setup.record import Record


def component_records(org: Org, history: History, maker: str) -> Iterator[Record]:
    """Yield the records of custom fields and global value sets. `maker` is the user who created the org."""
    for thing in org.objects.values():
        for field in thing.fields.values():
            if field.name.endswith("__c"):
                yield _custom_field(thing, field, history.stamps(f"{thing.name}.{field.name}", maker))
    for name, one in org.global_value_sets.items():
        yield _global_value_set(name, one, history.stamps(name, maker))


def _custom_field(thing: ObjectType, field: Field, stamps: dict[str, str]) -> Record:
    namespace, developer_name = names.parts_of(field.name)
    tree = field_tree(field)
    return Record("CustomField", names.custom_field_id(thing, field), {
        "TableEnumOrId": names.object_id(thing),
        "DeveloperName": developer_name,
        "Description": tree.get("description"),
        "Length": tree["length"],
        "Precision": tree["precision"],
        "Scale": tree["scale"],
        "RelationshipLabel": tree["relationshipLabel"],
        "SummaryOperation": tree["summaryOperation"],
        "InlineHelpText": field.inline_help_text,
        "MaskType": tree["maskType"],
        "MaskChar": tree["maskChar"],
        "NamespacePrefix": namespace,
        "ManageableState": names.manageable(namespace),
        **stamps,
        "Metadata": tree,
        "FullName": f"{thing.name}.{field.name}",
    })  # fmt: skip


def _global_value_set(name: str, one: GlobalValueSet, stamps: dict[str, str]) -> Record:
    namespace, developer_name = names.parts_of(name)
    return Record("GlobalValueSet", stable_id("0Nt", name), {
        "DeveloperName": developer_name,
        "MasterLabel": one.label,
        "NamespacePrefix": namespace,
        "ManageableState": names.manageable(namespace),
        "Description": one.description,
        **stamps,
        "Metadata": set_tree(one),
        "FullName": name,
    })  # fmt: skip
