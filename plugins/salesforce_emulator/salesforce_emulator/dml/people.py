"""Person accounts: accounts that are people. Each has a contact with the same values.

SOAP API Developer Guide, "Person Account Record Types".
"""

from __future__ import annotations

from functools import partial

from salesforce_emulator.dml import checks, record_types
from salesforce_emulator.dml.undoing import Note
from salesforce_emulator.errors import RowRefused
from salesforce_emulator.org.model import RecordType, Value
from salesforce_emulator.org.person_accounts import contact_field, is_person_field
from salesforce_emulator.schema import Row, Schema, Schemas
from salesforce_emulator.store import Store, Table

Values = dict[int, Value]


class People:
    """The person accounts of an org."""

    def __init__(self, schemas: Schemas, store: Store) -> None:
        self._account = schemas.get("Account")
        self._contacts: Table = store[schemas.get("Contact")]
        account, contact = self._account, self._contacts.schema
        pairs = [(at, contact_field(account.fields[at].name)) for at in account.visible]
        self._mirrored = {at: contact.position[name.lower()] for at, name in pairs if name and contact.at(name)}
        self._of_people = frozenset(at for at in account.visible if is_person_field(account.fields[at].name))
        self._is_person = account.position["ispersonaccount"]
        self._contact_id = account.position["personcontactid"]
        self._name = account.position["name"]
        self._last, self._first = account.position["lastname"], account.position["firstname"]
        self._type = account.position["recordtypeid"]

    def complete_insert(self, schema: Schema, values: Values, type_: RecordType | None) -> RecordType | None:
        """Determine from record type or fields whether a new account is a person, and complete it.

        Raises RowRefused.
        """
        given = {at for at in self._of_people & values.keys() if values[at] is not None}
        person = type_.person if type_ is not None else bool(given)
        type_ = type_ or record_types.default(schema, person)
        if person and type_ is None:
            raise _make_refusal(schema, given)
        if type_ is not None:
            values[self._type] = type_.id
        self._check_family(schema, values, person)
        self._complete(values, person, None)
        self._check_unique(values, person, None)
        return type_

    def complete_change(self, schema: Schema, record: Row, values: Values, type_: RecordType | None) -> None:
        """Check the change of an account, and complete it. Raises RowRefused."""
        person = record[self._is_person] is True
        if type_ is not None and type_.person is not person:
            self._switch_family(schema, record, values, type_.person)
            person = type_.person
        else:
            self._check_family(schema, values, person)
        self._complete(values, person, record)
        self._check_unique(values, person, self._contacts.get(record[self._contact_id]))

    def _check_family(self, schema: Schema, values: Values, person: bool) -> None:
        wrong = {self._name} & values.keys() if person else self._of_people & values.keys()
        if wrong:
            raise _make_refusal(schema, wrong)

    def _switch_family(self, schema: Schema, record: Row, values: Values, person: bool) -> None:
        """Turn a business account into a person account, or the other way around.

        The same write may not change fields that only one of the two has.
        """
        mixed = (self._of_people | {self._name}) & values.keys()
        if mixed:
            raise _make_refusal(schema, mixed)
        if not person:
            values[self._name] = record[self._name]
            return
        [*contacts] = self._contacts.find_referring(self._contacts.schema.position["accountid"], {record[0]})
        if len(contacts) != 1:
            message = "an account that becomes a person account must have exactly one contact"
            raise RowRefused("FIELD_INTEGRITY_EXCEPTION", message, ["RecordTypeId"])
        values[self._contact_id] = contacts[0][0]
        values.update({at: contacts[0][place] for at, place in self._mirrored.items()})

    def _complete(self, values: Values, person: bool, record: Row | None) -> None:
        held = {**(dict(enumerate(record)) if record is not None else {}), **values}
        needed = self._last if person else self._name
        if held.get(needed) is None:
            checks.refuse_missing(self._account, [needed])
        values[self._is_person] = person
        if person:
            parts = (held.get(self._first), held.get(self._last))
            values[self._name] = " ".join(str(part) for part in parts if part)

    def _check_unique(self, values: Values, person: bool, contact: Row | None) -> None:
        if person:
            checks.unique(self._contacts, self._for_contact(values), contact)

    def mirror(self, account: Row, values: Values, moment: str, user: str, note: Note) -> None:
        """Create or update the contact of a person account."""
        contact = self._contacts.get(account[self._contact_id])
        if account[self._is_person] is not True:
            self._leave(account, contact, note)
        elif contact is None:
            self._add_contact(account, moment, user, note)
        else:
            schema = self._contacts.schema
            changes = self._for_contact(values) | dict.fromkeys(schema.stamps_on_update, moment)
            changes |= {schema.position["ispersonaccount"]: True, schema.name_at: account[self._name]}
            note(partial(self._contacts.replace, contact, {at: contact[at] for at in changes}))
            self._contacts.replace(contact, changes)

    def _add_contact(self, account: Row, moment: str, user: str, note: Note) -> None:
        schema = self._contacts.schema
        contact = schema.blank.copy()
        for at in schema.stamps_on_create:
            contact[at] = moment
        for at in schema.users_on_create:
            contact[at] = user
        for at in schema.auto_numbers:
            contact[at] = self._contacts.number(at)
        for at, value in self._for_contact(dict(enumerate(account))).items():
            contact[at] = value
        contact[0], contact[schema.name_at] = self._contacts.next_id(), account[self._name]
        contact[schema.position["accountid"]] = account[0]
        contact[schema.position["ispersonaccount"]] = True
        self._contacts.add(contact)
        account[self._contact_id] = contact[0]
        note(partial(self._contacts.erase, contact))

    def _leave(self, account: Row, contact: Row | None, note: Note) -> None:
        """Detach the contact from an account that is no longer a person."""
        if contact is None:
            return
        at = self._contacts.schema.position["ispersonaccount"]
        note(partial(contact.__setitem__, at, contact[at]))
        note(partial(account.__setitem__, self._contact_id, account[self._contact_id]))
        contact[at], account[self._contact_id] = False, None

    def _for_contact(self, values: Values) -> Values:
        return {place: values[at] for at, place in self._mirrored.items() if at in values}

    def spare_contact(self, table: Table, record: Row) -> None:
        """Refuse a direct write to the contact of a person account. Raises RowRefused."""
        if table is self._contacts and record[table.schema.position["ispersonaccount"]] is True:
            raise RowRefused("INVALID_PERSON_ACCOUNT_OPERATION", "cannot reference person contact")

    def merge_contacts(self, victim: Row, master: Row, note: Note) -> tuple[str, ...]:
        """Delete the contact of a merged person account. Return the ids of its related records.

        Those records now refer to the master's contact. Raises RowRefused.
        """
        if victim[self._is_person] != master[self._is_person]:
            message = "person accounts can be merged with person accounts only"
            raise RowRefused("INVALID_MERGE_RECORD", message)
        contact = self._contacts.get(victim[self._contact_id])
        if contact is None:
            return ()
        heir, moved = master[self._contact_id], []
        for child, at in self._contacts.children:
            for row in child.find_referring(at, {contact[0]}):
                if row is not victim:
                    note(partial(row.__setitem__, at, row[at]))
                    row[at] = heir
                    moved.append(str(row[0]))
        self._contacts.bin(contact)
        note(partial(self._contacts.restore, contact))
        contact[self._contacts.schema.position["masterrecordid"]] = heir
        return tuple(moved)


def _make_refusal(schema: Schema, places: set[int] | frozenset[int]) -> RowRefused:
    names = [schema.fields[at].name for at in sorted(places)]
    return RowRefused("INVALID_FIELD_FOR_INSERT_UPDATE", checks.READ_ONLY.format(", ".join(names)), names)
