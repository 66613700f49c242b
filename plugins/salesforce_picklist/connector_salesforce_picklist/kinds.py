"""The kinds of picklists in Salesforce: the sets of standard fields, the limits, and the attributes of values.

Metadata API Guide, "StandardValueSet Names and Standard Picklist Fields"; Salesforce Help, "Picklist Limitations".
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from connector_salesforce_picklist.picklist import Kind, Picklist
from connector_sdk import FieldType

STANDARD_SETS: Mapping[str, str] = {
    "Account.AccountSource": "LeadSource",
    "Account.Industry": "Industry",
    "Account.Ownership": "AccountOwnership",
    "Account.Rating": "AccountRating",
    "Account.Type": "AccountType",
    "Asset.Status": "AssetStatus",
    "Campaign.Status": "CampaignStatus",
    "Campaign.Type": "CampaignType",
    "Case.Origin": "CaseOrigin",
    "Case.Priority": "CasePriority",
    "Case.Reason": "CaseReason",
    "Case.Status": "CaseStatus",
    "Case.Type": "CaseType",
    "Contact.LeadSource": "LeadSource",
    "Contact.Salutation": "Salutation",
    "Contract.Status": "ContractStatus",
    "Event.Type": "EventType",
    "Lead.Industry": "Industry",
    "Lead.LeadSource": "LeadSource",
    "Lead.Rating": "AccountRating",
    "Lead.Salutation": "Salutation",
    "Lead.Status": "LeadStatus",
    "Opportunity.LeadSource": "LeadSource",
    "Opportunity.StageName": "OpportunityStage",
    "Opportunity.Type": "OpportunityType",
    "Order.Status": "OrderStatus",
    "Order.Type": "OrderType",
    "Product2.Family": "Product2Family",
    "Quote.Status": "QuoteStatus",
    "Task.Priority": "TaskPriority",
    "Task.Status": "TaskStatus",
    "Task.Type": "TaskType",
    "WorkOrder.Priority": "WorkOrderPriority",
    "WorkOrder.Status": "WorkOrderStatus",
}
"""The standard value set that holds the values of a standard field."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "OpportunityStage": ("closed", "won", "forecastCategory", "probability"),
    "CaseStatus": ("closed",),
    "LeadStatus": ("converted",),
    "TaskStatus": ("closed",),
    "CasePriority": ("highPriority",),
    "TaskPriority": ("highPriority",),
}
"""The attributes that a new value of a set needs besides its name and label."""

ATTRIBUTES: Mapping[str, FieldType] = {
    "closed": FieldType.BOOLEAN,
    "converted": FieldType.BOOLEAN,
    "cssExposed": FieldType.BOOLEAN,
    "forecastCategory": FieldType.CHOICE,
    "groupingString": FieldType.TEXT,
    "highPriority": FieldType.BOOLEAN,
    "probability": FieldType.INTEGER,
    "won": FieldType.BOOLEAN,
}
"""The attributes that only values of some standard sets have."""

_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "CaseReason": ("cssExposed",),
    "ContractStatus": ("groupingString",),
    "OrderStatus": ("groupingString",),
}

FORECAST_CATEGORIES = ("Omitted", "Pipeline", "BestCase", "MostLikely", "Forecast", "Closed")

_STANDARD_LIMITS = {
    "OpportunityStage": 100,
    "LeadStatus": 100,
    "TaskStatus": 100,
    "CaseStatus": 100,
    "TaskPriority": 50,
    "CasePriority": 50,
}
_CUSTOM_LIMIT, _SEVERAL_LIMIT, _CONTROLLING_LIMIT = 1_000, 500, 300


@frozen
class Limit:
    """How many values a picklist may have, and whether inactive ones count."""

    most: int
    counts_inactive: bool


def limit_of(picklist: Picklist, *, controls: bool) -> Limit | None:
    """Return the limit of a picklist, or None if Salesforce documents none. `controls`: other fields depend on it."""
    if picklist.kind is Kind.STANDARD:
        most = _STANDARD_LIMITS.get(picklist.name)
        return Limit(most, counts_inactive=False) if most else None
    most = _SEVERAL_LIMIT if picklist.several else _CONTROLLING_LIMIT if controls else _CUSTOM_LIMIT
    return Limit(most, counts_inactive=picklist.restricted)


def attributes_of(set_name: str | None) -> tuple[str, ...]:
    """Return the special attributes of a standard set's values; empty if it is not a standard set."""
    return NEEDED.get(set_name or "", ()) + _OPTIONAL.get(set_name or "", ())
