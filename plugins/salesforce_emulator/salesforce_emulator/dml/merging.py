"""Merge records: update the master, delete the others, and point their related records to the master.

SOAP API Developer Guide, "merge()": each merge is a separate transaction.
"""

from __future__ import annotations

from attrs import frozen

from salesforce_emulator.dml.engine import ROLLED_BACK, Engine
from salesforce_emulator.dml.model import RowInput, Terms, Write
from salesforce_emulator.errors import RowFault
from salesforce_emulator.origin import Origin
from salesforce_emulator.schema import Schema

_MOST_VICTIMS = 2


@frozen
class Merge:
    """One merge: the master with its new values, and the ids of the records to merge into it."""

    schema: Schema
    master: RowInput
    victims: tuple[str, ...]
    origin: Origin
    terms: Terms


@frozen
class Merged:
    """The result of a merge: faults, or the ids of the merged records and of the records that moved."""

    faults: tuple[RowFault, ...] = ()
    victims: tuple[str, ...] = ()
    related: tuple[str, ...] = ()


def merge(engine: Engine, wanted: Merge, user: str) -> Merged:
    """Execute one merge. If any step fails, undo all of them."""
    if not 1 <= len(wanted.victims) <= _MOST_VICTIMS:
        return Merged((RowFault("INVALID_ID_FIELD", f"1 to {_MOST_VICTIMS} records can be merged into a master"),))
    rows = [RowInput(record_id=victim) for victim in wanted.victims]
    update = Write(wanted.schema, "update", [wanted.master], origin=wanted.origin, terms=wanted.terms)
    delete = Write(
        wanted.schema, "delete", rows, master=wanted.master.record_id, origin=wanted.origin, terms=wanted.terms
    )
    updated, deleted = engine.execute_together([update, delete], user)
    faults = [fault for result in updated + deleted for fault in result.faults if fault != ROLLED_BACK]
    if faults:
        return Merged((faults[0],))
    victims = tuple(str(result.record_id) for result in deleted)
    related = [one for result in deleted for one in result.related if one not in victims]
    return Merged((), victims, tuple(dict.fromkeys(related)))
