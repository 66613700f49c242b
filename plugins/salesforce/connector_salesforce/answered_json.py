"""The JSON of answers, in which every text can be stored and sent on."""

from __future__ import annotations

import json
from typing import Any

import orjson


def read_json(body: bytes) -> Any:
    """What a body says; half a character becomes a question mark. Raises `ValueError` when it is no JSON.

    The quicker reader takes no half characters, so what it refuses is read by the other one.
    """
    try:
        return orjson.loads(body)
    except ValueError:
        return json.loads(json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "replace"))
