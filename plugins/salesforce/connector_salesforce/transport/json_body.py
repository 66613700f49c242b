"""The JSON of answers, in which every text can be stored and sent on."""

from __future__ import annotations

import json
from typing import Any

import orjson


def read_json(body: bytes) -> Any:
    """What a body says; half a character becomes a question mark. Raises `ValueError` when it is no JSON.

    The quicker reader takes no half characters, so what it refuses is read by the other one. What no standard JSON
    holds (NaN, Infinity) is refused, and so is what is nested more deeply than any answer of Salesforce.
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
