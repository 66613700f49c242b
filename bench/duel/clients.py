"""The clients of the duel: how to set up each in a folder, and the command that a scheduler starts repeatedly."""

from __future__ import annotations

import csv
import os
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from attrs import frozen

PEERS = Path(__file__).parents[2] / ".venv-duel" / "bin"
"""The folder where `make duel` installs the peers."""

_PROJECT = """\
version: 1
connections:
  crm:
    type: salesforce
    login_url: {login_url}
    auth: {{flow: client_credentials, client_id: {client_id}, client_secret: "${{SF_CLIENT_SECRET}}"}}
models:
  contacts: {{file: contacts.csv, primary_key: last_name}}
syncs:
  contacts:
    model: contacts
    connection: crm
    object: Contact
    mode: insert
    fields: {{LastName: last_name, FirstName: first_name, Email: email}}
    options: {{api: bulk}}
"""

_DRT_PROJECT = """\
name: duel
version: "0.1"
profile: duel
"""

_DRT_PROFILE = """\
duel:
  type: sqlite
  database: {database}
"""

_DRT_SYNC = """\
name: contacts
description: Contacts into Salesforce
model: 'SELECT last_name AS "LastName", first_name AS "FirstName", email AS "Email" FROM contacts'
destination:
  type: salesforce_bulk
  instance_url_env: SF_INSTANCE_URL
  object_name: Contact
  operation: insert
  client_id_env: SF_CLIENT_ID
  client_secret_env: SF_CLIENT_SECRET
  username_env: SF_USERNAME
  password_env: SF_PASSWORD
  poll_interval_seconds: 1
sync:
  mode: full
  on_error: fail
"""

Rows = Sequence[Mapping[str, str]]


@frozen
class Client:
    """A client. The version of `distribution` is shown, and a scheduler starts `command` in the client's folder."""

    name: str
    distribution: str
    python: Path
    set_up: Callable[[Path, Rows, Mapping[str, str]], None]
    command: tuple[str, ...]


def environment(folder: Path, about: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables of each client."""
    return {
        **os.environ,
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "NO_PROXY": "*",
        "SF_INSTANCE_URL": about["instance_url"],
        "SF_CLIENT_ID": about["client_id"],
        "SF_CLIENT_SECRET": about["client_secret"],
        "SF_USERNAME": about["username"],
        "SF_PASSWORD": "emulator-password",
    }


def _connector(folder: Path, rows: Rows, about: Mapping[str, str]) -> None:
    project = _PROJECT.format(login_url=about["login_url"], client_id=about["client_id"])
    (folder / "connector.yml").write_text(project)
    _csv(folder / "contacts.csv", rows)


def _simple(folder: Path, rows: Rows, _: Mapping[str, str]) -> None:
    names = {"last_name": "LastName", "first_name": "FirstName", "email": "Email"}
    _csv(folder / "contacts.csv", [{names[name]: value for name, value in row.items()} for row in rows])


def _drt(folder: Path, rows: Rows, _: Mapping[str, str]) -> None:
    (folder / "drt_project.yml").write_text(_DRT_PROJECT)
    (folder / "syncs").mkdir()
    (folder / "syncs" / "contacts.yml").write_text(_DRT_SYNC)
    (folder / ".drt").mkdir()
    (folder / ".drt" / "profiles.yml").write_text(_DRT_PROFILE.format(database=folder / "contacts.db"))
    with sqlite3.connect(folder / "contacts.db") as database:
        database.execute("create table contacts (last_name text, first_name text, email text)")
        database.executemany("insert into contacts values (:last_name, :first_name, :email)", rows)
    database.close()


def _csv(path: Path, rows: Rows) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


_SCRIPT = str(Path(__file__).with_name("simple_client.py"))
_OWN = Path(sys.executable)
_RUN = (str(_OWN.with_name("connector")), "run", "contacts", "--first-run", "send", "--quiet")

CLIENTS = (
    Client("connector, bulk", "connector-salesforce", _OWN, _connector, _RUN),
    Client(
        "simple-salesforce, bulk2", "simple-salesforce", PEERS / "python", _simple, (str(PEERS / "python"), _SCRIPT)
    ),
    Client("drt, salesforce_bulk", "drt-core", PEERS / "python", _drt, (str(PEERS / "drt"), "run")),
)
