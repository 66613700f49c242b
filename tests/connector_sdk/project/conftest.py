"""Project files for tests: the example of the manual, and a destination to check syncs against."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import frozen

from connector_sdk import CONTRACT, Api, ConfigError, Delivery, DestinationSpec, Mode, Problem, Removal
from connector_sdk.project.load import load_project

EXAMPLE = """\
version: 1
connections:
  crm:
    type: ledger
    login_url: https://acme.example.com
    auth: {flow: client_credentials, client_id: "${LEDGER_ID}", client_secret: "${LEDGER_SECRET}"}
    api_version: "58.0"
models:
  contacts: {file: contacts.parquet, primary_key: contact_id}
  accounts: {sql: "select * from 'accounts.csv' where active", primary_key: [region, account_key]}
syncs:
  contacts:
    model: contacts
    connection: crm
    object: [Contact, Lead]
    create_in: Lead
    mode: upsert
    match: {field: External_Id__c, column: contact_id}
    fields:
      LastName: last_name
      Email: {column: email, null: keep}
      Nickname: {column: nick, truncate: true}
      LeadSource: {value: Warehouse}
      AccountId: {find: Account, where: Unique_Key__c, equals: account_key, null: keep}
    on_removed: clear
    merge: {shared_id: person, is_child: duplicate}
    guards: {max_removed: 5%, min_rows: 0, max_changed: 1000}
    options: {api: bulk, batch_size: 1000, batch_bytes: 5000000, parallelism: 1, split_retries: off,
              retry_codes: [BUSY], hard_delete: true}
  accounts:
    model: accounts
    connection: crm
    object: Account
    mode: update
    match: {field: Unique_Key__c, column: account_key}
    fields: {Name: name}
sequences:
  nightly: [accounts, contacts]
keep: {days: 7, runs: 3}
"""

Loading = Callable[[str], tuple[Problem, ...]]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a project file."""

    def write_project(text: str) -> Path:
        file = tmp_path / "connector.yml"
        file.write_text(text, encoding="utf-8")
        return file

    return write_project


@pytest.fixture
def refused(write: Callable[[str], Path]) -> Loading:
    """Load a project that is wrong, and return its problems."""

    def read_problems(text: str) -> tuple[Problem, ...]:
        with pytest.raises(ConfigError) as caught:
            load_project(write(text))
        return caught.value.problems

    return read_problems


@frozen
class NoSettings:
    """A configuration without settings."""


@pytest.fixture
def spec() -> DestinationSpec:
    """A destination with two ways to write."""
    nothing, clear, delete = Removal.NOTHING, Removal.CLEAR, Removal.DELETE
    keyed = dict.fromkeys((Mode.UPSERT, Mode.UPDATE, Mode.ARCHIVE), Delivery.AT_LEAST_ONCE)
    return DestinationSpec(
        name="ledger",
        contract=CONTRACT,
        modes={
            Mode.UPSERT: frozenset({nothing, clear, delete}),
            Mode.UPDATE: frozenset({nothing, clear}),
            Mode.INSERT: frozenset({nothing}),
            Mode.ARCHIVE: frozenset({nothing}),
        },
        apis=(
            Api(
                name="bulk",
                delivery={**keyed, Mode.INSERT: Delivery.EXACTLY_ONCE},
                rows_default=1_000,
                rows_max=10_000,
                bytes_max=10_000_000,
                parallel_default=10,
                parallel_max=50,
            ),
            Api(
                name="rest",
                delivery=keyed,
                rows_default=200,
                rows_max=200,
                bytes_max=None,
                parallel_default=4,
                parallel_max=8,
            ),
        ),
        config=NoSettings,
        options=NoSettings,
    )
