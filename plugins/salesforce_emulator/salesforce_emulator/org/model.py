"""What an org file may say. Keys are the camelCase of these names, as describe calls spell them."""

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
    """One field, with the flags of a describe call. Flags left out follow from the type.

    Of a picklist: `globalValueSet` names the set that has its values, `valueSettings` maps values to those of
    `controllerName` that allow them, `sorted`: shown by label, `lockedValues`: its package allows no further ones.
    `metadata`: keys of its metadata that nothing else says, such as `trackHistory`.
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
        """Whether a customer or a package made the field."""
        return self.name.endswith(("__c", "__s", "__pc"))


@define(frozen=True)
class RecordType:
    """A record type; `default` for users who name none, `person`: for person accounts, `picklists`: values by field."""

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

    `eventType`: it is an event, which is published instead of stored; `Change` and `Standard` are published by
    Salesforce alone. `publishBehavior`: whether its transaction can take it back.
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
        """Whether a customer or a package made the object."""
        return self.name.endswith(("__c", "__e"))

    @property
    def publishes_at_once(self) -> bool:
        """Whether it is an event that nothing takes back."""
        return self.event_type is not None and self.publish_behavior == "PublishImmediately"


@define(frozen=True)
class Limit:
    """An allocation of `/limits`; `remaining` is what is left when the emulator starts (default: all)."""

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

    `delay`: seconds before a batch starts; `shuffle`: queued batches run in any order; `workers`: how many run at once
    (10 with the lock model, else 1); `chunkSeconds`: how long 200 rows take at least.
    """

    delay: float = 0.0
    shuffle: bool = True
    hard_delete: bool = True
    workers: int | None = None
    chunk_seconds: float = 0.0


@define(frozen=True)
class Locks:
    """The lock model: seconds that a transaction of 200 rows holds its records, and that another waits for them."""

    hold: float = 0.05
    wait: float = 0.0


@define(frozen=True)
class ApexLimits:
    """What one transaction may use, by a call and by a Bulk job; how many calls may run triggers at the same time."""

    cpu_ms: float = 10_000
    cpu_ms_bulk: float = 60_000
    soql: int = 100
    soql_bulk: int = 200
    at_once: int | None = None


@define(frozen=True)
class ConcurrentCalls:
    """How many calls that last so many seconds or more may be served at the same time; the next one is refused."""

    max: int = 25
    seconds: float = 20.0


@define(frozen=True)
class Versions:
    """The API versions that the org serves; earlier ones are retired, later ones are not there yet."""

    min: int = 31
    max: int = 68


@define(frozen=True)
class Org:
    """A whole org, checked and completed.

    `username`: whom clients are logged in as; `password`: that of every user; `application`: the app that the emulator
    names when it is ready, `apps`: further ones, by a name of the file; `users`: what stands between users and a login,
    by Username; `genericLogin`: the login host serves every org, as login.salesforce.com does, and refuses client
    credentials; `leadFields`: for custom fields of Lead the fields that get their value in a conversion, such as
    `Contact.Key__c` (Setup, "Map Lead Fields"); `omittedValues`: what becomes of values that a new list of a local
    picklist leaves out, `merge` where it is unrestricted: they stay; `picklistJobSeconds`: how long a change of values
    keeps the picklists of an object busy; `usageLag`: how many seconds the usage that answers tell lags behind.
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
    # The file that the org was read from, so that a change can be laid over it.
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
