"""Check where calls may go: the hosts that may see a token, and the paths that an answer may name."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_SUFFIXES = (".salesforce.com", ".force.com")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[?::1\]?")
_PATH = re.compile(r"/services/[A-Za-z0-9/_.?=&%+~:@,;-]*")


_USER = re.compile(r"(?<=//).*@|^(?!.*//).*@", re.DOTALL)


class HostError(ValueError):
    """A URL that must not be called. The message says why, without a user and password in the URL."""


def origin(url: str) -> str:
    """Return the scheme, host and port of a URL that has nothing else. Plain http may reach only this machine.

    Raises `HostError`.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise HostError(f"{_display_url(url)} is not a URL: {type(error).__name__}") from None
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    named = shown if port is None else f"{shown}:{port}"
    if not _NAME.fullmatch(host) or ".." in host or re.search(r"[\s\\]", url) or parts.netloc.lower() != named:
        raise HostError(f"{_display_url(url)} names no host")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise HostError(f"{_display_url(url)} must end after the host: remove the path or query")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise HostError(f"{_display_url(url)} is not https")
    return f"{parts.scheme}://{named}"


def instance_origin(instance_url: str, login_origin: str) -> str:
    """Return where the API is according to a token answer: the configured host, or one of Salesforce's.

    A login host on this machine may name another port of it. Raises `HostError`.
    """
    named = origin(instance_url)
    parts, login = urlsplit(named), urlsplit(login_origin)
    host = parts.hostname or ""
    if named == login_origin:
        return named
    if host in _LOOPBACK and login.hostname in _LOOPBACK:
        return named
    if parts.scheme == "https" and parts.port in (None, 443) and host.endswith(_SUFFIXES):
        return named
    raise HostError(f"Salesforce names {_display_url(instance_url)} as its host, which is none of its own")


def server_path(path: object) -> str:
    """Return a path that an answer names, such as the next page's. Raises `HostError` if it leaves the API."""
    if not isinstance(path, str) or not _PATH.fullmatch(path) or ".." in unquote(path) or "\\" in unquote(path):
        raise HostError(f"an answer names the path {_display_url(path)}, which lies outside the API")
    return path


def _display_url(url: object) -> str:
    """Return a URL for a message, without the user and password that it may hold."""
    return repr(_USER.sub("***@", url)[:200] if isinstance(url, str) else url)
