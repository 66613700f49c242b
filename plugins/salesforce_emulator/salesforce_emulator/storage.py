"""Data storage: how many records an org can hold.

Salesforce Help, "Data and File Storage Allocations". A record takes 2 KB, a campaign 8 KB. Records in the recycle bin
take none, and neither do users and other setup records.
"""

from __future__ import annotations

from collections.abc import Mapping

from salesforce_emulator.org.model import Limit
from salesforce_emulator.store import Store, Table

LIMIT = "DataStorageMB"
_SIZES = {"User": 0, "Group": 0, "RecordType": 0, "Organization": 0, "Campaign": 8}


class Storage:
    """The data storage of an org. Without an allocation, it is unlimited."""

    def __init__(self, limits: Mapping[str, Limit], store: Store) -> None:
        self._limit = limits.get(LIMIT)
        self._store = store

    def count_free_megabytes(self) -> int:
        """Return how many whole megabytes are free."""
        return max(self._free() // 1024, 0)

    def room(self, table: Table) -> float:
        """Return how many more records of an object fit."""
        size = _size(table)
        return self._free() // size if self._limit is not None and size else float("inf")

    def _free(self) -> int:
        if self._limit is None:
            return 0
        return self._limit.left * 1024 - sum(_size(table) * table.count for table in self._store.tables.values())


def _size(table: Table) -> int:
    return _SIZES.get(table.schema.name, 2)
