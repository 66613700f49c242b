"""The classes that an org file is made of. Its keys are their attribute names in camel case, as in describe calls."""

from __future__ import annotations

from typing import Any, Literal

from attrs import Factory, define, field

from salesforce_emulator.org.access import Application, LoginState, Permissions
from salesforce_emulator.org.picklists import GlobalValueSet, PicklistValue
from salesforce_emulator.org.rules import (
    Apex,
    AssignmentRule,
    DuplicateRule,
    Flow,
    Trigger,
    ValidationRule,
    WorkflowRule,
)

Value = str | int | float | bool | None


@define(frozen=True)
class Field:
    """One field, with the flags of a describe call. Omitted flags follow from the type.

    For picklists: `globalValueSet` names the set that holds the values. `valueSettings` maps each value to the values
    of `controllerName` that allow it. `sorted`: shown by label. `lockedValues`: its package allows no further values.
    `metadata` holds further keys of the field's metadata, such as `trackHistory`.
    """

    type: str
    name: str = ""
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    defaulted_on_create: bool = False
    default_value: Value = None
    unique: bool = False
    case_sensitive: bool = False
    external_id: bool = False
    id_lookup: bool = False
    auto_number: bool = False
    auto_number_format: str = "{00000000}"
    calculated: bool = False
    calculated_formula: str | None = None
    compound_field_name: str | None = None
    name_field: bool = False
    extra_type_info: str | None = None
    html_formatted: bool = False
    encrypted: bool = False
    inline_help_text: str | None = None
    restricted_picklist: bool = False
    picklist_values: tuple[PicklistValue, ...] = ()
    controller_name: str | None = None
    dependent_picklist: bool = False
    global_value_set: str | None = None
    value_settings: dict[str, tuple[str, ...]] = Factory(dict)
    sorted: bool = False
    locked_values: bool = False
    metadata: dict[str, Any] = Factory(dict)
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    relationship_order: int | None = None
    child_relationship_name: str | None = None
    on_parent_delete: str = "clear"
    write_requires_master_read: bool = False
    masked: bool = False
    permissionable: bool = True
    hidden: bool = False

    @property
    def custom(self) -> bool:
        """Whether a customer or a package created the field."""
        return self.name.endswith(("__c", "__s", "__pc"))


@define(frozen=True)
class RecordType:
    """A record type.

    `default`: the record type of records that name none. `person`: for person accounts. `picklists`: the values by
    field.
    """

    name: str
    label: str = ""
    id: str = ""
    active: bool = True
    available: bool = True
    default: bool = False
    person: bool = False
    picklists: dict[str, tuple[str, ...]] = Factory(dict)


@define(frozen=True)
class ObjectType:
    """One object of the org.

    `eventType`: it is an event, which is published instead of stored. Only Salesforce publishes `Change` and `Standard`
    events. `publishBehavior`: whether a rollback of its transaction also withdraws the event.
    """

    name: str = ""
    label: str = ""
    label_plural: str = ""
    key_prefix: str = ""
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    mergeable: bool = False
    layoutable: bool = True
    triggerable: bool = True
    owned: bool = True
    person_name: bool = False
    addresses: tuple[str, ...] = ()
    fields: dict[str, Field] = Factory(dict)
    records: tuple[dict[str, Any], ...] = ()
    record_types: tuple[RecordType, ...] = ()
    validation_rules: tuple[ValidationRule, ...] = ()
    duplicate_rules: tuple[DuplicateRule, ...] = ()
    assignment_rules: tuple[AssignmentRule, ...] = ()
    apex: Apex | None = None
    triggers: tuple[Trigger, ...] = ()
    flows: tuple[Flow, ...] = ()
    workflow_rules: tuple[WorkflowRule, ...] = ()
    event_type: Literal["HighVolume", "StandardVolume", "Change", "Standard"] | None = None
    publish_behavior: Literal["PublishImmediately", "PublishAfterCommit"] = "PublishImmediately"

    @property
    def custom(self) -> bool:
        """Whether a customer or a package created the object."""
        return self.name.endswith(("__c", "__e"))

    @property
    def publishes_at_once(self) -> bool:
        """Whether it is an event that a rollback does not withdraw."""
        return self.event_type is not None and self.publish_behavior == "PublishImmediately"


