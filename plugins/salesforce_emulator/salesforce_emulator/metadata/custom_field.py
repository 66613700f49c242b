"""A custom field as metadata. Metadata API Developer Guide and Tooling API Developer Guide, "CustomField"."""

from __future__ import annotations

from salesforce_emulator.metadata.dependencies import settings_tree
from salesforce_emulator.metadata.value_trees import Tree, value_tree
from salesforce_emulator.org.model import Field

PICKLISTS = {"picklist": "Picklist", "multipicklist": "MultiselectPicklist"}

_TYPES = {
    **PICKLISTS,
    "string": "Text",
    "boolean": "Checkbox",
    "double": "Number",
    "int": "Number",
    "currency": "Currency",
    "percent": "Percent",
    "date": "Date",
    "datetime": "DateTime",
    "time": "Time",
    "email": "Email",
    "phone": "Phone",
    "url": "Url",
    "encryptedstring": "EncryptedText",
    "location": "Location",
}
_KEYS = (
    *("caseSensitive", "customDataType", "defaultValue", "deleteConstraint", "deprecated", "description"),
    *("displayFormat", "displayLocationInDecimal", "encrypted", "escapeMarkup", "externalDeveloperName", "externalId"),
    *("formula", "formulaTreatBlanksAs", "inlineHelpText", "isConvertLeadDisabled", "isFilteringDisabled"),
    *("isNameField", "isSortingDisabled", "label", "length", "lookupFilter", "maskChar", "maskType", "picklist"),
    *("populateExistingRows", "precision", "readOnlyProxy", "referenceTargetField", "referenceTo"),
    *("relationshipLabel", "relationshipName", "relationshipOrder", "reparentableMasterDetail", "required"),
    *("restrictedAdminField", "scale", "startingNumber", "stripMarkup", "summarizedField", "summaryFilterItems"),
    *("summaryForeignKey", "summaryOperation", "trackFeedHistory", "trackHistory", "trackTrending", "type", "unique"),
    *("urls", "valueSet", "visibleLines", "writeRequiresMasterRead"),
)
_FALSE = ("externalId", "required", "trackFeedHistory", "trackTrending")
# Default values of the keys of every field.
USUAL: Tree = dict.fromkeys(_KEYS) | dict.fromkeys(_FALSE, False)


def field_tree(field: Field) -> Tree:
    """Return the complete tree of a field."""
    tree = {**USUAL, **_definition(field), "label": field.label, "inlineHelpText": field.inline_help_text}
    tree["required"] = not field.nillable and field.type != "boolean"
    if field.type in PICKLISTS:
        tree |= {"valueSet": _value_set(field), "visibleLines": 4 if field.type == "multipicklist" else None}
    return dict(sorted((tree | field.metadata).items()))


def _definition(field: Field) -> Tree:
    """Return the attributes that a change of the field cannot change."""
    tree: Tree = {"type": field_type(field), "externalId": field.external_id}
    if field.calculated:
        return tree | {"formula": field.calculated_formula}
    if field.type == "string":
        tree |= {"length": field.length, "unique": field.unique, "caseSensitive": field.case_sensitive or None}
    if field.type == "textarea" and field.length > 255:
        tree |= {"length": field.length, "visibleLines": 3}
    if field.type in ("double", "currency", "percent", "int"):
        tree |= {"precision": field.precision or field.digits, "scale": field.scale}
    if field.type == "boolean":
        tree |= {"defaultValue": "true" if field.default_value else "false"}
    if field.type == "reference":
        name = (field.child_relationship_name or "").removesuffix("__r") or None
        tree |= {"referenceTo": field.reference_to[0], "relationshipName": name}
        tree |= {"relationshipOrder": field.relationship_order}
    return tree


def field_type(field: Field) -> str:
    """Return the Metadata API's name of a field's type, such as `Picklist` or `LongTextArea`."""
    if field.calculated and field.calculated_formula is None:
        return "Summary"
    if field.auto_number:
        return "AutoNumber"
    if field.type == "reference":
        return "Lookup" if field.relationship_order is None else "MasterDetail"
    if field.type == "textarea":
        rich = "Html" if field.html_formatted else "LongTextArea"
        return rich if field.length > 255 else "TextArea"
    return _TYPES.get(field.type, "Text")


def _value_set(field: Field) -> Tree:
    shared = field.global_value_set
    # Inactive values of an unrestricted list are not shown.
    values = [value_tree(value) for value in field.picklist_values if value.active or field.restricted_picklist]
    return {
        "controllingField": field.controller_name,
        "restricted": True if field.restricted_picklist else None,
        "valueSetDefinition": {"sorted": field.sorted, "value": values} if shared is None else None,
        "valueSetName": shared,
        "valueSettings": settings_tree(field),
    }
