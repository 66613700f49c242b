"""The hosts of an org: the login host, the instance host, and the former host of an instance that moved."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from attrs import define
from starlette.types import Scope

_NAMES = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}


@define
class Hosts:
    """Origins without a trailing slash. The login host and the instance each have their own port."""

    login: str = ""
    instance: str = ""
    former: str | None = None

    def move(self) -> str:
        """Give the instance another host name. Return the new origin. Help, "Enhanced Domains"."""
        parts = urlsplit(self.instance)
        name = _NAMES.get(parts.hostname or "")
        if name is None:
            raise ValueError(f"an instance moves between 127.0.0.1 and localhost only, not from {parts.hostname}")
        self.former, self.instance = self.instance, f"{parts.scheme}://{name}:{parts.port}"
        return self.instance

    def return_home(self) -> None:
        """Undo the move."""
        if self.former is not None:
            self.instance, self.former = self.former, None

    def is_login(self, scope: Scope) -> bool:
        """Return whether a request came to the login host."""
        return bool(scope["server"][1] == urlsplit(self.login).port)

    def is_former(self, scope: Scope) -> bool:
        """Return whether a request came to the host name that the instance had before its move."""
        if self.former is None:
            return False
        return urlsplit(self.former).netloc == _host(scope["headers"])


def _host(headers: Sequence[tuple[bytes, bytes]]) -> str:
    return next((value.decode("latin-1") for name, value in headers if name == b"host"), "")