@define(frozen=True)
class Limit:
    """An allocation of `/limits`. `remaining` is what is left when the emulator starts (default: all)."""

    max: int
    remaining: int | None = None
    parts: dict[str, Limit] = Factory(dict)

    @property
    def left(self) -> int:
        """What is left at the start."""
        return self.max if self.remaining is None else self.remaining


@define(frozen=True)
class BulkSettings:
    """How the Bulk APIs behave.

    `delay`: seconds before a batch starts. `shuffle`: queued batches run in random order. `workers`: how many run at
    once (default: 10 with the lock model, else 1). `chunkSeconds`: the minimum time for 200 rows.
    """

    delay: float = 0.0
    shuffle: bool = True
    hard_delete: bool = True
    workers: int | None = None
    chunk_seconds: float = 0.0


@define(frozen=True)
class Locks:
    """The lock model.

    `hold`: how many seconds a transaction of 200 rows holds its records. `wait`: how many seconds another one waits for
    them.
    """

    hold: float = 0.05
    wait: float = 0.0


@define(frozen=True)
class ApexLimits:
    """What one transaction may use, in a call and in a Bulk job. `atOnce`: how many calls may run triggers at once."""

    cpu_ms: float = 10_000
    cpu_ms_bulk: float = 60_000
    soql: int = 100
    soql_bulk: int = 200
    at_once: int | None = None


@define(frozen=True)
class ConcurrentCalls:
    """How many calls that last `seconds` or longer may be in progress. Further calls are refused."""

    max: int = 25
    seconds: float = 20.0


@define(frozen=True)
class Versions:
    """The API versions that the org serves. Earlier ones are retired, later ones do not exist yet."""

    min: int = 31
    max: int = 68


@define(frozen=True)
class Org:
    """A whole org, checked and completed.

    `username`: the user that clients are logged in as. `password`: the password of every user. `application`: the app
    that the emulator prints at its start. `apps`: further apps, by a name of your choice. `users`: what blocks the
    logins of users, by Username.
    `genericLogin`: the login host serves every org, as login.salesforce.com does, and refuses client credentials.
    `leadFields`: for custom fields of Lead, the fields that get their value in a conversion, such as `Contact.Key__c`
    (Setup, "Map Lead Fields").
    `omittedValues`: what happens to values that a new list of a local picklist omits. With `merge`, values of
    unrestricted picklists stay.
    `picklistJobSeconds`: how long a change of values keeps the picklists of an object busy.
    `usageLag`: how many seconds the reported API usage lags behind.
    """

    id: str
    name: str
    application: Application
    username: str
    password: str = "emulator-password"
    sandbox: bool = False
    edition: str = "Developer Edition"
    instance: str = "EMU1"
    trial_expiration_date: str | None = None
    person_accounts: bool = False
    generic_login: bool = False
    versions: Versions = field(factory=Versions)
    session_seconds: float = 7200.0
    usage_lag: float = 0.0
    page_size: int = 2000
    bulk: BulkSettings = field(factory=BulkSettings)
    limits: dict[str, Limit] = Factory(dict)
    objects: dict[str, ObjectType] = Factory(dict)
    locks: Locks | None = None
    apex: ApexLimits = field(factory=ApexLimits)
    concurrent_calls: ConcurrentCalls = field(factory=ConcurrentCalls)
    apps: dict[str, Application] = Factory(dict)
    users: dict[str, LoginState] = Factory(dict)
    permissions: dict[str, Permissions] = Factory(dict)
    lead_fields: dict[str, tuple[str, ...]] = Factory(dict)
    global_value_sets: dict[str, GlobalValueSet] = Factory(dict)
    omitted_values: Literal["deactivate", "merge"] = "deactivate"
    picklist_job_seconds: float = 0.0
    # The org file, to which `change_org` applies changes.
    source: dict[str, Any] = field(factory=dict, eq=False, repr=False)

    @property
    def every_app(self) -> tuple[Application, ...]:
        """Every app that users may log in with."""
        return (self.application, *self.apps.values())

    def find_app(self, client_id: str | None) -> Application | None:
        """Return the app with this client id."""
        return next((app for app in self.every_app if app.client_id == client_id), None)

    @property
    def workers(self) -> int:
        """How many batches of the Bulk APIs run at the same time."""
        return self.bulk.workers or (1 if self.locks is None else 10)
