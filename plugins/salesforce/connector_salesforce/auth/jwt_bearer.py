"""Log in with an assertion: who logs in, signed with the key to the app's certificate.

Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration". Which audience an app takes differs:
external client apps refuse the login hosts that all orgs share (github.com/n8n-io/n8n, issue 28990), and some orgs
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
"""Seconds by which a clock is wrong enough to have an assertion refused, which is good for three minutes."""

_AUDIENCE_REFUSED = ("app_not_found", "invalid_grant_audience")
"""What a token endpoint answers, among other things, to an assertion for an audience that it does not take."""


@frozen
class Terms:
    """Whom an assertion is for, and by how many seconds Salesforce's clock is ahead of this machine's."""

    audience: str
    clock_off: float = 0.0


@frozen
class Refused:
    """An assertion that was refused: its terms, and why."""

    terms: Terms
    error: CallFailed


@define(eq=False)
class JwtBearer:
    """Logs in as a user, each time with a new assertion. The terms that Salesforce took are used from then on.

    A refused login is tried again only where the refusal tells what to change, once for the audience and once for the
    clock: repeated failures lock a user out.
    """

    auth: Jwt
    login_origin: str
    transport: Transport = field(repr=False)
    host: Host = field(repr=False)
    _terms: Terms = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._terms = Terms(self.auth.audience or self.login_origin)

    def log_in(self) -> Login:
        """Return a new session; its findings tell of refusals before it. Raises `CallFailed`."""
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
            if error.code == "invalid_grant_code":  # the words of another flow, for an assertion that is too old
                raise error.with_code("invalid_grant_clock", error.message) from None
            raise

    def _mend(self, terms: Terms, error: CallFailed) -> Terms | None:
        """Return the terms that a refusal asks for; None where nothing is left to change."""
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
    """Return a signed assertion, good for three minutes by Salesforce's clock. The key was checked before."""
    import jwt  # an optional extra

    claims = {
        "iss": auth.client_id,
        "sub": auth.username,
        "aud": terms.audience,
        "exp": int(time.time() + terms.clock_off) + _SECONDS,
    }
    return jwt.encode(claims, auth.private_key.reveal(), algorithm="RS256")


def shared_audience(login_origin: str) -> str:
    """Return the login host that all orgs of a kind share: sandboxes and scratch orgs, or all others."""
    host = urlsplit(login_origin).hostname or ""
    inner = f".{host}"
    if host == "test.salesforce.com" or ".sandbox.my." in inner or ".scratch.my." in inner:
        return _SANDBOX
    return _PRODUCTION


def _findings(refused: Sequence[Refused], accepted: Terms) -> Iterator[Finding]:
    """Yield what a person can do so that the next login succeeds at the first try."""
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
    """Return the refusal that says most, with what else was tried and how wrong the clock is.

    It is the first for an audience, unless another audience was taken and something else was refused then.
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
    """Return how far the clock of this machine is off, in words; `ahead` is how far Salesforce's is ahead of it."""
    minutes = abs(ahead) / 60
    far = f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
    return f"the clock of this machine is {far} {'behind' if ahead > 0 else 'ahead of'} Salesforce's"
