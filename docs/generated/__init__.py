"""The pages of the manual that are made from the code, each with the function that returns its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from docs.generated import salesforce_errors, schema

PAGES: Mapping[str, Callable[[], str]] = {
    "connector.schema.json": schema.page,
    "salesforce/errors.md": salesforce_errors.page,
}
