"""The recorded exchanges of other projects: read from their files, sent to an emulator, compared.

A source yields a comparison per exchange. What differs has its reason in DIFFERENCES, or is a failure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import yaml
from attrs import frozen
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.replay import Exchange, Replay

CUMULUS = "SFDO-Tooling+CumulusCI/cumulusci"
_HAD = "the recorded org had records of its own"
_BY_HAND = "the recording was edited by hand"

# Texts that the name of an exchange contains, and why the emulator's answer is another one.
DIFFERENCES = {
    "SELECT Id FROM Account'": _HAD,
    "SELECT Id FROM Account LIMIT 5": _HAD,
    "Friend__c from CustomObject__c'}": _HAD,
    "/limits/recordCount": _HAD,
    "select Email from Contact": _HAD,
    "select Id,FirstName,LastName from Contact": _HAD,
    "FROM RecordType": _HAD,
    "test_count_sobjects_simple": _HAD,
    "query-with-next-records-url": _HAD,
    "query-with-associated-data": _HAD,
    "/query.json": _HAD,
    "query-with-subquery": _HAD,
    "(select ": "opportunities of the default org have no contact",
    "Metadata permission set": "permission sets are not served by the Metadata API",
    "CleanStatus": "the default org has fewer fields of Account",
    "ForecastCategoryName": "the default org has fewer fields of Opportunity",
    "query-resource-not-found": _BY_HAND,
    "v51.0/sobjects/Akcount": _BY_HAND,
    "network_errors": _BY_HAND,
    "test_describe_to_sql": _BY_HAND,
}


@frozen
class Comparison:
    """One recorded answer beside the emulator's; `differences` is empty where they agree."""

    name: str
    differences: list[str]

    @property
    def reason(self) -> str | None:
        """Why they differ, where that is known."""
        return next((reason for part, reason in DIFFERENCES.items() if part in self.name), None)


Source = Callable[[Path], Iterator[Comparison]]
Prepare = Callable[[Emulator, Replay, list[Exchange]], None]


def keep_org(emulator: Emulator, replay: Replay, exchanges: list[Exchange]) -> None:
    """Leave the org as it is."""


def replay_exchanges(
    org: dict[str, Any], exchanges: list[tuple[str, Exchange]], prepare: Prepare = keep_org
) -> Iterator[Comparison]:
    """Repeat all exchanges in order against one org, and yield a comparison of each."""
    with Emulator({"extends": "default", **org}) as emulator:
        client = Client(emulator)
        fields = frozenset(name for thing in emulator.world.org.objects.values() for name in thing.fields)
        replay = Replay(client, fields)
        prepare(emulator, replay, [exchange for _, exchange in exchanges])
        for name, exchange in exchanges:
            yield Comparison(name, replay.differences(exchange))
        client.close()


def recorded_describe(file: Path) -> Any:
    text = file.read_text(encoding="utf-8")
    return json.loads(text if file.suffix == ".json" else yaml.safe_load(text)["response"]["body"]["string"])


def custom_fields(file: Path) -> dict[str, Any]:
    """Return the custom fields of a recorded describe, as an org file has them; picklists take any value."""
    fields: dict[str, Any] = {}
    for field in recorded_describe(file)["fields"]:
        if field["custom"] and field["name"] != "Level__c":
            kept = {
                key: field[key] for key in ("type", "label", "length", "precision", "scale", "digits") if field[key]
            }
            values = [value["value"] for value in field["picklistValues"]]
            fields[field["name"]] = {**kept, **({"picklistValues": values} if values else {})}
    return fields


def reverse_etl(recordings: Path) -> Iterator[Comparison]:
    folder = recordings / "grouparoo+grouparoo"
    objects = {
        "Account": {"fields": custom_fields(folder / "describes" / "Account.25df2ad3.json")},
        "Contact": {"fields": custom_fields(folder / "describes" / "Contact.0218e951.json")},
    }
    for file in sorted((folder / "interactions").glob("export-*.json")):
        exchanges = [(f"{file.stem}: {exchange}", exchange) for exchange in _grouparoo(file)]
        yield from replay_exchanges({"objects": objects}, exchanges)


def _grouparoo(file: Path) -> Iterator[Exchange]:
    for call in json.loads(file.read_text(encoding="utf-8")):
        if not call["path"].startswith("/services/data") or call["path"].endswith("describe"):
            continue
        body = call.get("request_body") or ""
        query = {key: unquote(value) for key, value in (call.get("query") or {}).items()}
        sent = body if isinstance(body, str) else json.dumps(body)
        yield Exchange(call["method"], call["path"], query, sent, call["status"], call.get("response_body") or None)


_MOVIES: dict[str, Any] = {
    "Movie__c": {
        "fields": {
            "Rating__c": {"type": "picklist", "restrictedPicklist": True, "picklistValues": ["Excellent", "Good"]},
            "ReleaseDate__c": {"type": "date"},
            "Franchise__c": {"type": "reference", "referenceTo": ["Franchise__c"]},
        },
        "records": [{"Name": "One"}],
    },
    "Franchise__c": {},
    "Spaceship__c": {"fields": {"Website__c": {"type": "url", "nillable": False}}},
    "Account": {"records": [{"Name": "An awesome test account"}]},
}
_MOVIE_IDS = ("a00B000000FSjVU", "a00B000000FSkZ7", "a00B000000FeRB3", "a01B0000009gSr9", "a01B0000009gSrF")
_ACCOUNT_ID = "001B000001Lp1Fx"


