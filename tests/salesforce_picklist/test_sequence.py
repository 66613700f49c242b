"""New values first, then the records that have them, in one sequence."""

from __future__ import annotations

import json

from .projects import Project


def test_a_record_may_have_a_value_that_the_same_sequence_added(project: Project) -> None:
    (project.folder / "accounts.csv").write_text("id,name,tier\na1,Acme,Platinum\n", encoding="utf-8")
    tiers = {
        "model": "values", "connection": "crm", "object": "Account", "mode": "all",
        "match": {"field": "Tier__c", "column": "name"}, "fields": {"label": "label"},
        "guards": {"max_removed": "100%"},
    }  # fmt: skip
    accounts = {
        "model": "accounts", "connection": "records", "object": "Account", "mode": "upsert",
        "match": {"field": "External_Id__c", "column": "id"}, "fields": {"Name": "name", "Tier__c": "tier"},
        "options": {"api": "rest"},
    }  # fmt: skip
    connections = {"crm": "salesforce_picklist", "records": "salesforce"}
    models = {
        "values": {"file": "values.csv", "primary_key": "name"},
        "accounts": {"file": "accounts.csv", "primary_key": "id"},
    }
    syncs = {"values": tiers, "accounts": accounts}
    project.write(connections, models, syncs, sequences={"all": ["values", "accounts"]})
    project.model("Gold", "Silver", "Bronze")
    first = project.invoke("run", "all", "--output", "json")
    assert first.exit_code == 1
    assert [each["rows"]["rejected"] for each in json.loads(first.stdout)] == [0, 1]
    project.model("Gold", "Silver", "Bronze", "Platinum")
    second = project.invoke("run", "all", "--output", "json")
    assert second.exit_code == 0, second.stderr
    assert [each["rows"]["succeeded"] for each in json.loads(second.stdout)] == [4, 1]
    assert [each["Tier__c"] for each in project.emulated.records("Account")] == ["Platinum"]
