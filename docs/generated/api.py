"""The page of the Python API: the public names, group_names by who uses them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from importlib import import_module
from inspect import Parameter
from itertools import pairwise
from pathlib import Path
from types import FunctionType
from typing import Any

import attrs
from attrs import frozen

import connector_sdk
from connector_sdk import Destination
from connector_sdk.contract.hookspecs import DestinationHooks
from docs.generated.markdown import code, fenced, join_blocks, paragraphs, table, wrap

_WIDTH = 100
"""Columns of a signature that stays on one line."""


@frozen
class Group:
    """Names of one module that belong together; without a title they continue the group before."""

    module: str
    names: tuple[str, ...]
    title: str = ""
    about: str = ""


GROUPS = (
    Group(
        "connector_sdk.run",
        ("run", "plan", "FirstRun", "Pace"),
        "Run syncs",
        "What a host calls. [From Python](python.md) shows a whole call, and [threads](threads.md) what holds in a "
        "program of your own.",
    ),
    Group("connector_sdk.check", ("check", "CheckedConnection")),
    Group("connector_sdk.lifecycle.connect", ("open_connection",)),
    Group("connector_sdk.project.load", ("load_project", "load_outline")),
    Group(
        "connector_sdk.history",
        ("runs", "show", "rows", "LEDGER_COLUMNS", "calls", "orphaned_runs", "notes"),
        "Look back and settle",
        "What past runs did, and what became of rows that are held.",
    ),
    Group("connector_sdk.resolve", ("held_rows", "HeldRow", "resolve", "Settlement", "Decision")),
    Group(
        "connector_sdk",
        (
            "Project", "ConnectionConfig", "Model", "CsvForm", "Sync", "Mode", "FieldMapping", "Find", "OnNull",
            "Match", "Merge", "Removal", "OnHeld", "Guards", "DeliveryOptions", "Keep",
        ),
        "Describe a project",
        "The classes behind [the project file](../syncs/project-file.md).",
    ),
    Group(
        "connector_sdk",
        (
            "RunReport", "ReportState", "RowCounts", "ActionCounts", "CallCounts", "CodeCount", "BatchCounts",
            "Outcome", "PlanReport", "Cost", "Delivery", "Finding", "Level", "Call", "RunNotes",
        ),
        "Read reports",
        "What `run`, `plan` and the functions of `connector_sdk.history` return. "
        "[The report](../syncs/runs.md#the-report) explains the counts.",
    ),
    Group(
        "connector_sdk",
        ("hookimpl", "RunStart", "PlanSummary", "BatchReport"),
        "Watch a run",
        "What an [observer](../destinations/hooks.md#hooks-of-an-observer) is called with.",
    ),
    Group(
        "connector_sdk",
        ("ConnectorError", "ConfigError", "Problem", "RunStopped", "PluginError", "Portable", "ExitCode"),
        "Handle errors",
        "[Exit codes](../syncs/exit-codes.md) says what each code means.",
    ),
    Group(
        "connector_sdk",
        (
            "CONTRACT", "DestinationSpec", "Api", "NoOptions", "EmptyText", "Secret", "Connection", "Host",
            "TokenStore", "ObjectInfo", "ObjectSchema", "Field", "FieldType", "Equality", "ReferenceKey",
            "MATCH_SCHEMA", "Convertible", "Replaceable", "Mergeable", "Locking",
            "Batch", "Block", "ENCODED_SCHEMA", "Action", "Column", "Reference", "Options", "Attempt", "Anchor",
            "WriteResult", "RowStatus",
            "NOT_EXECUTED", "Recovery", "Unknown", "RowError", "Classification", "Kind", "Executed",
            "NotExecuted", "Stale", "Cancelled", "CommandSettings", "ConnectionSettings",
        ),
        "Write a destination",
        "The words of [the hooks](../destinations/hooks.md). [The tutorial](../destinations/tutorial.md) builds a "
        "plugin step by step.",
    ),
    Group(
        "connector_sdk",
        ("Destination", "find_installed", "load"),
        "Load a destination",
        "A plugin as the core calls it: from an installed package, or from an object of yours.",
    ),
    Group(
        "connector_sdk.testing.conformance",
        ("DestinationConformance",),
        "Test a destination",
        "`connector_sdk.testing` needs `pip install 'connector-sdk[testing]'`.",
    ),
    Group("connector_sdk.testing.doubles", ("RecordingHost", "RecordingRun", "RecordedAttempt", "RememberedToken")),
    Group("connector_sdk.testing.cassettes", ("Cassette", "CassetteError", "leaks")),
    Group(
        "connector_sdk.testing.crash",
        ("Scenario", "exhaust", "batter", "replay", "Report", "Failure", "CrashHarnessError"),
    ),
    Group("connector_sdk.testing.hostile", ("hostile", "BREACHES")),
    Group(
        "connector_sdk.testing.reference",
        ("plugin", "Store", "Executed", "Fault", "FaultKind", "LostAnswerError"),
    ),
)  # fmt: skip

_CONSTANTS: Mapping[str, str] = {
    "hookimpl": "Marks a function as an implementation of the hook that has its name, as in `@hookimpl`.",
    "plugin": "The hooks of the reference destination, a whole plugin over a small service in one SQLite file.",
}
"""What names are whose text does not lie below them in the code."""

_HEAD = """\
# Python API

