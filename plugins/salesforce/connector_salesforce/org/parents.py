"""Find the references whose records Salesforce locks while it writes a row.

A write locks the masters of a record and, if it belongs to an account, the account. It also locks the records that its
other lookups refer to, for as long as the write takes (Record Locking Cheat Sheet; Bulk API Developer Guide, "General
Guidelines for Data Loads").
"""

from __future__ import annotations

from connector_salesforce.org.fields import Description

_NEVER_LOCKED = frozenset({"User", "Group", "RecordType"})
"""Objects that nearly every record refers to. Separating the rows of one owner would send them one by one."""


def find_locking(described: Description) -> frozenset[str]:
    """Return the fields of an object whose parent records are locked.

    These are master-detail fields and references to accounts. If there are none, they are the other lookups.
    """
    references = {each["name"]: each for each in described["fields"] if each.get("referenceTo")}
    firm = frozenset(name for name, each in references.items() if _is_firm(each))
    return firm or frozenset(name for name, each in references.items() if set(each["referenceTo"]) - _NEVER_LOCKED)


def _is_firm(field: Description) -> bool:
    return field.get("relationshipOrder") is not None or "Account" in field["referenceTo"]
