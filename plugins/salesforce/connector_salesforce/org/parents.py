"""Which references lock the record that they mean while a row is written.

Writing a record locks its masters and, where it belongs to an account, the account; and it locks whatever else its
look-ups mean, for as long as that takes (Record Locking Cheat Sheet; Bulk API Developer Guide, "General Guidelines
for Data Loads").
"""

from __future__ import annotations

from connector_salesforce.org.fields import Description

_NEVER_LOCKED = frozenset({"User", "Group", "RecordType"})
"""What nearly every record refers to; to keep rows of one owner apart would be to send all of them one by one."""


def locking(described: Description) -> frozenset[str]:
    """The fields of an object whose parents are locked: master-detail and accounts, or without such any look-up."""
    references = {each["name"]: each for each in described["fields"] if each.get("referenceTo")}
    firm = frozenset(name for name, each in references.items() if _is_firm(each))
    return firm or frozenset(name for name, each in references.items() if set(each["referenceTo"]) - _NEVER_LOCKED)


def _is_firm(field: Description) -> bool:
    return field.get("relationshipOrder") is not None or "Account" in field["referenceTo"]
