"""Load one destination and call it: the typed façade is the only caller of its hooks and checks every answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy
import pyarrow as pa

from connector_sdk import answers, defaults
from connector_sdk.batch import Attempt, Batch, Options
from connector_sdk.connection import Connection, Host
from connector_sdk.errors import ConfigError, ConnectorError, ExitCode, PluginError, Problem, RunStopped
from connector_sdk.hookspecs import PROJECT, DestinationHooks
from connector_sdk.outcome import Classification, Kind, Recovery, RowError, Unknown, WriteResult
from connector_sdk.plan import Finding, PlanSummary
from connector_sdk.schema import ObjectInfo, ObjectSchema
from connector_sdk.spec import CONTRACT, DestinationSpec
from connector_sdk.sync import Sync

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    import click

GROUP = "connector_sdk.destinations"
"""The entry-point group; the name of an entry point is the type of its destination."""

_LET_THROUGH = ("write_batch", "recover_batch")
"""Hooks whose exceptions tell what became of a batch."""

_READS = ("connect", "list_objects", "discover_schema", "check_sync", "match", "read_records", "check_plan")
"""Hooks that write nothing, so that one which failed in passing is asked again at once."""

_ATTEMPTS = 4
_PAUSE = 0.5
_LONGEST_PAUSE = 2.0
"""How often such a hook is asked, and how long it is waited before the second time and at most, in seconds."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class Destination:
    """One destination, typed. Methods are named after the hooks; what a plugin answers is checked before it goes on.

    Raises `PluginError`, naming plugin and hook, when an answer breaks the contract.
    """

    def __init__(self, name: str, plugin: object) -> None:
        """Register `plugin`, a module or object with hook functions, under the type `name`."""
        self.name = name
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(DestinationHooks)
        self._manager.register(defaults)
        try:
            self._manager.register(plugin, name)
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise PluginError(f"destination {name}: {error}") from None
        self._check_arguments(plugin)
        self.spec = self._spec()

    def connect(self, config: Any, host: Host) -> Connection:
        """Log in with an instance of the spec's config class; raises `ConfigError` when that cannot succeed."""
        connection = self._required("connect", Connection, config=config, host=host)
        self._refuse("connect", "a connection", answers.connection_problems(connection))
        return connection

    def list_objects(self, connection: Connection) -> tuple[ObjectInfo, ...]:
        """List the objects that can be written."""
        objects = self._sequence("list_objects", self._call("list_objects", connection=connection), ObjectInfo)
        self._refuse("list_objects", "", answers.object_problems(objects))
        return objects

    def discover_schema(self, connection: Connection, object_name: str, refresh: bool = False) -> ObjectSchema:
        """Describe one object; raises `ConfigError` when it does not exist."""
        schema = self._required(
            "discover_schema", ObjectSchema, connection=connection, object_name=object_name, refresh=refresh
        )
        self._refuse("discover_schema", "an object", answers.schema_problems(schema, object_name))
        return schema

    def check_sync(self, connection: Connection, sync: Sync, options: Options) -> None:
        """Let the destination look at the settings of a sync; raises `ConfigError` with what is wrong with them."""
        problems = self._sequence(
            "check_sync", self._call("check_sync", connection=connection, sync=sync, options=options), Problem
        )
        if problems:
            raise ConfigError(problems)

    def match(
        self,
        connection: Connection,
        objects: Sequence[str],
        field: str,
        values: pa.Array,
        *,
        is_reference: bool = False,
        successors: Sequence[str] = (),
    ) -> pa.Table:
        """Find records by the values of a field; the answer has `MATCH_SCHEMA`.

        `is_reference`: the records are those that rows refer to, not those that rows mean. A record that became one of
        `successors` may be answered as that one; these objects are not searched.
        """
        table = self._required(
            "match", pa.Table,
            connection=connection, objects=objects, field=field, values=values, is_reference=is_reference,
            successors=successors,
        )  # fmt: skip
        self._refuse("match", "", answers.match_problems(table, (*objects, *successors), len(values)))
        return table

    def read_records(
        self, connection: Connection, object_name: str, fields: Sequence[str]
    ) -> tuple[pa.RecordBatchReader, str]:
        """Read what the target holds now and the version it is at."""
        answer = self._call("read_records", connection=connection, object_name=object_name, fields=fields)
        match answer:
            case (pa.RecordBatchReader() as rows, str() as version) if list(rows.schema.names) == list(fields):
                return rows, version
        raise self._broken("read_records", f"did not answer (a stream of {list(fields)}, a version)")

    def write_batch(self, connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        """Write a batch; raises what the plugin raises, `PluginError` when the answer does not fit the batch."""
        result = self._required(
            "write_batch", WriteResult, connection=connection, batch=batch, options=options, attempt=attempt
        )
        return self._fitting("write_batch", result, batch)

    def recover_batch(
        self, connection: Connection, batch: Batch, options: Options, attempt: Attempt
    ) -> WriteResult | Recovery | Unknown:
        """Find out what became of a batch whose answer was lost."""
        answer = self._call("recover_batch", connection=connection, batch=batch, options=options, attempt=attempt)
        if isinstance(answer, WriteResult):
            return self._fitting("recover_batch", answer, batch)
        if isinstance(answer, Recovery | Unknown):
            return answer
        raise self._broken("recover_batch", f"answered {answer!r}, not a WriteResult, NOT_EXECUTED or Unknown")

    def classify_error(self, error: RowError | BaseException) -> Classification:
        """Say what an error asks for."""
        classification = self._required("classify_error", Classification, error=error)
        self._refuse("classify_error", "", answers.classification_problems(classification))
        return classification

    def check_plan(
        self, connection: Connection, plan: PlanSummary, options: Options, replacement: Batch | None = None
    ) -> tuple[Finding, ...]:
        """Let the destination look at a plan before it runs."""
        answer = self._call("check_plan", connection=connection, plan=plan, options=options, replacement=replacement)
        findings = self._sequence("check_plan", answer, Finding)
        self._refuse("check_plan", "", answers.finding_problems(findings))
        return findings

    def commands(self) -> tuple[click.Command, ...]:
        """The commands that the plugin adds."""
        from click import Command  # only a command line needs it

        return self._sequence("commands", self._call("commands"), Command)

    def _spec(self) -> DestinationSpec:
        spec = self._required("destination_spec", DestinationSpec)
        if not isinstance(spec.contract, int) or spec.contract > CONTRACT:
            raise self._broken(
                "destination_spec", f"needs contract {spec.contract}, this core has {CONTRACT}: update connector-sdk"
            )
        problems = list(answers.spec_problems(spec))
        if problems:
            raise self._broken("destination_spec", "; ".join(problems))
        return spec

    def _check_arguments(self, plugin: object) -> None:
        """pluggy leaves arguments with defaults out of a call, silently: the plugin would never see their values."""
        for caller in self._manager.get_hookcallers(plugin) or ():
            for each in caller.get_hookimpls():
                if each.plugin is plugin and each.kwargnames:
                    raise self._broken(caller.name, f"has defaults for {', '.join(each.kwargnames)}: take them away")

    def _fitting(self, hook: str, result: WriteResult, batch: Batch) -> WriteResult:
        self._refuse(hook, "", answers.result_problems(result, batch.rows.num_rows))
        return result

    def _call(self, hook: str, **arguments: Any) -> Any:
        ask = partial(getattr(self._manager.hook, hook), **arguments)
        try:
            answer = self._persistently(hook, ask) if hook in _READS else ask()
        except ConnectorError:
            raise
        except Exception as error:
            if hook in _LET_THROUGH:
                raise
            raise self._raised(hook, error) from error
        except SystemExit as error:
            raise self._raised(hook, error) from error
        if answer is None:
            raise self._broken(hook, "answered nothing")
        return answer

    def _persistently(self, hook: str, ask: Callable[[], Any]) -> Any:
        """Ask until there is an answer, a failure that lasts, or the last of `_ATTEMPTS` failures."""
        from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

        return Retrying(
            retry=retry_if_exception(self._passes),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(_PAUSE, _LONGEST_PAUSE),
            before_sleep=lambda _: log.info("destination %s: %s failed in passing and is asked again", self.name, hook),
            reraise=True,
        )(ask)

    def _passes(self, error: BaseException) -> bool:
        """Whether the same question may be answered within the time that asking again takes."""
        if not isinstance(error, Exception) or isinstance(error, ConnectorError):
            return False
        known = self.classify_error(error)
        return known.kind in (Kind.TRANSIENT, Kind.THROTTLED) and (known.retry_after or 0) <= _LONGEST_PAUSE

    def _raised(self, hook: str, error: BaseException) -> ConnectorError:
        """An exception where there is no batch to settle: the connection's, if the plugin says so, or a breach."""
        if isinstance(error, Exception) and hook not in ("destination_spec", "classify_error"):
            known = self.classify_error(error)
            if known.kind is not Kind.FATAL:
                message = f"destination {self.name}: {hook} failed: {error}"
                return RunStopped(message, hint=known.advice or "run again", exit_code=ExitCode.UNREACHABLE)
        return self._broken(hook, f"raised {type(error).__name__}: {error}")

    def _refuse(self, hook: str, what: str, problems: Iterable[str]) -> None:
        found = list(problems)
        if found:
            raise self._broken(hook, f"answered {what} {'; '.join(found)}".replace("  ", " "))

    def _required(self, hook: str, type_: type[T], **arguments: Any) -> T:
        answer = self._call(hook, **arguments)
        if not isinstance(answer, type_):
            raise self._broken(hook, f"answered a {type(answer).__name__}, not a {type_.__name__}")
        return answer

    def _sequence(self, hook: str, answer: Any, type_: type[T]) -> tuple[T, ...]:
        if not isinstance(answer, Sequence) or not all(isinstance(each, type_) for each in answer):
            raise self._broken(hook, f"did not answer a list of {type_.__name__}")
        return tuple(answer)

    def _broken(self, hook: str, what: str) -> PluginError:
        return PluginError(f"destination {self.name}: {hook} {what}")


def installed() -> dict[str, tuple[EntryPoint, ...]]:
    """All installed destinations by type; more than one entry point for a type is a conflict."""
    from importlib.metadata import entry_points

    found: dict[str, tuple[EntryPoint, ...]] = {}
    for each in entry_points(group=GROUP):
        found[each.name] = (*found.get(each.name, ()), each)
    return found


def load(type_: str) -> Destination:
    """Import the one plugin that provides `type_`; no other is touched.

    Raises `ConfigError` when none or several do (it lists what is installed), `PluginError` when the import fails.
    """
    providers = installed().get(type_, ())
    if len(providers) != 1:
        raise ConfigError([_resolution_problem(type_, providers)])
    try:
        plugin = providers[0].load()
    except Exception as error:
        raise PluginError(f"destination {type_}: {providers[0].value} cannot be imported: {error}") from error
    return Destination(type_, plugin)


def _resolution_problem(type_: str, providers: Sequence[EntryPoint]) -> Problem:
    if providers:
        named = ", ".join(f"{each.dist.name} {each.dist.version}" if each.dist else each.value for each in providers)
        return Problem(f"destination {type_} is provided more than once: {named}", hint="uninstall all but one")
    have = ", ".join(sorted(installed())) or "none"
    return Problem(
        f"there is no destination {type_}; installed: {have}", hint=f"install the plugin that provides {type_}"
    )
