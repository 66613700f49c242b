"""The project file that `connector init` writes."""

from __future__ import annotations

from collections.abc import Collection

_TEMPLATE = """\
# A project of connector-sdk: what is read (models), where it goes (connections), and how (syncs).
# `connector schema > connector.schema.json` writes the JSON Schema with which an editor completes this file.
version: 1

connections:
  crm:
    type: {type}{spaces}# installed here: {installed}
    # The type's own settings stand here: `connector check` says which it needs, and what to write for each.
    # Secrets are never written here, only where they are found: ${{NAME}} in the environment, ${{file:PATH}}, or
    # ${{keyring:SERVICE/USER}}.

models:
  contacts:
    file: data/contacts.csv            # Parquet, CSV or JSON; or: sql: "select * from 'data/contacts.csv' where ..."
    primary_key: contact_id            # the column that identifies a row; [a, b] for several

syncs:
  contacts:
    model: contacts
    connection: crm
    object: Contact                    # connector discover crm lists the objects
    mode: upsert                       # insert | update | upsert | archive | all, as the destination offers
    match: {{field: External_Id, column: contact_id}}    # which record a row means
    fields:                            # connector discover crm Contact lists the fields
      LastName: last_name              # a column
      Email: {{column: email, null: keep}}    # null: clear (default) | keep
      Source: {{value: Warehouse}}       # a constant
      # Account: {{find: Account, where: External_Id, equals: account_key}}    # the id of another record
    on_removed: nothing                # when a row leaves the model: nothing | clear | delete
    guards: {{max_removed: 10%}}         # more than that stops the run before it writes
    # options: {{batch_size: 1000, parallelism: 10, split_retries: on}}

sequences:
  nightly: [contacts]                  # connector run nightly
"""


def project_template(installed: Collection[str]) -> str:
    """Return a project file with comments. Its connection has the first of the installed types."""
    type_ = min(installed, default="my_destination")
    listed = ", ".join(sorted(installed)) or "none; install the plugin of a destination"
    return _TEMPLATE.format(type=type_, installed=listed, spaces=" " * max(29 - len(type_), 1))
