"""Connections of this destination log in by commands of their own."""

from __future__ import annotations

import json

from .projects import Project


def test_whoami_shows_whose_org_a_connection_reaches(project: Project) -> None:
    shown = project.invoke("salesforce-picklist", "whoami", "--output", "json")
    assert shown.exit_code == 0
    assert json.loads(shown.stdout)[0]["connection"] == "crm"
    gone = project.invoke("salesforce-picklist", "logout")
    assert (gone.exit_code, "no user is logged in to crm" in gone.stderr) == (0, True)
