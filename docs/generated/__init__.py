"""The pages of the manual that are made from the code, each with the function that returns its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from docs.generated import api, commands, exit_codes, project_file, salesforce_errors, schema

PAGES: Mapping[str, Callable[[], str]] = {
    "connector.schema.json": schema.page,
    "hosts/api.md": api.page,
    "salesforce/errors.md": salesforce_errors.page,
    "syncs/commands.md": commands.page,
    "syncs/exit-codes.md": exit_codes.page,
    "syncs/project-file.md": project_file.page,
}
