"""Read the JSON of answers so that every text in it can be stored and sent."""

from __future__ import annotations

import json
from typing import Any

import orjson


def read_json(body: bytes) -> Any:
    """Return the JSON of a body, with a question mark for each lone surrogate. Raises `ValueError` if it is no JSON.

    The faster parser refuses lone surrogates, so the other parser reads what it refuses. Both refuse what standard JSON
    does not have (NaN, Infinity), and a body that is nested more deeply than any answer of Salesforce.
    """
    try:
        return orjson.loads(body)
    except ValueError:
        return _read_half_characters(body)


def _read_half_characters(body: bytes) -> Any:
    try:
        said = json.loads(body)
        return json.loads(json.dumps(said, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
