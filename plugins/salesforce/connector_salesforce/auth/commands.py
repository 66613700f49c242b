"""Define the commands of destinations that log in to Salesforce: `login`, `logout` and `whoami`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import click
from attrs import asdict

from connector_salesforce.auth import oauth, stored_login
from connector_salesforce.auth.login import as_config_error, check_config, findings_of, reach
from connector_salesforce.auth.web_login import log_in_by_browser
from connector_salesforce.errors.codes import classify_call
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.flows import Web
from connector_salesforce.transport.hosts import origin
from connector_salesforce.transport.sending import Transport
from connector_sdk import CommandSettings, ConfigError, ConnectionSettings, ExitCode, RunStopped

_COLUMNS = ("connection", "org", "org_id", "user", "kind", "production", "instance")

_connection = click.argument("connection", required=False)


def login_commands(type_: str) -> tuple[click.Command, ...]:
    """Return the commands `login`, `logout` and `whoami` of a destination type that logs in to Salesforce."""

    @click.command()
    @_connection
    @click.option("--no-browser", is_flag=True, help="Only show the address to log in at.")
    @click.pass_obj
    def login(settings: CommandSettings, connection: str | None, no_browser: bool) -> None:
        """Log in to CONNECTION, which may be left out where there is one, and show whose org it is.

        In the browser where the connection has flow: web; the login is kept for this user of this machine. Other flows
        keep nothing: they are tried.
        """
        _login(settings, settings.settings_of(type_, connection), no_browser=no_browser)

    @click.command()
    @_connection
    @click.pass_obj
    def logout(settings: CommandSettings, connection: str | None) -> None:
        """End the login of CONNECTION at Salesforce, and forget it."""
        _logout(settings, settings.settings_of(type_, connection))

    @click.command()
    @_connection
    @click.pass_obj
    def whoami(settings: CommandSettings, connection: str | None) -> None:
        """Show whose org CONNECTION reaches, as which user, and whether it is production or a sandbox."""
        _show(settings, settings.settings_of(type_, connection))

    return login, logout, whoami


def _login(settings: CommandSettings, found: ConnectionSettings, *, no_browser: bool) -> None:
    def show(url: str) -> None:
        settings.say(f"Log in with a browser on this machine, within five minutes:\n{url}")
        if not no_browser:
            click.launch(url)

    if isinstance(found.config.auth, Web):
        with _translate_errors(found):
            _log_in(found, show)
    _show(settings, found)


def _logout(settings: CommandSettings, found: ConnectionSettings) -> None:
    stored = stored_login.load(found.host.tokens)
    if stored is None:
        settings.say(f"no user is logged in to {found.name}")
        return
    found.host.hide(stored.refresh_token)
    found.host.tokens.forget()
    try:
        with closing(Transport(found.host.call_finished)) as transport:
            oauth.revoke(transport, stored.login_url, stored.refresh_token)
    except CallFailed as error:
        message = f"the login of {found.name} is forgotten here, but Salesforce could not end it: {error}"
        hint = "revoke it in Setup, Connected Apps OAuth Usage"
        raise RunStopped(message, hint=hint, exit_code=ExitCode.UNREACHABLE) from None
    settings.say(f"logged out of {found.name}")


def _log_in(found: ConnectionSettings, show: Callable[[str], None]) -> None:
    check_config(found.config)
    with closing(Transport(found.host.call_finished)) as transport, as_config_error():
        log_in_by_browser(found.config.auth, origin(found.config.login_url), transport, found.host, show)


def _show(settings: CommandSettings, found: ConnectionSettings) -> None:
    with _translate_errors(found):
        org, identity = reach(found.config, found.host)
    org.close()
    for each in findings_of(found.config, org):
        settings.say(f"{each.level}: {each.message} — {each.advice}")
    settings.write(_COLUMNS, [{"connection": found.name, **asdict(identity)}])


@contextmanager
def _translate_errors(found: ConnectionSettings) -> Iterator[None]:
    """Add the connection's place to a `ConfigError`, and turn a `CallFailed` into a `RunStopped` with advice.

    A failed call may succeed later, so it is not a fault of the settings.
    """
    try:
        yield
    except ConfigError as error:
        raise error.with_prefix("connections", found.name) from None
    except CallFailed as error:
        raise RunStopped(str(error), hint=classify_call(error).advice, exit_code=ExitCode.UNREACHABLE) from None
