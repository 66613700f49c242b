"""Convert leads into accounts, contacts and opportunities. A converted lead is read-only.

SOAP API Developer Guide, "convertLead()"; Help, "Lead Conversion Field Mapping".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from attrs import frozen

from salesforce_emulator.dml import checks
from salesforce_emulator.dml.undoing import undo
from salesforce_emulator.errors import RowFault, RowRefused
from salesforce_emulator.schema import Schema
from salesforce_emulator.world import World

_ADDRESS = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude", "GeocodeAccuracy")
_SAME = ("Phone", "Fax", "OwnerId")
_CONTACT = {
    **{name: name for name in (*_SAME, "Salutation", "FirstName", "LastName", "Email", "MobilePhone", "Title")},
    **{name: name for name in ("LeadSource", "Description", "HasOptedOutOfEmail")},
    **{name: f"Mailing{name}" for name in _ADDRESS},
}
_ACCOUNT = {
    **{name: name for name in (*_SAME, "Website", "Industry", "AnnualRevenue", "NumberOfEmployees", "Rating")},
    "Company": "Name",
    "LeadSource": "AccountSource",
    **{name: f"Billing{name}" for name in _ADDRESS},
}
_PERSON = {
    **{name: name for name in (*_SAME, "Salutation", "FirstName", "LastName")},
    **{name: f"Person{name}" for name in ("Email", "MobilePhone", "Title", "LeadSource", "HasOptedOutOfEmail")},
    **{name: f"PersonMailing{name}" for name in _ADDRESS},
}
_OPPORTUNITY = {"OwnerId": "OwnerId", "LeadSource": "LeadSource", "Company": "Name"}

Record = dict[str, Any]


@frozen
class Conversion:
    """A request to convert one lead.

    Without `account_id` or `contact_id`, the conversion creates the record. If `status` is None, the first converted
    status applies.
    """

    lead_id: str
    status: str | None = None
    account_id: str | None = None
    contact_id: str | None = None
    owner_id: str | None = None
    opportunity: bool = True
    opportunity_name: str | None = None
    overwrite_source: bool = False


@frozen
class Converted:
    """The result of one conversion: the records, or the faults."""

    lead_id: str
    account_id: str | None = None
    contact_id: str | None = None
    opportunity_id: str | None = None
    faults: tuple[RowFault, ...] = ()


def convert(world: World, wanted: Conversion) -> Converted:
    """Convert one lead. If any step fails, undo all of them."""
    with world.engine.undoable() as journal:
        try:
            return _Run(world, wanted).convert()
        except RowRefused as refusal:
            undo(journal)
            return Converted(wanted.lead_id, faults=(refusal.fault,))


def convert_by_hand(world: World, keys: Iterable[str]) -> list[Converted]:
    """Convert leads as a user in the browser would. Each key is an id or the value of a key field.

    Raises ValueError.
    """
    done = [convert(world, Conversion(_lead_of(world, key))) for key in keys]
    problems = [f"{fault.code}: {fault.message}" for one in done for fault in one.faults]
    if problems:
        raise ValueError("; ".join(problems))
    return done


def _lead_of(world: World, key: str) -> str:
    table = world.store[world.schemas.get("Lead")]
    found = [row for row in table.live() if key in (row[0], *(row[at] for at in table.schema.indexed))]
    if len(found) != 1:
        raise ValueError(f"{len(found)} leads have the key {key}")
    return str(found[0][0])


class _Run:
    def __init__(self, world: World, wanted: Conversion) -> None:
        self._world = world
        self._wanted = wanted
        schema = world.schemas.get("Lead")
        row = checks.require_record(world.store[schema], wanted.lead_id)
        checks.not_converted(schema, row)
        self._lead = {schema.fields[at].name: row[at] for at in schema.visible}
        if wanted.owner_id:
            self._lead["OwnerId"] = wanted.owner_id
        self._status = self._choose_status(schema)

    def convert(self) -> Converted:
        wanted = self._wanted
        account, contact = self._people() if self._is_person() else self._account_and_contact()
        opportunity = self._opportunity(account) if wanted.opportunity else None
        self._write("update", "Lead", {
            "Id": self._lead["Id"],
            "IsConverted": True,
            "Status": self._status,
            "ConvertedDate": self._today().isoformat(),
            "ConvertedAccountId": account,
            "ConvertedContactId": contact,
            "ConvertedOpportunityId": opportunity,
        })  # fmt: skip
        return Converted(str(self._lead["Id"]), account, contact, opportunity)

    def _account_and_contact(self) -> tuple[str, str]:
        account = self._record("Account", _ACCOUNT, self._wanted.account_id, {})
        return account, self._record("Contact", _CONTACT, self._wanted.contact_id, {"AccountId": account})

    def _is_person(self) -> bool:
        """Return whether the lead becomes a person account: it has no company and the org has person accounts."""
        return self._world.org.person_accounts and self._lead.get("Company") is None and not self._wanted.account_id

    def _people(self) -> tuple[str, str]:
        values = self._copy_lead_fields("Account", _PERSON)
        account = self._write("insert", "Account", values)
        schema = self._world.schemas.get("Account")
        row = self._world.store[schema].get(account)
        assert row is not None, "it was just made"
        return account, str(row[schema.position["personcontactid"]])

    def _record(self, name: str, mapping: dict[str, str], present: str | None, more: Record) -> str:
        """Create a record from the lead's values, or fill only the empty fields of an existing one."""
        values = {**self._copy_lead_fields(name, mapping), **more}
        if not present:
            return self._write("insert", name, values)
        schema = self._world.schemas.get(name)
        row = checks.require_record(self._world.store[schema], present)
        source = mapping.get("LeadSource") if self._wanted.overwrite_source else None
        filled = {key: value for key, value in values.items() if row[schema.position[key.lower()]] is None}
        filled |= {source: values[source]} if source in values else {}
        return self._write("update", name, {"Id": row[0], **filled})

    def _opportunity(self, account: str) -> str:
        schema = self._world.schemas.get("Opportunity")
        stages = schema.fields[schema.position["stagename"]].picklist_values
        stage = next(value.value for value in stages if value.active)
        values = {"Name": self._lead["Name"], **self._copy_lead_fields("Opportunity", _OPPORTUNITY)}
        values |= {"Name": self._wanted.opportunity_name} if self._wanted.opportunity_name else {}
        values |= {"AccountId": account, "StageName": stage, "CloseDate": _quarter_end(self._today()).isoformat()}
        return self._write("insert", "Opportunity", values)

    def _copy_lead_fields(self, name: str, mapping: dict[str, str]) -> Record:
        """Return the lead's values for an object, under the names of that object's fields.

        The org file maps custom fields. Fields that the org does not have are left out.
        """
        schema = self._world.schemas.get(name)
        pairs = list(mapping.items())
        for source, targets in self._world.org.lead_fields.items():
            pairs += [(source, target.partition(".")[2]) for target in targets if target.startswith(f"{name}.")]
        held = {target: self._lead.get(source) for source, target in pairs if schema.at(target) is not None}
        return {target: value for target, value in held.items() if value is not None}

    def _write(self, operation: Any, name: str, record: Record) -> str:
        [result] = self._world.by_hand(operation, name, [record])
        if result.faults:
            fault = result.faults[0]
            raise RowRefused(fault.code, fault.message, fault.fields)
        return str(result.record_id)

    def _choose_status(self, schema: Schema) -> str:
        values = schema.fields[schema.position["status"]].picklist_values
        names = [value.value for value in values if value.converted]
        status = self._wanted.status if self._wanted.status is not None else next(iter(names), None)
        if status not in names:
            raise RowRefused("INVALID_STATUS", f"invalid convertedStatus: {status}")
        return str(status)

    def _today(self) -> date:
        return datetime.fromtimestamp(self._world.clock.now(), UTC).date()


def _quarter_end(day: date) -> date:
    month = (day.month - 1) // 3 * 3 + 3
    return date(day.year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
