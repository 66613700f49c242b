"""Get the session of an org from the sf CLI on this machine.

Salesforce CLI Command Reference, "org display" and "org auth show-access-token". The first command shows the org.
Before 2026 it also showed the token, which only the second command shows since then.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.flows import SfCli
from connector_salesforce.ids import to18
from connector_salesforce.transport.credentials import Login
from connector_salesforce.transport.hosts import HostError, instance_origin
from connector_salesforce.transport.redaction import without_tokens
from connector_sdk import Executed

COMMAND_SECONDS = 60.0
"""Seconds that a command of the CLI may take."""

_TOKEN = re.compile(r"(00D\w{12})(\w{3})?![\w.]+|eyJ[\w-]+\.[\w-]+\.[\w-]+")
"""The form of an access token. Since 2026, other commands print words in its place."""


def cli_login(auth: SfCli, login_origin: str) -> Login:
    """Return the CLI's session. Raises `CallFailed` with the CLI's message if there is none."""
    shown = _run_command(auth, "org", "display")
    if not isinstance(shown, dict):
        raise _make_error("its answer about the org is none")
    token = str(shown.get("accessToken"))
    if not _is_token(token):
        token = _token(_run_command(auth, "org", "auth", "show-access-token", "--no-prompt"))
    try:
        instance, org_id = str(shown["instanceUrl"]), to18(str(shown["id"]))
        username = str(shown.get("username") or "")
        if org_id is None:
            raise _make_error("it names no org")
        return Login(token, instance_origin(instance, login_origin), org_id, "", username)
    except KeyError as error:
        raise _make_error(f"its answer lacks {error}") from None
    except HostError as error:
        raise CallFailed("FOREIGN_HOST", str(error), Executed.NO) from None


def _token(said: Any) -> str:
    """Return the token in an answer of show-access-token. Its keys are not documented, so any member may hold it."""
    candidates = said.values() if isinstance(said, dict) else [said]
    token = next((each for each in candidates if _is_token(each)), None)
    if token is None:
        raise CallFailed("SF_CLI_NO_TOKEN", "the sf CLI shows no access token", Executed.NO)
    return str(token)


def _is_token(said: Any) -> bool:
    return isinstance(said, str) and _TOKEN.fullmatch(said) is not None


def _run_command(auth: SfCli, *command: str) -> Any:
    """Run a command of the CLI without a shell, and return its result."""
    executable = shutil.which(auth.executable)
    if executable is None:
        raise CallFailed("SF_CLI_NOT_FOUND", f"there is no program {auth.executable} on the PATH", Executed.NO)
    org = [] if auth.org is None else ["--target-org", auth.org]
    try:
        ended = subprocess.run(
            [executable, *command, *org, "--json"],
            stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", timeout=COMMAND_SECONDS,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        message = f"sf {' '.join(command)} took more than {COMMAND_SECONDS:.0f} seconds"
        raise CallFailed("SF_CLI_TIMED_OUT", message, Executed.NO) from None
    except OSError as error:
        raise _make_error(error.strerror or "it cannot be run") from None
    return _result(ended.stdout, ended.returncode)


def _result(output: str, code: int) -> Any:
    try:
        said = json.loads(output)
        result = said.get("result")
    except (ValueError, AttributeError, RecursionError):
        raise _make_error(f"it ended with {code} and said nothing that can be read") from None
    if code or said.get("status") or result is None:
        raise _make_error(f"{said.get('name') or 'error'}: {said.get('message') or f'it ended with {code}'}")
    return result


def _make_error(why: str) -> CallFailed:
    return CallFailed("SF_CLI_FAILED", f"the sf CLI gives no session: {without_tokens(why)}", Executed.NO)
