"""Read the recordings: exchanges of real orgs, kept by other projects in forms of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from attrs import frozen


@frozen
class Exchange:
    """A recorded call. `path` starts at `/services`."""

    source: str
    method: str
    path: str
    status: int
    headers: dict[str, str]
    body: bytes


def exchanges(folder: Path) -> Iterator[Exchange]:
    """Yield all recorded exchanges whose answer is complete."""
    yield from _cumulusci(folder / "SFDO-Tooling+CumulusCI")
    yield from _grouparoo(folder / "grouparoo+grouparoo" / "interactions")
    for name in ("heroku+sf-functions-python", "heroku+heroku-applink-nodejs"):
        yield from _wiremock(folder / name)
    for name in ("tablexi+restforce-db", "logstash-plugins+logstash-input-salesforce"):
        yield from _ruby_vcr(folder / name)


def _path(uri: str) -> str:
    return "/" + uri.partition("://")[2].partition("/")[2] if "://" in uri else uri


def _cumulusci(folder: Path) -> Iterator[Exchange]:
    for file in sorted(folder.rglob("*.yaml")):
        data = yaml.safe_load(file.read_text())
        for each in data.get("interactions", [data] if "request" in data else []):
            if "request" not in each:
                continue
            response = each["response"]
            body = response["body"]["string"]
            if isinstance(body, dict) and "include_template" in body:
                body = _fill_template(folder, body)
            if not isinstance(body, str):
                continue
            yield Exchange(
                file.name, each["request"]["method"], _path(each["request"]["uri"]), response["status"]["code"],
                {name: value[0] for name, value in response["headers"].items() if isinstance(value, list)},
                body.encode(),
            )  # fmt: skip


def _fill_template(folder: Path, body: dict[str, Any]) -> str:
    """Fill a template with its variables; one that is missing has its default, as in `{name:default}`."""
    (template,) = folder.rglob(body["include_template"])
    text = template.read_text()
    for name, value in body["vars"].items():
        text = text.replace(f"{{{name}}}", str(value))
        while f"{{{name}:" in text:
            before, _, rest = text.partition(f"{{{name}:")
            text = before + str(value) + rest.partition("}")[2]
    while "{" in text:
        before, _, rest = text.partition("{")
        inner, _, after = rest.partition("}")
        text = before + inner.partition(":")[2] + after
    return text


def _grouparoo(folder: Path) -> Iterator[Exchange]:
    for file in sorted(folder.glob("*.json")):
        for each in json.loads(file.read_text()):
            body = each["response_body"]
            if isinstance(body, dict) and "$ref" in body:
                moved = file.parent / body["$ref"]
                if not moved.exists():
                    continue
                body = json.loads(moved.read_text())
            raw = body if isinstance(body, str) else json.dumps(body)
            yield Exchange(
                file.name, each["method"], each["path"], each["status"],
                dict(map(tuple, each.get("response_headers", []))), raw.encode(),
            )  # fmt: skip


def _wiremock(folder: Path) -> Iterator[Exchange]:
    for file in sorted(folder.rglob("*.json")):
        data = json.loads(file.read_text())
        if "response" not in data or "request" not in data:
            continue
        response, request = data["response"], data["request"]
        body = (
            response.get("body") or json.dumps(response["jsonBody"])
            if "jsonBody" in response
            else response.get("body", "")
        )
        headers = {name: value for name, value in response.get("headers", {}).items() if isinstance(value, str)}
        path = request.get("url") or request.get("urlPath") or request.get("urlPattern") or ""
        yield Exchange(file.name, request.get("method", "ANY"), path, response["status"], headers, body.encode())


def _ruby_vcr(folder: Path) -> Iterator[Exchange]:
    for file in sorted(folder.rglob("*.yml")):
        for each in yaml.safe_load(file.read_text())["http_interactions"]:
            response = each["response"]
            body = response["body"].get("string") or ""
            raw = body if isinstance(body, bytes) else body.encode()
            yield Exchange(
                file.name, each["request"]["method"].upper(), _path(each["request"]["uri"]), response["status"]["code"],
                {name: value[0] for name, value in response["headers"].items()}, raw,
            )  # fmt: skip
