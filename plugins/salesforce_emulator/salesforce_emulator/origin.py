"""Where a row or a request comes from."""

from __future__ import annotations

from attrs import frozen


@frozen
class Origin:
    """The request that sent a row, for fault rules that match requests."""

    method: str = ""
    path: str = ""