def single_rows(recordings: Path) -> Iterator[Comparison]:
    folders = ("heroku+sf-functions-python/tests/wiremock/mappings", "heroku+heroku-applink-nodejs/mappings")
    files = [file for folder in folders for file in sorted((recordings / folder).glob("*.json"))]
    with Emulator({"extends": "default", "objects": _MOVIES}) as emulator:
        for file in files:
            if "bulk" in file.name or "job" in file.name or "get-info" in file.name or "client-error" in file.name:
                continue
            emulator.reset()
            exchange = _wiremock(file)
            client = Client(emulator)
            replay = Replay(client, frozenset())
            [movie], [account] = emulator.records("Movie__c"), emulator.records("Account")
            replay.ids[_ACCOUNT_ID] = account["Id"]
            replay.ids |= dict.fromkeys(_MOVIE_IDS, movie["Id"])
            if "already-deleted" in file.name:
                emulator.delete("Movie__c", movie["Id"])
            if "token" in file.name and "session-error" in file.name:
                client.token = "gone"
            yield Comparison(f"{exchange} /{file.name}", replay.differences(exchange))
            client.close()


def _wiremock(file: Path) -> Exchange:
    mapping = json.loads(file.read_text(encoding="utf-8"))
    asked, answered = mapping["request"], mapping["response"]
    body = next((pattern["equalToJson"] for pattern in asked.get("bodyPatterns", []) if "equalToJson" in pattern), "")
    parts = urlsplit(asked.get("url") or asked["urlPath"])
    query = {key: value["equalTo"] for key, value in asked.get("queryParameters", {}).items()}
    query |= dict(parse_qsl(parts.query))
    answer = json.loads(answered["body"]) if answered.get("body") else answered.get("jsonBody")
    sent = body if isinstance(body, str) else json.dumps(body)
    return Exchange(asked["method"], parts.path, query, sent, answered["status"], answer)


_LINKED = {
    "CustomObject__c": {
        "fields": {
            "SynchronizationId__c": {"type": "string", "length": 255, "externalId": True},
            "Example_Field__c": {"type": "string", "length": 255},
            "Friend__c": {"type": "reference", "referenceTo": ["Contact"]},
        }
    },
}


def synchronizer(recordings: Path) -> Iterator[Comparison]:
    for file in sorted((recordings / "tablexi+restforce-db/test/cassettes").rglob("*.yml")):
        yield from replay_exchanges({"objects": _LINKED}, [(f"{file.stem}: {one}", one) for one in _cassette(file)])


def _cassette(file: Path) -> Iterator[Exchange]:
    for call in yaml.safe_load(file.read_text(encoding="utf-8"))["http_interactions"]:
        asked, answered = call["request"], call["response"]
        parts = urlsplit(asked["uri"].replace("<host>", "host").replace("<api_version>", "v45.0"))
        if not parts.path.startswith("/services/data/v45.0/") or parts.path.endswith(("/describe", "v45.0/")):
            continue
        text = answered["body"]["string"].replace("<api_version>", "v45.0")
        answer = json.loads(text) if text else None
        query = dict(parse_qsl(parts.query))
        status = answered["status"]["code"]
        yield Exchange(asked["method"].upper(), parts.path, query, asked["body"]["string"], status, answer)


def loader(recordings: Path) -> Iterator[Comparison]:
    """Compare the calls of a data loader: composites, Collections, queries, counts."""
    for file in sorted((recordings / CUMULUS).rglob("cassettes/*.yaml")):
        exchanges = [(f"{file.stem}: {one}", one) for one in _interactions(file)]
        yield from replay_exchanges({}, exchanges, _prepare_loader)


_ACCOUNT = ("Name", "Description", "Phone", "AccountNumber")


def _prepare_loader(emulator: Emulator, replay: Replay, exchanges: list[Exchange]) -> None:
    """Make the org's metadata old, and insert the accounts that the first query found."""
    emulator.world.changed_at = datetime(2020, 8, 14, 20, 53, 2, tzinfo=UTC).timestamp()
    for exchange in exchanges:
        records = exchange.answer.get("records", []) if isinstance(exchange.answer, dict) else []
        if records and records[0].keys() >= {"Id", *_ACCOUNT}:
            for record in records:
                fields = {name: record[name] for name in _ACCOUNT}
                [replay.ids[record["Id"][:15]]] = emulator.insert("Account", fields)
            return


def _interactions(file: Path) -> Iterator[Exchange]:
    for call in yaml.safe_load(file.read_text(encoding="utf-8"))["interactions"]:
        if "request" not in call:
            continue
        asked, answered = call["request"], call["response"]
        parts = urlsplit(asked["uri"].replace("vxx.0", "v58.0"))
        if not parts.path.startswith("/services/data/v") or "describe" in parts.path:
            continue
        text = answered["body"]["string"]
        if not isinstance(text, str):
            continue
        body = (asked["body"] or "").replace("vxx.0", "v58.0")
        answer = json.loads(text.replace("vxx.0", "v58.0")) if text.startswith(("{", "[")) else text or None
        yield Exchange(
            asked["method"], parts.path, dict(parse_qsl(parts.query)), body, answered["status"]["code"], answer
        )


SOURCES: dict[str, Source] = {
    "a reverse ETL tool": reverse_etl,
    "single rows and their errors": single_rows,
    "a synchronizer": synchronizer,
    "a data loader": loader,
}
