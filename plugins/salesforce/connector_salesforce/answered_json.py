"""The JSON of answers, in which every text can be stored and sent on."""

from __future__ import annotations

import json
import re
from typing import Any

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""An escape that may stand for half a character: two of them are one, one alone is no text."""


def read_json(body: bytes) -> Any:
    """What a body says; half a character becomes a question mark. Raises `ValueError` when it is no JSON."""
    said = json.loads(body)
    if _HALF.search(body):
        return json.loads(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace"))
    return said
