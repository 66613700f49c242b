"""Hold the token of a connection: get it once, share it with every thread, and renew it in one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from attrs import field, frozen

from connector_salesforce.errors.codes import classify_call
from connector_salesforce.errors.exceptions import CallFailed
from connector_sdk import Executed, Finding, Kind


@frozen
class Login:
    """A session: its token, where the API is, and the org and user that it belongs to.

    Ids have 18 characters. An unknown user id or username is empty. `findings` report how the login went.
    """

    token: str = field(repr=False)
    instance: str
    org_id: str
    user_id: str
    username: str = ""
    findings: tuple[Finding, ...] = ()


class Credentials:
    """The current login of a connection, safe to use from any thread."""

    def __init__(self, log_in: Callable[[], Login]) -> None:
        """Log in. Raises what `log_in` raises."""
        self._log_in = log_in
        self._lock = threading.Lock()
        self._login = log_in()
        self._refused: dict[str, CallFailed] = {}

    @property
    def login(self) -> Login:
        """The current login."""
        return self._login

    def renew(self, ended: str) -> Login:
        """Return a login whose token is not `ended`: one that another thread has renewed, or a new one.

        A renewal that fails for good is tried once, not once per thread, because repeated failures lock a user out.
        Raises `CallFailed`.
        """
        with self._lock:
            if self._login.token != ended:
                return self._login
            if ended in self._refused:
                raise self._refused[ended]
            try:
                self._login = self._same_org(self._log_in())
            except CallFailed as error:
                if classify_call(error).kind is Kind.FATAL:
                    self._refused[ended] = error
                raise
            return self._login

    def _same_org(self, login: Login) -> Login:
        if login.org_id != self._login.org_id:
            message = f"the new session belongs to the org {login.org_id}, not {self._login.org_id}"
            raise CallFailed("ORG_CHANGED", message, Executed.NO)
        return login
