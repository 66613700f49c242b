"""The ways to log in to Salesforce, with the settings of each (Salesforce Help, "OAuth Authorization Flows")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from attrs import Attribute, field, frozen

from connector_salesforce.private_key import key_problems
from connector_sdk import Problem, Secret

CALLBACK_URL = "http://localhost:1717/OauthRedirect"
_THIS_MACHINE = ("localhost", "127.0.0.1")
_SHARED_HOSTS = ("login.salesforce.com", "test.salesforce.com")


@frozen
class ClientCredentials:
    """The login of a server as the user that the app runs as."""

    flow: Annotated[Literal["client_credentials"], "The way to log in."]
    client_id: Annotated[str, "The consumer key of the app."]
    client_secret: Annotated[Secret, "The consumer secret of the app."]

    def problems(self, login_url: str) -> Iterator[Problem]:
        """Yield the problems that prevent this login."""
        if urlsplit(login_url).hostname in _SHARED_HOSTS:
            yield Problem(
                f"client credentials cannot log in at {login_url}, which belongs to no org",
                ("login_url",),
                "use the org's My Domain, such as https://acme.my.salesforce.com (Setup, My Domain)",
            )
        yield from _without_key(self.client_id)
        if not self.client_secret.reveal():
            yield Problem("the consumer secret is empty", ("auth", "client_secret"), "take it from the app in Setup")


@frozen
class Web:
    """The login of a person, who logs in once in the browser (connector salesforce login). Runs renew the session."""

    flow: Annotated[Literal["web"], "The way to log in."]
    client_id: Annotated[str, "The consumer key of the app."]
    client_secret: Annotated[Secret | None, "The consumer secret, where the app requires one."] = None
    callback_url: Annotated[
        str | tuple[str, ...],
        "The app's callback URL on this machine, or several of which one with a free port is taken.",
    ] = field(default=CALLBACK_URL)

    @callback_url.validator
    def _is_of_this_machine(self, _attribute: Attribute[object], _value: object) -> None:
        for each in self.callback_urls:
            parts = urlsplit(each)
            if parts.scheme != "http" or parts.hostname not in _THIS_MACHINE or parts.query or parts.fragment:
                raise ValueError(
                    f"{each!r} cannot be used as a callback URL: write an http URL on this machine"
                    f" without query or fragment, such as {CALLBACK_URL}"
                )

    @property
    def callback_urls(self) -> tuple[str, ...]:
        """The callback URLs, in the order of preference."""
        return (self.callback_url,) if isinstance(self.callback_url, str) else self.callback_url

    def problems(self, login_url: str) -> Iterator[Problem]:
        """Yield the problems that prevent this login."""
        yield from _without_key(self.client_id)


@frozen
class Jwt:
    """The login of a server as a user, signed with the private key of the app's certificate."""

    flow: Annotated[Literal["jwt"], "The way to log in."]
    client_id: Annotated[str, "The consumer key of the app."]
    username: Annotated[str, "The user to log in as."]
    private_key: Annotated[Secret, "The private key as PEM, such as ${file:server.key}."]
    audience: Annotated[
        str | None, "Whom the assertion is for; left out, login_url, and where that is refused the shared login host."
    ] = None

    def problems(self, login_url: str) -> Iterator[Problem]:
        """Yield the problems that prevent this login."""
        yield from _without_key(self.client_id)
        if not self.username:
            yield Problem("the username is empty", ("auth", "username"), "name the user to log in as")
        yield from key_problems(self.private_key.reveal())


@frozen
class SfCli:
    """The session of an org that the sf CLI on this machine is logged in to."""

    flow: Annotated[Literal["sf_cli"], "The way to log in."]
    org: Annotated[str | None, "The alias or username of the org; the default org of the CLI if left out."] = None
    executable: Annotated[str, "The CLI, where it is not on the PATH."] = "sf"

    def problems(self, login_url: str) -> Iterator[Problem]:
        """Yield the problems that prevent this login."""
        if self.org is not None and (not self.org or self.org.startswith("-")):
            yield Problem(f"{self.org!r} is not an org of the sf CLI", ("auth", "org"), "sf org list shows them")


def _without_key(client_id: str) -> Iterator[Problem]:
    if not client_id:
        yield Problem("the consumer key is empty", ("auth", "client_id"), "take it from the app in Setup")
