"""A destination that says whatever a test wants, in every place where a destination can say something.

It shares no hook with the reference destination, whose own words would hide what a test looks for. It also has secrets
within its settings, and hides none of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import click
from attrs import define, frozen

from connector_sdk import (
    CONTRACT,
    Api,
    Attempt,
    Batch,
    Call,
    Classification,
    CommandSettings,
    ConfigError,
    Connection,
    Delivery,
    Destination,
    DestinationSpec,
    Executed,
    ExitCode,
    Field,
    FieldType,
    Finding,
    Host,
    Kind,
    Level,
    Mode,
    NotExecuted,
    ObjectInfo,
    ObjectSchema,
    Problem,
    Removal,
    RowError,
    RunStopped,
    Secret,
    Unknown,
    WriteResult,
    hookimpl,
)


@frozen
class Keys:
    """Secrets within settings."""

    first: Secret
    others: dict[str, Secret]


@frozen
class MirrorConfig:
    """How to log in: the plugin hides none of it."""

    password: Secret
    keys: Keys


@frozen
class MirrorOptions:
    """No options."""


@define
class Mirror:
    """Says `words` wherever `says` names: a hook, and after it what kind of thing is said there."""

    words: str
    says: str = ""
    tokens: tuple[str, ...] = ()
    seen: Any = None

    def destination(self) -> Destination:
        """Return the destination of type `mirror`."""
        return Destination("mirror", self)

    @hookimpl
    def destination_spec(self) -> DestinationSpec:
        delivery = {Mode.UPSERT: Delivery.AT_LEAST_ONCE, Mode.INSERT: Delivery.EXACTLY_ONCE}
        return DestinationSpec(
            name="mirror",
            contract=CONTRACT,
            modes={Mode.UPSERT: frozenset({Removal.NOTHING}), Mode.INSERT: frozenset({Removal.NOTHING})},
            apis=(
                Api(
                    name="only",
                    delivery=delivery,
                    rows_default=10,
                    rows_max=10,
                    bytes_max=None,
                    parallel_default=1,
                    parallel_max=1,
                ),
            ),
            config=MirrorConfig,
            options=MirrorOptions,
        )

    @hookimpl
    def connect(self, config: MirrorConfig, host: Host) -> Connection:
        self.seen = config
        for each in self.tokens:
            host.hide(each)
        cut = f"{'x' * 16_200}{self.words}"[:16_384]
        url = f"https://mirror.example/?q={self.words}"
        host.call_finished(
            Call(
                at="2026-01-01T00:00:00Z",
                method="POST",
                url=url,
                status=400,
                seconds=0.1,
                request_bytes=1,
                response_bytes=1,
                request_body=self.words,
                response_body=cut,
                error=self.words,
            )
        )
        logging.getLogger("connector_sdk.mirror").warning("said %s", self.words, exc_info=ValueError(self.words))
        self._raise_if_asked("connect")
        return Connection(
            handle=self, account="account", label=f"label {self.words}", production=True, close=lambda: None
        )

    @hookimpl
    def list_objects(self) -> list[ObjectInfo]:
        self._raise_if_asked("list_objects")
        return [ObjectInfo("Thing", "Thing", frozenset({Mode.UPSERT, Mode.INSERT}))]

    @hookimpl
    def discover_schema(self, object_name: str) -> ObjectSchema:
        self._raise_if_asked("discover_schema")
        fields = (
            Field(name="key", type=FieldType.TEXT, unique=True, external_id=True),
            Field(name="text", type=FieldType.TEXT),
        )
        return ObjectSchema(
            name=object_name, label=object_name, fields=fields, modes=frozenset({Mode.UPSERT, Mode.INSERT})
        )

    @hookimpl
    def check_sync(self) -> list[Problem]:
        return [Problem(self.words, (), self.words)] if self.says == "check_sync" else []

    @hookimpl
    def check_plan(self) -> list[Finding]:
        self._raise_if_asked("check_plan")
        return [Finding(Level.STOP if self.says == "finding" else Level.INFO, self.words, self.words)]

    @hookimpl
    def write_batch(self, batch: Batch, attempt: Attempt) -> WriteResult:
        if self.says == "anchored":
            attempt.anchor("sent", job="1")
        self._raise_if_asked("write_batch")
        said = [self.words] * len(batch.rows)
        if self.says == "unknown row":
            return WriteResult.of(["unknown"] * len(said), code=said, message=said)
        return WriteResult.of(["failed"] * len(said), code=said, message=said, fields=said)

    @hookimpl
    def recover_batch(self) -> Unknown:
        return Unknown(self.words)

    @hookimpl
    def classify_error(self, error: RowError | BaseException) -> Classification:
        kind = Kind.FATAL if self.says.endswith("fatal") else Kind.REJECTED
        if isinstance(error, OSError):
            kind = Kind.TRANSIENT
        lost = isinstance(error, OSError)
        return Classification(
            kind=kind, executed=Executed.MAYBE if lost else Executed.NO, cause=self.words, advice=self.words, attempts=1
        )

    @hookimpl
    def commands(self) -> list[click.Command]:
        @click.command("say")
        @click.pass_obj
        def say(settings: CommandSettings) -> None:
            found = settings.settings_of("mirror")
            for each in self.tokens:
                found.host.hide(each)
            settings.say(self.words)
            self._raise_if_asked("command")

        return [say]

    def _raise_if_asked(self, hook: str) -> None:
        said, _, kind = self.says.partition(": ")
        if said == hook:
            raise RAISED[kind](self.words)


def _chain_errors(words: str) -> Exception:
    error = RuntimeError(words)
    error.__cause__ = LookupError(words)
    error.__cause__.__context__ = ConfigError([Problem(words, (), words)])
    return error


RAISED: dict[str, Callable[[str], BaseException]] = {
    "config": lambda words: ConfigError([Problem(words, ("password",), words)], exit_code=ExitCode.UNREACHABLE),
    "stopped": lambda words: RunStopped(words, hint=words),
    "bug": _chain_errors,
    "broken": lambda words: ConnectionError(words),
    "not executed": lambda words: NotExecuted(words, words),
    "fatal": lambda words: NotExecuted(words, words),
    "exit": lambda words: SystemExit(words),
}
