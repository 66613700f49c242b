"""Reverse ETL, exactly: what changed in a model goes to a business application, and every row is accounted for."""

import os

# Arrow reads this when it is loaded. Its own allocators keep what each writing thread ever used; the system's does not.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

from connector_sdk.batch import Action, Anchor, Attempt, Batch, Column, OnNull, Options, Reference
from connector_sdk.connection import Call, CommandSettings, Connection, ConnectionSettings, Host, TokenStore
from connector_sdk.destination import Destination, installed, load
from connector_sdk.errors import (
    Cancelled,
    ConfigError,
    ConnectorError,
    ExitCode,
    NotExecuted,
    PluginError,
    Problem,
    RunStopped,
    Stale,
)
from connector_sdk.hookspecs import hookimpl
from connector_sdk.outcome import (
    NOT_EXECUTED,
    Classification,
    Executed,
    Kind,
    Outcome,
    Recovery,
    RowError,
    RowStatus,
    Unknown,
    WriteResult,
)
from connector_sdk.plan import Cost, Finding, Level, PlanReport, PlanSummary
from connector_sdk.report import ActionCounts, BatchReport, CallCounts, RowCounts, RunReport, RunStart
from connector_sdk.schema import MATCH_SCHEMA, Equality, Field, FieldType, ObjectInfo, ObjectSchema, ReferenceKey
from connector_sdk.secret import Secret
from connector_sdk.spec import CONTRACT, Api, Delivery, DestinationSpec, EmptyText, Mode, Removal
from connector_sdk.sync import (
    ConnectionConfig,
    DeliveryOptions,
    FieldMapping,
    Find,
    Guards,
    Keep,
    Match,
    Merge,
    Model,
    Project,
    Sync,
)

__all__ = [
    "CONTRACT",
    "MATCH_SCHEMA",
    "NOT_EXECUTED",
    "Action",
    "ActionCounts",
    "Anchor",
    "Api",
    "Attempt",
    "Batch",
    "BatchReport",
    "Call",
    "CallCounts",
    "Cancelled",
    "Classification",
    "Column",
    "CommandSettings",
    "ConfigError",
    "Connection",
    "ConnectionConfig",
    "ConnectionSettings",
    "ConnectorError",
    "Cost",
    "Delivery",
    "DeliveryOptions",
    "Destination",
    "DestinationSpec",
    "EmptyText",
    "Equality",
    "Executed",
    "ExitCode",
    "Field",
    "FieldMapping",
    "FieldType",
    "Find",
    "Finding",
    "Guards",
    "Host",
    "Keep",
    "Kind",
    "Level",
    "Match",
    "Merge",
    "Mode",
    "Model",
    "NotExecuted",
    "ObjectInfo",
    "ObjectSchema",
    "OnNull",
    "Options",
    "Outcome",
    "PlanReport",
    "PlanSummary",
    "PluginError",
    "Problem",
    "Project",
    "Recovery",
    "Reference",
    "ReferenceKey",
    "Removal",
    "RowCounts",
    "RowError",
    "RowStatus",
    "RunReport",
    "RunStart",
    "RunStopped",
    "Secret",
    "Stale",
    "Sync",
    "TokenStore",
    "Unknown",
    "WriteResult",
    "hookimpl",
    "installed",
    "load",
]  # fmt: skip
