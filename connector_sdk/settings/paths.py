"""Paths that no file can have as they are written: addresses, and what only a shell replaces."""

from __future__ import annotations

import re
from urllib.parse import unquote

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
"""The beginning of an address such as s3://bucket/file."""

_FILE_URL = re.compile(r"file://(?:localhost(?=/))?", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{[^{}]*\}|\$[A-Za-z_][A-Za-z0-9_]*")
_HOME = re.compile(r"~[^/]*/")


def explain_url(path: str) -> tuple[str, str] | None:
    """Return what is wrong with a path that is an address, and what to write instead; None for other paths."""
    if begin := _FILE_URL.match(path):
        return f"{path} is a URL, and a path is expected", f"write the path: {unquote(path[begin.end() :])}"
    if _URL.match(path):
        hint = "copy the files to this machine, and name their local path"
        return f"{path} is a URL, and only local files are read", hint
    return None


def explain_path(path: str) -> tuple[str, str] | None:
    """Return why no file has a path that only a shell understands, and what to write; None for other paths."""
    if variable := _VARIABLE.search(path):
        hint = "write the path itself; only the settings of connections and the options of syncs take variables"
        return f"{path} has the variable {variable[0]}, and paths take none", hint
    if home := _HOME.match(path):
        return f"{path} begins with {home[0]}, which only a shell replaces", "write the path itself"
    return explain_url(path)
