"""A loaded destination: the typed façade is the only caller of its hooks and checks every answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from copy import copy
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from connector_sdk.contract.batch import Attempt, Batch, Options
from connector_sdk.contract.connection import Connection, Host
from connector_sdk.contract.errors import (
    ConfigError,
    ConnectorError,
    ExitCode,
    NotExecuted,
    PluginError,
    Problem,
    RunStopped,
)
from connector_sdk.contract.hookspecs import NEEDED_BY, REQUIRED, DestinationHooks
from connector_sdk.contract.outcome import Classification, Kind, Recovery, RowError, Unknown, WriteResult
from connector_sdk.contract.plan import Finding, PlanSummary
from connector_sdk.contract.project import Sync
from connector_sdk.contract.schema import ObjectInfo, ObjectSchema
from connector_sdk.contract.spec import DestinationSpec
from connector_sdk.hooks import defaults, validation
from connector_sdk.hooks.closing import close
from connector_sdk.hooks.repeat import TRACEBACKS, Questions
from connector_sdk.hooks.signatures import HookManager

if TYPE_CHECKING:
    import click

_LET_THROUGH = ("write_batch", "recover_batch")
"""The hooks whose exceptions say what became of a batch."""

_READS = ("connect", "list_objects", "discover_schema", "check_sync", "match", "read_records", "check_plan")
"""The hooks that write nothing. If one of them fails with an error that may pass, it is called again at once."""

T = TypeVar("T")

tracebacks = logging.getLogger(TRACEBACKS)


class Destination:
    """One destination with typed methods. They are named after the hooks and check what the plugin answers.

    They raise `PluginError`, which names the plugin and the hook, if an answer breaks the contract.
    """

    def __init__(self, name: str, plugin: object) -> None:
        """Register `plugin`, a module or object with hook functions, under the type `name`."""
        self.name = name
        self._manager = HookManager(DestinationHooks)
        self._manager.register(defaults)
        self._manager.add(plugin, name)
        self._questions = Questions(name, self.classify_error)
        self._shares: tuple[Callable[[], AbstractContextManager[None]], ...] = ()
        self.spec = self._load_spec()

    def with_share(self, share: Callable[[], AbstractContextManager[None]]) -> Destination:
        """Return this destination for the calls of one connection. Each call holds a `share` until it returns."""
        found = copy(self)
        found._shares = (*self._shares, share)
        return found

    @property
    def narrows_lookups(self) -> bool:
        """Whether `match` takes further fields that a record must have."""
        return self._manager.takes("match", "conditions")

    def connect(self, config: Any, host: Host) -> Connection:
        """Log in with an instance of the spec's config class. Raises `ConfigError` if the login cannot succeed."""
        connection = self._call_required("connect", Connection, config=config, host=host)
        problems = list(validation.connection_problems(connection))
        if problems:
            close(connection, scrub=lambda _: "")  # the secrets are not known yet, so nothing is logged
            self._refuse("connect", "a connection", problems)
        return connection

    def list_objects(self, connection: Connection) -> tuple[ObjectInfo, ...]:
        """List the objects that can be written."""
        objects = self._sequence("list_objects", self._call("list_objects", connection=connection), ObjectInfo)
        self._refuse("list_objects", "", validation.object_problems(objects))
        return objects

    def discover_schema(self, connection: Connection, object_name: str, refresh: bool = False) -> ObjectSchema:
        """Describe one object. Raises `ConfigError` if it does not exist."""
        schema = self._call_required(
            "discover_schema", ObjectSchema, connection=connection, object_name=object_name, refresh=refresh
        )
        self._refuse("discover_schema", "an object", validation.schema_problems(schema, object_name))
        return schema

    def check_sync(self, connection: Connection, sync: Sync, options: Options) -> None:
        """Let the destination check the settings of a sync. Raises `ConfigError` with what is wrong with them."""
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
        conditions: Mapping[str, Any] | None = None,
    ) -> pa.Table:
        """Find records by the values of a field. Return a table with `MATCH_SCHEMA`.

        `is_reference`: rows refer to these records, and are not written to them. The objects in `successors` are not
        searched. If a record was converted into a record of one of them, the destination may return that record.
        `conditions` are further fields with the values that a record must have there.
        """
        table = self._call_required(
            "match", pa.Table,
            connection=connection, objects=objects, field=field, values=values, is_reference=is_reference,
            successors=successors, conditions=conditions or {},
        )  # fmt: skip
        self._refuse("match", "", validation.match_problems(table, (*objects, *successors), len(values)))
        return table

    def read_records(
        self, connection: Connection, object_name: str, fields: Sequence[str]
    ) -> tuple[pa.RecordBatchReader, str]:
        """Read what the target holds now, and its version. The hook is called again if reading its stream fails."""
        answer = self._call(
            "read_records", validation.read_stream, connection=connection, object_name=object_name, fields=fields
        )
        match answer:
            case (pa.RecordBatchReader() as rows, str() as version) if list(rows.schema.names) == list(fields):
                return rows, version
        raise self._make_plugin_error("read_records", f"did not answer (a stream of {list(fields)}, a version)")

    def write_batch(self, connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        """Write a batch. Raises what the plugin raises, and `PluginError` if the answer does not fit the batch."""
        result = self._call_required(
            "write_batch", WriteResult, connection=connection, batch=batch, options=options, attempt=attempt
        )
        return self._check_write_result("write_batch", result, batch)

    def recover_batch(
        self, connection: Connection, batch: Batch, options: Options, attempt: Attempt
    ) -> WriteResult | Recovery | Unknown:
        """Find out what became of a batch whose response was lost."""
        answer = self._call("recover_batch", connection=connection, batch=batch, options=options, attempt=attempt)
        if isinstance(answer, WriteResult):
            return self._check_write_result("recover_batch", answer, batch)
        if isinstance(answer, Recovery | Unknown):
            return answer
        raise self._make_plugin_error(
            "recover_batch", f"answered {answer!r}, not a WriteResult, NOT_EXECUTED or Unknown"
        )

    def classify_error(self, error: RowError | BaseException) -> Classification:
        """Classify an error: what to do about it."""
        classification = self._call_required("classify_error", Classification, error=error)
        self._refuse("classify_error", "", validation.classification_problems(classification))
        return classification

    def check_plan(
        self, connection: Connection, plan: PlanSummary, options: Options, replacement: Batch | None = None
    ) -> tuple[Finding, ...]:
        """Let the destination check a plan before it runs."""
        answer = self._call("check_plan", connection=connection, plan=plan, options=options, replacement=replacement)
        findings = self._sequence("check_plan", answer, Finding)
        self._refuse("check_plan", "", validation.finding_problems(findings))
        return findings

    def commands(self) -> tuple[click.Command, ...]:
        """Return the commands that the plugin adds."""
        from click import Command  # imported here, because only a command line needs it

        return self._sequence("commands", self._call("commands"), Command)

    def released_guards(self, options: Options) -> frozenset[str]:
        """Return the guards that a sync with these options releases permanently."""
        found = self._ask_spec("released_guards", options)
        is_list = isinstance(found, Collection) and not isinstance(found, str)
        if not is_list or not all(isinstance(each, str) for each in found):
            raise self._make_plugin_error(
                "destination_spec", f"has released_guards that answered {found!r}, not names of guards"
            )
        return frozenset(found)

    def resends(self, options: Options) -> bool:
        """Return whether a sync with these options sends rows again that may have been created."""
        return bool(self._ask_spec("at_least_once", options))

    def _ask_spec(self, name: str, options: Options) -> Any:
        try:
            return getattr(self.spec, name)(options)
        except Exception as error:
            self.log_traceback(f"{name} of its spec", error)
            reason = f"has {name} that raised {type(error).__name__}: {error}"
            raise self._make_plugin_error("destination_spec", reason) from error

    def _load_spec(self) -> DestinationSpec:
        """Return the spec. Raises `PluginError` with everything that is wrong with the spec and the hooks."""
        problems, cause, spec = list(self._manager.problems), None, None
        problems += self._find_missing(REQUIRED, "every destination needs it")
        if self._manager.implements("destination_spec"):
            try:
                spec = self._call_required("destination_spec", DestinationSpec)
            except PluginError as error:
                cause = error.__cause__
                reason = str(error).removeprefix(f"destination {self.name}: ")
                problems.append(reason + validation.hint_at_contract(cause))
        if spec is not None:
            spec, wrong = validation.read_spec(spec)
            problems += (f"destination_spec: {each}" for each in (*validation.contract_problems(spec), *wrong))
            for mode in spec.modes if not wrong else ():
                problems += self._find_missing((NEEDED_BY.get(mode, ""),), f"mode {mode} needs it")
        if spec is None or problems:
            lines = (f"destination {self.name}: {each}" for each in dict.fromkeys(problems))
            raise PluginError("\n".join(lines)) from cause
        return spec

    def _find_missing(self, hooks: Iterable[str], why: str) -> list[str]:
        """Return a problem for each hook that has no function at all. An invalid function is another problem."""
        told = {each.partition(" ")[0] for each in self._manager.problems}
        return [
            f"{hook} is missing: {why}"
            for hook in hooks
            if hook and hook not in told and not self._manager.implements(hook)
        ]

    def _check_write_result(self, hook: str, result: WriteResult, batch: Batch) -> WriteResult:
        self._refuse(hook, "", validation.result_problems(result, batch.rows.num_rows))
        return result

    def _call(self, hook: str, receive: Callable[[Any], Any] | None = None, /, **arguments: Any) -> Any:
        """Call a hook. `receive` converts its answer as a part of the call."""

        def ask() -> Any:
            answer = getattr(self._manager.hook, hook)(**arguments)
            return answer if receive is None else receive(answer)

        try:
            with ExitStack() as held:
                for share in self._shares:
                    held.enter_context(share())
                answer = self._questions.ask(hook, ask) if hook in _READS else ask()
        except ConnectorError:
            raise
        except Exception as error:
            if hook in _LET_THROUGH:
                raise
            raise self._translate_error(hook, error) from error
        except SystemExit as error:
            raise self._report_breach(hook, error) from error
        if answer is None:
            raise self._make_plugin_error(hook, "answered nothing")
        return answer

    def _translate_error(self, hook: str, error: Exception) -> ConnectorError:
        """Return the error for an exception of a hook that writes no batch.

        The plugin may classify it as a failure of the destination. Otherwise it is a breach of the contract.
        """
        if hook not in ("destination_spec", "classify_error"):
            known = self._questions.understand(error)
            message = f"destination {self.name}: {hook} failed: {error}"
            if known.kind is not Kind.FATAL:
                return RunStopped(message, hint=known.advice or "run again", exit_code=ExitCode.UNREACHABLE)
            if isinstance(error, NotExecuted):
                return RunStopped(message, hint=known.advice or known.cause or "see the calls of this run")
        return self._report_breach(hook, error)

    def _report_breach(self, hook: str, error: BaseException) -> PluginError:
        """Log an exception that a hook must not raise, and return the error for it."""
        self.log_traceback(hook, error)
        return self._make_plugin_error(hook, f"raised {type(error).__name__}: {error}")

    def log_traceback(self, hook: str, error: BaseException) -> None:
        """Log the traceback of an unexpected error in a plugin. Users see one line of it elsewhere."""
        tracebacks.error("destination %s: %s raised %s", self.name, hook, type(error).__name__, exc_info=error)

    def _refuse(self, hook: str, what: str, problems: Iterable[str]) -> None:
        found = list(problems)
        if found:
            raise self._make_plugin_error(hook, f"answered {what} {'; '.join(found)}".replace("  ", " "))

    def _call_required(self, hook: str, type_: type[T], **arguments: Any) -> T:
        answer = self._call(hook, **arguments)
        if not isinstance(answer, type_):
            raise self._make_plugin_error(hook, f"answered a {type(answer).__name__}, not a {type_.__name__}")
        return answer

    def _sequence(self, hook: str, answer: Any, type_: type[T]) -> tuple[T, ...]:
        if not isinstance(answer, Sequence) or not all(isinstance(each, type_) for each in answer):
            raise self._make_plugin_error(hook, f"did not answer a list of {type_.__name__}")
        return tuple(answer)

    def _make_plugin_error(self, hook: str, what: str) -> PluginError:
        return PluginError(f"destination {self.name}: {hook} {what}")
