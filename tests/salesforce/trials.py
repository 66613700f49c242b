"""Uses of hooks, each tried with every malformed answer to every call that it makes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pytest
from attrs import frozen
from connector_salesforce import CallFailed, Config

from connector_sdk import NOT_EXECUTED, Connection, ConnectorError, ExitCode, NotExecuted, Stale, WriteResult
from connector_sdk.hooks.destination import Destination
from connector_sdk.testing.doubles import RecordingHost

from .emulated import Emulated
from .malformed import MALFORMED
from .replayed import Replay, Wire, record_answers, replay_answers

Act = Callable[[Destination, Connection], Any]

ORDER = "the rows in another order"
"""The one malformed answer that no plugin can notice if a result names no row."""


LOGIN = ("POST /services/oauth2/token", "GET /query of Organization", "GET /services/oauth2/userinfo")
"""The calls that open a connection."""


@frozen
class Use:
    """One use of a hook. `prepare` makes what has to be in the org.

    `executing` are calls that may write rows: from then on nothing proves that none was written. `ordered`: results
    name no row, so their order counts. `once`: answers are malformed one by one, too. `others`: calls that are tried
    in another use. `seldom`: only in the long suite.
    """

    destination: str
    act: Act
    prepare: Callable[[Emulated], None] = lambda emulated: None
    executing: tuple[str, ...] = ()
    ordered: bool = False
    once: bool = False
    others: Collection[str] = LOGIN
    seldom: bool = False


@frozen
class Trial:
    """A use with what the org answers to it, and what comes of that."""

    use: Use
    config: Config
    wire: Wire
    truth: Any

    @classmethod
    def record(cls, use: Use, emulated: Emulated, monkeypatch: pytest.MonkeyPatch) -> Trial:
        """Perform the use with an emulated org, and record its answers."""
        use.prepare(emulated)
        with record_answers(monkeypatch) as wire:
            truth = _perform(use, emulated.config())
        return cls(use, emulated.config(), wire, truth)

    def outcome(self, monkeypatch: pytest.MonkeyPatch, replay: Replay) -> Any:
        """Return what a malformed answer leads to: a result, or an exception that a plugin may raise."""
        with replay_answers(monkeypatch, replay):
            try:
                return _perform(self.use, self.config)
            except (ConnectorError, CallFailed, NotExecuted, Stale) as error:
                return error

    def complaints(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        """Yield what is wrong after each malformed answer to each call, given each time or just once."""
        assert self.outcome(monkeypatch, Replay(self.wire)) == self.truth, "the same answers lead to the same"
        for call in self.wire.keys() - set(self.use.others):
            for name, malform in MALFORMED.items():
                for one in (None, *self._places(call)):
                    replay = Replay(self.wire, call, malform, one)
                    try:
                        said = self._judge(self.outcome(monkeypatch, replay), replay, name)
                    except Exception as error:
                        said = f"{type(error).__name__}: {str(error)[:200]}"
                    if said:
                        yield f"{call}, {name}{'' if one is None else f', number {one + 1}'}: {said}"

    def _places(self, call: str) -> set[int]:
        """Return the numbers of the answers to a call that are malformed alone: the first and the last."""
        return {0, len(self.wire[call]) - 1} if self.use.once else set()

    def _judge(self, outcome: Any, replay: Replay, name: str) -> str:
        if isinstance(outcome, ConnectorError):
            return f"{outcome}" if outcome.exit_code is ExitCode.BUG else ""
        if isinstance(outcome, NotExecuted) or outcome is NOT_EXECUTED:
            doubtful = replay.before & set(self.use.executing) and self.truth is not NOT_EXECUTED
            return f"nothing was executed: {outcome}" if doubtful else ""
        if isinstance(outcome, WriteResult) and isinstance(self.truth, WriteResult):
            if name == ORDER and self.use.ordered:
                return ""
            return "; ".join(_differences(self.truth, outcome))
        if isinstance(outcome, pa.Table):
            return "" if _lines(outcome) == _lines(self.truth) else f"found {outcome.to_pylist()}"
        return ""


def _perform(use: Use, config: Config) -> Any:
    destination = _destination(use.destination)
    connection = destination.connect(config, RecordingHost())
    try:
        return use.act(destination, connection)
    finally:
        connection.close()


def quick_uses(uses: Mapping[str, Use]) -> list[str]:
    """Return the names of the uses that the quick suite tries."""
    return [name for name, use in uses.items() if not use.seldom]


def complaints(use: Use, emulated: Emulated, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is wrong after malformed answers to the calls of a use."""
    return list(Trial.record(use, emulated, monkeypatch).complaints(monkeypatch))


_loaded: dict[str, Destination] = {}


def _destination(name: str) -> Destination:
    from connector_sdk.hooks.plugins import load

    if name not in _loaded:
        _loaded[name] = load(name)
    return _loaded[name]


def _lines(table: pa.Table) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=repr)


def _differences(truth: WriteResult, found: WriteResult) -> Iterator[str]:
    """Yield rows with a wrong outcome: succeeded but not written, or under another id; or failed but written."""
    for number, (true, said) in enumerate(zip(truth.rows.to_pylist(), found.rows.to_pylist(), strict=True)):
        if said["status"] == "succeeded" and (true["status"], true["record_id"]) != ("succeeded", said["record_id"]):
            yield f"row {number}: {true['status']}, {true['record_id']}, counts as written as {said['record_id']}"
        if true["status"] == "succeeded" and said["status"] in ("failed", "not_executed"):
            yield f"row {number} was written and is {said['status']}"
