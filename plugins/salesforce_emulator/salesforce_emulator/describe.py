"""The responses of describe calls: a list of all objects, or one object with all its fields.

REST API Developer Guide, "Describe Global" and "sObject Describe".
"""

from __future__ import annotations

from typing import Any

from salesforce_emulator.metadata.dependencies import list_shown_values, valid_for
from salesforce_emulator.org.field_types import SOAP_TYPES, byte_length, flags
from salesforce_emulator.org.model import Field, ObjectType, RecordType
from salesforce_emulator.schema import Schema, Schemas


def describe_global(schemas: Schemas, base: str) -> dict[str, Any]:
    """Return the response of `/sobjects`: a summary of every object."""
    brief = [in_brief(schema, base) for schema in sorted(schemas.all, key=lambda schema: schema.name)]
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": brief}


def in_brief(schema: Schema, base: str) -> dict[str, Any]:
    """Return the summary of one object, as describe global shows it."""
    thing = schema.object
    path = f"{base}/sobjects/{thing.name}"
    if thing.event_type is not None:
        shown = {"rowTemplate": f"{path}/{{ID}}", "eventSchema": f"{path}/eventSchema"}
        return {**_traits(thing), "urls": {**shown, "describe": f"{path}/describe", "sobject": path}}
    links = {"compactLayouts": f"{path}/describe/compactLayouts", "rowTemplate": f"{path}/{{ID}}"}
    links |= {"approvalLayouts": f"{path}/describe/approvalLayouts", "listviews": f"{path}/listviews"}
    links |= {"describe": f"{path}/describe", "quickActions": f"{path}/quickActions"}
    links |= {"layouts": f"{path}/describe/layouts", "sobject": path}
    return {**_traits(thing), "urls": links}


def _traits(thing: ObjectType) -> dict[str, Any]:
    stored = thing.event_type is None
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": thing.createable,
        "custom": thing.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": thing.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": thing.layoutable,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": thing.key_prefix or None,
        "label": thing.label,
        "labelPlural": thing.label_plural,
        "layoutable": thing.layoutable,
        "mergeable": thing.mergeable,
        "mruEnabled": thing.layoutable,
        "name": thing.name,
        "queryable": stored,
        "replicateable": stored,
        "retrieveable": stored or thing.event_type == "Change",
        "searchable": stored,
        "triggerable": thing.triggerable,
        "undeletable": thing.deletable,
        "updateable": thing.updateable,
    }


def describe(schema: Schema, schemas: Schemas, base: str) -> dict[str, Any]:
    """Return the response of `/sobjects/OBJECT/describe`."""
    brief = in_brief(schema, base)
    return {
        "actionOverrides": [],
        **{key: value for key, value in brief.items() if key != "urls"},
        "childRelationships": [_child(child, field) for child, field in schemas.children(schema)],
        "compactLayoutable": schema.object.layoutable,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "implementedBy": None,
        "implementsInterfaces": None,
        "fields": [_field(schema.fields[at], schema) for at in schema.visible],
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": _record_types(schema.object, f"{base}/sobjects/{schema.name}/describe/layouts"),
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {schema.object.label_plural.lower()}", "name": "everything"}],
        "urls": brief["urls"],
    }


def _child(child: Schema, field: Field) -> dict[str, Any]:
    return {
        "cascadeDelete": field.on_parent_delete == "cascade",
        "childSObject": child.name,
        "deprecatedAndHidden": False,
        "field": field.name,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": field.child_relationship_name,
        "restrictedDelete": field.on_parent_delete == "restrict",
    }


def _record_types(thing: ObjectType, layouts: str) -> list[dict[str, Any]]:
    """Return the record types that the user sees. Master comes last; it is the default if no other one is."""
    if thing.event_type is not None:
        return []
    master = RecordType(
        "Master", "Master", "012000000000000AAA", default=not any(one.default for one in thing.record_types)
    )
    return [
        {
            "active": one.active,
            "available": one.available,
            "defaultRecordTypeMapping": one.default,
            "developerName": one.name,
            "master": one is master,
            "name": one.label,
            "recordTypeId": one.id,
            "urls": {"layout": f"{layouts}/{one.id}"},
        }
        for one in (*thing.record_types, master)
    ]


def _field(field: Field, schema: Schema) -> dict[str, Any]:
    """Return the description of one field with all keys of v58.0."""
    shown = {
        "aiPredictionField": False,
        "autoNumber": field.auto_number,
        "byteLength": byte_length(field),
        "calculated": field.calculated,
        "calculatedFormula": field.calculated_formula,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": field.compound_field_name,
        "controllerName": field.controller_name,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": field.default_value,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.defaulted_on_create,
        "dependentPicklist": field.dependent_picklist,
        "deprecatedAndHidden": False,
        "digits": field.digits,
        "displayLocationInDecimal": False,
        "encrypted": field.encrypted,
        "externalId": field.external_id,
        "extraTypeInfo": field.extra_type_info,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "highScaleNumber": False,
        "htmlFormatted": field.html_formatted,
        "idLookup": field.id_lookup,
        "inlineHelpText": field.inline_help_text,
        "label": field.label,
        "length": field.length,
        "mask": "*" if field.type == "encryptedstring" else None,
        "maskType": "all" if field.type == "encryptedstring" else None,
        "name": field.name,
        "nameField": field.name_field,
        "nillable": field.nillable,
        "permissionable": field.permissionable,
        "picklistValues": _values(field, schema.field(field.controller_name or "")),
        "precision": field.precision,
        "queryByDistance": field.type in ("address", "location"),
        "restrictedPicklist": field.restricted_picklist,
        "scale": field.scale,
        "soapType": SOAP_TYPES[field.type],
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable,
        **flags(field),
        **_reference(field),
    }
    return dict(sorted(shown.items()))


def _reference(field: Field) -> dict[str, Any]:
    is_master_detail = field.relationship_order is not None
    several = len(field.reference_to) > 1
    return {
        "cascadeDelete": is_master_detail and field.on_parent_delete == "cascade",
        "namePointing": several,
        "polymorphicForeignKey": several,
        "referenceTargetField": None,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship_name,
        "relationshipOrder": field.relationship_order,
        "restrictedDelete": is_master_detail and field.on_parent_delete == "restrict",
        "searchPrefilterable": field.type == "reference" and field.permissionable,
        "writeRequiresMasterRead": field.write_requires_master_read,
    }


def _values(field: Field, controller: Field | None) -> list[dict[str, Any]]:
    """Return the active values, each with the controlling values that allow it."""
    valid = {} if controller is None else valid_for(field, controller)
    return [
        {
            "active": True,
            "defaultValue": value.default_value,
            "label": value.label,
            "validFor": value.valid_for or valid.get(value.value),
            "value": value.value,
        }
        for value in list_shown_values(field)
    ]
