"""The JSON Schema of the project file."""

from __future__ import annotations

import json

from connector_sdk.project.published import project_schema


def page() -> str:
    """Return the schema for any destination; `connector schema` adds the settings of the installed ones."""
    return json.dumps(project_schema(), ensure_ascii=False, indent=2) + "\n"
