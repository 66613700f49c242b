"""Log in with an assertion that names the user and is signed with the key of the app's certificate.

Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration". Apps differ in the audience that they
take. External client apps refuse the login hosts that all orgs share (github.com/n8n-io/n8n, issue 28990). Some orgs
still refuse their own My Domain (github.com/forcedotcom/cli, issue 3482).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from attrs import define, evolve, field, frozen

from connector_salesforce.auth.oauth import request_token
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.flows import Jwt
from connector_salesforce.transport.credentials import Login
from connector_salesforce.transport.sending import Transport
from connector_sdk import Finding, Host, Level

_SECONDS = 180
_PRODUCTION, _SANDBOX = "https://login.salesforce.com", "https://test.salesforce.com"

_WRONG = 60.0
"""Seconds by which a clock must be wrong to explain a refused assertion, which is valid for three minutes."""

_AUDIENCE_REFUSED = ("app_not_found", "invalid_grant_audience")
"""Codes which may mean that the token endpoint does not take the audience of an assertion."""


@frozen
class Terms:
    """The audience of an assertion, and how many seconds Salesforce's clock is ahead of this machine's."""

    audience: str
    clock_off: float = 0.0


@frozen
class Refused:
    """A refused assertion: its terms, and the error."""

    terms: Terms
    error: CallFailed


@define(eq=False)
class JwtBearer:
    """The login of a user by assertions. Each login uses the terms that Salesforce accepted last.

    Each attempt signs a new assertion. Repeated failures lock a user out. A refused login is therefore tried again only
    if the refusal shows what to change: once for the audience and once for the clock.
    """

    auth: Jwt
    login_origin: str
    transport: Transport = field(repr=False)
    host: Host = field(repr=False)
    _terms: Terms = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._terms = Terms(self.auth.audience or self.login_origin)

    def log_in(self) -> Login:
        """Return a new session, whose findings report the refusals before it. Raises `CallFailed`."""
        terms, refused = self._terms, list[Refused]()
        while True:
            try:
                login = self._exchange(terms)
            except CallFailed as error:
                refused.append(Refused(terms, error))
                better = self._mend(terms, error)
                if better is None:
                    raise _choose_refusal(refused) from error
                terms = better
            else:
                self._terms = terms
                return evolve(login, findings=tuple(_findings(refused, terms)))

    def _exchange(self, terms: Terms) -> Login:
        signed = assertion(self.auth, terms)
        self.host.hide(self.auth.private_key.reveal())
        self.host.hide(signed)
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed}
        try:
            return request_token(self.transport, self.login_origin, form).login(self.login_origin)
        except CallFailed as error:
            if error.code == "invalid_grant_code":  # Salesforce's words for an expired assertion, too
                raise error.with_code("invalid_grant_clock", error.message) from None
            raise

    def _mend(self, terms: Terms, error: CallFailed) -> Terms | None:
        """Return the terms that a refusal asks for, or None if nothing is left to change."""
        audience, clock_off = terms.audience, terms.clock_off
        if clock_off == self._terms.clock_off and abs(error.clock_off - clock_off) >= _WRONG:
            clock_off = error.clock_off
        if error.code in _AUDIENCE_REFUSED and self.auth.audience is None:
            audience = shared_audience(self.login_origin)
        elif not error.code.startswith("invalid_grant"):
            return None
        better = Terms(audience, clock_off)
        return None if better == terms else better


def assertion(auth: Jwt, terms: Terms) -> str:
    """Return a signed assertion, valid for three minutes by Salesforce's clock. Expects a key that was checked."""
    import jwt  # an optional extra

    claims = {
        "iss": auth.client_id,
        "sub": auth.username,
        "aud": terms.audience,
        "exp": int(time.time() + terms.clock_off) + _SECONDS,
    }
    return jwt.encode(claims, auth.private_key.reveal(), algorithm="RS256")


def shared_audience(login_origin: str) -> str:
    """Return the login host that orgs of a kind share: one for sandboxes and scratch orgs, one for all others."""
    host = urlsplit(login_origin).hostname or ""
    inner = f".{host}"
    if host == "test.salesforce.com" or ".sandbox.my." in inner or ".scratch.my." in inner:
        return _SANDBOX
    return _PRODUCTION


def _findings(refused: Sequence[Refused], accepted: Terms) -> Iterator[Finding]:
    """Yield what the user can change so that the next login succeeds at the first attempt."""
    if not refused:
        return
    former, error = refused[0].terms, refused[-1].error
    if accepted.audience != former.audience:
        message = (
            f"the login for the audience {former.audience} was refused ({error.code}), "
            f"the one for {accepted.audience} was accepted"
        )
        advice = f"Set audience: {accepted.audience} in auth: each refused login is one more that can lock the user."
        yield Finding(Level.WARNING, message, advice)
    if accepted.clock_off != former.clock_off:
        message = f"{_clock(accepted.clock_off)}; the login succeeded by Salesforce's clock"
        yield Finding(Level.WARNING, message, "Set the clock of this machine right (NTP).")


def _choose_refusal(refused: Sequence[Refused]) -> CallFailed:
    """Return the refusal that says most, with the other attempts and the clock's error in its message.

    If the last refusal is about the audience, this is the first such refusal. Otherwise it is the last refusal.
    """
    last = refused[-1].error
    about = [each for each in refused if each.error.code in _AUDIENCE_REFUSED]
    error = about[0].error if last.code in _AUDIENCE_REFUSED else last
    message = error.message
    if len({each.terms.audience for each in refused}) > 1:
        tried = {each.terms.audience: each.error.code for each in refused}
        message += f"; tried for the audiences {' and '.join(f'{name} ({code})' for name, code in tried.items())}"
    if abs(last.clock_off) >= _WRONG:
        message += f"; {_clock(last.clock_off)}"
    return error.with_code(error.code, message)


def _clock(ahead: float) -> str:
    """Return in words how far this machine's clock is off. `ahead` is how many seconds Salesforce's is ahead of it."""
    minutes = abs(ahead) / 60
    far = f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
    return f"the clock of this machine is {far} {'behind' if ahead > 0 else 'ahead of'} Salesforce's"
