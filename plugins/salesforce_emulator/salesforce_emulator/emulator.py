"""An emulated org that runs inside a test."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

from salesforce_emulator.app import build_app
from salesforce_emulator.components import picklist_values
from salesforce_emulator.conversion import Converted, convert_by_hand
from salesforce_emulator.dml.model import RowResult
from salesforce_emulator.org.model import Org
from salesforce_emulator.org.reading import camel, read_org
from salesforce_emulator.server import BackgroundServer, bind_sockets, url_of
from salesforce_emulator.world import World


class Emulator:
    """A Salesforce org on two local ports, one for logins and one for the APIs, served from a thread.

    `org` is an org file, a mapping, an Org, or None for the default org. A mapping with `extends: default` changes the
    default org.
    Use the emulator as a context manager, or call `start` and `stop`. Raises OrgError with every problem of the org.
    """

    def __init__(
        self,
        org: Org | str | Path | dict[str, Any] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        login_port: int | None = None,
        seed: int = 0,
    ) -> None:
        self.world = World(org if isinstance(org, Org) else read_org(org), seed)
        self._address = (host, port, login_port)
        self._server: BackgroundServer | None = None

    @property
    def login_url(self) -> str:
        """The address of the login host."""
        return self.world.hosts.login

    @property
    def instance_url(self) -> str:
        """The address of the APIs, as token responses name it."""
        return self.world.hosts.instance

    @property
    def client_id(self) -> str:
        """The client id of the app."""
        return self.world.org.application.client_id

    @property
    def client_secret(self) -> str:
        """The client secret of the app."""
        return self.world.org.application.client_secret

    @property
    def password(self) -> str:
        """The password of every user."""
        return self.world.org.password

    @property
    def username(self) -> str:
        """The user that clients are logged in as."""
        return self.world.org.username

    def start(self) -> Self:
        """Start the server. Return as soon as its ports accept connections."""
        bound = bind_sockets(*self._address)
        self.world.hosts.instance, self.world.hosts.login = map(url_of, bound)
        self._server = BackgroundServer(build_app(self.world), bound)
        self._server.start()
        return self

    def stop(self) -> None:
        """Close every connection and both ports."""
        if self._server is not None:
            self._server.stop()
        self.world.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def records(self, object_name: str) -> list[dict[str, Any]]:
        """Return every record of an object with every field, including deleted records."""
        return self.world.records(object_name)

    def events(self, name: str) -> dict[str, Any]:
        """Return the published `events` in order, and their `counts` by key. Raises KeyError."""
        return self.world.events(name)

    def picklist(self, path: str) -> list[dict[str, Any]]:
        """Return every value of a picklist such as `Account.Tier__c`, in order, as an org file has it.

        Raises KeyError.
        """
        return picklist_values(self.world.org, path)

    def stats(self) -> dict[str, Any]:
        """Return `calls` by path pattern, and `executed` and `attempted` rows by object and key.

        If the org uses the lock model, the result also has `locks`.
        """
        return self.world.stats()

    def change_org(self, change: dict[str, Any]) -> None:
        """Apply a change to the org file while the org runs. Raises OrgError."""
        self.world.change(change)

    def change_app(self, name: str | None = None, **settings: Any) -> None:
        """Change the app, or one of `apps`, as an admin would: `change_app(blocked=True)`. Raises OrgError.

        The settings are those of an org file, in snake case, such as `rotate_refresh_tokens`.
        """
        changed = {camel(key): value for key, value in settings.items()}
        self.change_org({"application": changed} if name is None else {"apps": {name: changed}})

    def change_user(self, username: str | None = None, **states: bool) -> None:
        """Set what blocks the logins of a user, by default of the run-as user: `change_user(frozen=True)`.

        The states are those of an org file, in snake case: `frozen`, `locked_out`, `password_expired` and
        `outside_ip_range`. A frozen user loses all sessions and refresh tokens at once. Raises OrgError.
        """
        changed = {camel(key): value for key, value in states.items()}
        self.change_org({"users": {username or self.username: changed}})

    def faults(self, rules: list[dict[str, Any]]) -> None:
        """Replace the active fault rules. Raises FaultRuleError."""
        self.world.faults.replace(rules)

    def expire(self, access: bool = True, refresh: bool = False) -> None:
        """End every session if `access` is set. Invalidate every refresh token if `refresh` is set."""
        self.world.expire(access, refresh)

    def move(self) -> str:
        """Give the instance another host name, as enhanced domains do. Return its new address."""
        return self.world.hosts.move()

    def use(self, name: str, count: int) -> None:
        """Use up `count` units of an allocation such as `DailyApiRequests`, as if by other clients. Raises KeyError."""
        self.world.allocations.use(name, count)

    def advance(self, seconds: float) -> None:
        """Move the org's clock forward."""
        self.world.advance(seconds)

    def reset(self) -> None:
        """Restore the state of the org file: records, sessions, jobs, counters and fault rules."""
        self.world.reset()

    def insert(self, object_name: str, *records: dict[str, Any]) -> list[str]:
        """Create records by hand: not audited, without fault rules, and with read-only fields.

        Return their ids in order.
        """
        return _ids(self.world.by_hand("insert", object_name, list(records)))

    def update(self, object_name: str, *records: dict[str, Any]) -> list[str]:
        """Change records by hand. Each record names its Id."""
        return _ids(self.world.by_hand("update", object_name, list(records)))

    def delete(self, object_name: str, *ids: str) -> list[str]:
        """Move records to the recycle bin by hand."""
        return _ids(self.world.by_hand("delete", object_name, [{"Id": record_id} for record_id in ids]))

    def convert(self, *leads: str) -> list[Converted]:
        """Convert leads by hand. Each argument is an id or the value of a key field. Raises ValueError."""
        return convert_by_hand(self.world, leads)


def _ids(results: list[RowResult]) -> list[str]:
    problems = [f"{fault.code}: {fault.message}" for result in results for fault in result.faults]
    if problems:
        raise ValueError("; ".join(problems))
    return [str(result.record_id) for result in results]
