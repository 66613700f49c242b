"""Write the generated parts of the manual anew: `python -m docs`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from connector_sdk.project.published import project_schema
from docs.salesforce_errors import page

FOLDER = Path(__file__).parent


def main() -> None:
    """Write every generated page that is out of date, and name it."""
    for name, made in GENERATED.items():
        if outdated(name):
            (FOLDER / name).write_text(made(), encoding="utf-8")
            print(f"docs/{name}")


def outdated(name: str) -> bool:
    """Whether a page is not what would be written now."""
    file = FOLDER / name
    return not file.exists() or file.read_text(encoding="utf-8") != GENERATED[name]()


def schema() -> str:
    """The JSON Schema of the project file, for any destination; `connector schema` adds the settings of yours."""
    return json.dumps(project_schema(), ensure_ascii=False, indent=2) + "\n"


GENERATED: Mapping[str, Callable[[], str]] = {
    "connector.schema.json": schema,
    "salesforce-errors.md": page,
}
"""The generated pages, each with the function that answers its text."""

if __name__ == "__main__":
    main()
