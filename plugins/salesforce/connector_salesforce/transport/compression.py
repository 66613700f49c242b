"""Compress request bodies with gzip, always to the same bytes, and with isal if it is installed."""

from __future__ import annotations

import contextlib
import gzip
from typing import Any

_gzip: Any = gzip
with contextlib.suppress(ImportError):
    from isal import igzip as _gzip

GZIP = {"Content-Encoding": "gzip"}
"""The header of a compressed body."""


def compress(body: bytes) -> bytes:
    """Return a body as gzip, at the level with the best balance of time and size."""
    packed: bytes = _gzip.compress(body, 1, mtime=0)
    return packed