The public names, by what you want to do. Import them from `connector_sdk`, unless a line above them names a module.
A class is shown as its constructor: its attributes have the same names, types and defaults.

This page is written by `make docs` from the code.
"""


def page() -> str:
    """Return the whole page."""
    return join_blocks([_HEAD, *(block for group in GROUPS for block in _group(group))])


def _group(group: Group) -> Iterator[str]:
    if group.title:
        yield f"## {group.title}"
        yield wrap(group.about)
    if group.module != connector_sdk.__name__:
        yield f"From `{group.module}`:"
    for name in group.names:
        yield f"### `{name}`"
        yield from _entry(group.module, name, getattr(import_module(group.module), name))


def _entry(module: str, name: str, value: Any) -> Iterator[str]:
    if isinstance(value, type) and issubclass(value, Enum):
        yield from paragraphs(inspect.getdoc(value) or "")
        yield wrap(", ".join(f"{code(f'{name}.{each.name}')} ({code(str(each.value))})" for each in value))
    elif isinstance(value, type) and value is not Any:
        yield from _class(name, value)
    elif inspect.isfunction(value):
        answer = inspect.signature(value).return_annotation
        yield _signature(name, _parameters(value), f" -> {answer}")
        yield from paragraphs(inspect.getdoc(value) or "")
    else:
        yield from paragraphs(_CONSTANTS.get(name) or _docstring_of(module, name))


def _class(name: str, cls: type) -> Iterator[str]:
    if attrs.has(cls):
        yield _signature(name, [_as_parameter(each, cls) for each in attrs.fields(cls) if each.init])
    elif isinstance(vars(cls).get("__init__"), FunctionType) and not getattr(cls, "_is_protocol", False):
        yield _signature(name, _parameters(cls.__init__))  # type: ignore[misc]  # of this very class
    yield from paragraphs(inspect.cleandoc(cls.__doc__ or ""))
    yield table(("method", "what it does"), _methods(cls))


def _methods(cls: type) -> Iterator[tuple[str, str]]:
    """Yield the public methods and properties that are no tests, those of bases of this project first.

    Of `Destination` these are the hooks; the core alone calls the others.
    """
    bases = [each for each in reversed(cls.__mro__) if each.__module__.startswith("connector_sdk")]
    found = {name: value for each in bases for name, value in vars(each).items()}
    for name, value in found.items():
        if name.startswith(("_", "test_", "pytest_")) or (cls is Destination and not hasattr(DestinationHooks, name)):
            continue
        function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if isinstance(value, property):
            yield code(name), _first(value)
        elif isinstance(function, FunctionType):
            prefix = f"{cls.__name__}." if function is not value else ""
            yield code(f"{prefix}{name}({_names(function)})"), _first(function)


def _first(value: Any) -> str:
    return " ".join(next(paragraphs(inspect.getdoc(value) or " ")).split())


def _names(function: FunctionType) -> str:
    """Return the parameters of a method without their types."""
    return ", ".join(_format_parameters(_parameters(function), "", "="))


def _signature(name: str, parameters: Sequence[Parameter], answer: str = "") -> str:
    """Return a signature with the types as the code writes them; one that is long has a line for each parameter."""
    parts = list(_format_parameters(parameters, ": {}", " = "))
    line = f"{name}({', '.join(parts)}){answer}"
    several = "\n".join([f"{name}(", *(f"    {each}," for each in parts), f"){answer}"])
    return fenced(line if len(line) <= _WIDTH else several, "python")


def _format_parameters(parameters: Sequence[Parameter], type_: str, default: str) -> Iterator[str]:
    """Yield each parameter, and a star before the first that is given by keyword."""
    starred = False
    for each in parameters:
        if each.kind is Parameter.KEYWORD_ONLY and not starred:
            yield "*"
        starred = starred or each.kind in (Parameter.KEYWORD_ONLY, Parameter.VAR_POSITIONAL)
        stars = "*" if each.kind is Parameter.VAR_POSITIONAL else "**" if each.kind is Parameter.VAR_KEYWORD else ""
        given = "" if each.default is each.empty else f"{default}{_format_default(each.default)}"
        yield f"{stars}{each.name}{type_.format(each.annotation)}{given}"


def _parameters(function: Callable[..., Any]) -> list[Parameter]:
    return [each for each in inspect.signature(function).parameters.values() if each.name not in ("self", "cls")]


def _as_parameter(field: attrs.Attribute[Any], cls: type) -> Parameter:
    written = next(found for each in cls.__mro__ if field.name in (found := inspect.get_annotations(each)))
    default = Parameter.empty if field.default is attrs.NOTHING else field.default
    kind = Parameter.KEYWORD_ONLY if field.kw_only else Parameter.POSITIONAL_OR_KEYWORD
    return Parameter(field.alias or field.name, kind, default=default, annotation=written[field.name])


def _format_default(value: Any) -> str:
    """Return a default as the code writes it."""
    factory = getattr(value, "factory", None)
    if factory is not None:
        return {dict: "{}", list: "[]"}.get(factory, f"{factory.__name__}()")
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, frozenset) and value:
        return f"frozenset({{{', '.join(sorted(map(_format_default, value)))}}})"
    if isinstance(value, str) and '"' not in value:
        return f'"{value}"'
    if inspect.isclass(value):
        return value.__name__
    return "..." if inspect.isfunction(value) else repr(value)


def _docstring_of(module: str, name: str) -> str:
    """Return the text below the assignment of a constant, in the module that assigns it."""
    body = ast.parse(Path(str(import_module(module).__file__)).read_text(encoding="utf-8")).body
    for statement in body:
        if isinstance(statement, ast.ImportFrom) and name in {each.name for each in statement.names}:
            return _docstring_of(str(statement.module), name)
    for statement, below in pairwise(body):
        if name in _list_targets(statement) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            return inspect.cleandoc(str(below.value.value))
    return ""


def _list_targets(statement: ast.stmt) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [each.id for each in targets if isinstance(each, ast.Name)]


def group_names() -> Mapping[str, set[str]]:
    """Return the names on the page by the module that they are imported from."""
    found: dict[str, set[str]] = {}
    for group in GROUPS:
        found.setdefault(group.module, set()).update(group.names)
    return found
