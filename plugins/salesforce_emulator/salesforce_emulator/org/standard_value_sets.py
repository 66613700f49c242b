"""The standard value sets, and the picklist fields that use them.

Metadata API Developer Guide, "StandardValueSet Names and Standard Picklist Fields".
"""

from __future__ import annotations

FIELDS: dict[str, tuple[str, ...]] = {
    "AccountContactRole": ("AccountContactRole.Role",),
    "AccountOwnership": ("Account.Ownership",),
    "AccountRating": ("Account.Rating", "Lead.Rating"),
    "AccountType": ("Account.Type",),
    "AssetStatus": ("Asset.Status",),
    "CampaignMemberStatus": ("CampaignMember.Status",),
    "CampaignStatus": ("Campaign.Status",),
    "CampaignType": ("Campaign.Type",),
    "CaseOrigin": ("Case.Origin",),
    "CasePriority": ("Case.Priority",),
    "CaseReason": ("Case.Reason",),
    "CaseStatus": ("Case.Status",),
    "CaseType": ("Case.Type",),
    "ContactRole": ("OpportunityContactRole.Role",),
    "ContractStatus": ("Contract.Status",),
    "EntitlementType": ("Entitlement.Type",),
    "EventSubject": ("Event.Subject",),
    "Industry": ("Account.Industry", "Lead.Industry"),
    "LeadSource": ("Account.AccountSource", "Contact.LeadSource", "Lead.LeadSource", "Opportunity.LeadSource"),
    "LeadStatus": ("Lead.Status",),
    "OpportunityStage": ("Opportunity.StageName",),
    "OpportunityType": ("Opportunity.Type",),
    "OrderStatus": ("Order.Status",),
    "OrderType": ("Order.Type",),
    "PartnerRole": ("Partner.Role",),
    "Product2Family": ("Product2.Family",),
    "QuoteStatus": ("Quote.Status",),
    "Salutation": ("Contact.Salutation", "Lead.Salutation"),
    "SolutionStatus": ("Solution.Status",),
    "TaskPriority": ("Task.Priority",),
    "TaskStatus": ("Task.Status",),
    "TaskSubject": ("Task.Subject",),
    "TaskType": ("Task.TaskSubtype",),
    "WorkOrderPriority": ("WorkOrder.Priority",),
    "WorkOrderStatus": ("WorkOrder.Status",),
}

# Attributes that every value of a set needs besides its name, with their defaults.
REQUIRED: dict[str, dict[str, bool | int | str]] = {
    "CasePriority": {"highPriority": False},
    "CaseStatus": {"closed": False},
    "LeadStatus": {"converted": False},
    "OpportunityStage": {"closed": False, "forecastCategory": "Pipeline", "probability": 0, "won": False},
    "TaskPriority": {"highPriority": False},
    "TaskStatus": {"closed": False},
}

# The maximum number of values of a set. Help, "Picklist Limitations".
MOST = {"LeadStatus": 100, "TaskStatus": 100, "CaseStatus": 100, "OpportunityStage": 100}
MOST |= {"TaskPriority": 50, "CasePriority": 50}

# Address settings define the values of these picklists.
OF_ADDRESSES = frozenset({"AddressCountryCode", "AddressStateCode"})
