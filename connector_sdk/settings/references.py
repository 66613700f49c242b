"""Resolve references in settings: `${NAME}`, `${file:PATH}` and `${keyring:SERVICE/USER}`.

The text that a reference stands for is not searched for references. `$${` stands for `${` itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connector_sdk.contract.errors import Portable, Problem

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BARE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
"""A reference as a shell has it, without braces."""

_MAX_BYTES = 65_536

Place = tuple[str | int, ...]


class Interpolated(str):
    """Text that came out of a reference. Its `repr` is `source`, the reference as the file writes it."""

    source: str

    def __new__(cls, text: str, source: str) -> Interpolated:
        """Keep both the text and the reference that it came from."""
        made = super().__new__(cls, text)
        made.source = source
        return made

    def __repr__(self) -> str:
        return self.source


def reads_as(text: Interpolated, type_: str) -> bool:
    """Return whether text that came out of a reference is written like a value of a JSON type."""
    if type_ == "boolean":
        return text.lower() in ("true", "false")
    pattern = {"integer": r"[-+]?\d+", "number": r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?"}.get(type_)
    return type_ == "string" or (pattern is not None and re.fullmatch(pattern, text) is not None)


class _Missing(Portable, Exception):
    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def interpolate(data: Any, path: Place) -> tuple[Any, list[Problem]]:
    """Resolve every reference in `data`, which is made of mappings, lists and text.

    Text that held a reference becomes `Interpolated`. A reference that cannot be resolved is a problem with its place
    below `path`.
    """
    problems: list[Problem] = []
    return _walk(data, path, problems), problems


def make_paths_absolute(data: Any, folder: Path) -> Any:
    """Return the same data with relative paths in `${file:PATH}` made absolute from `folder`."""
    if isinstance(data, Mapping):
        return {key: make_paths_absolute(each, folder) for key, each in data.items()}
    if isinstance(data, list):
        return [make_paths_absolute(each, folder) for each in data]
    if isinstance(data, str):
        return re.sub(r"(?<!\$)\$\{file:([^{}]*)\}", lambda found: f"${{file:{_absolute(found[1], folder)}}}", data)
    return data


def _absolute(path: str, folder: Path) -> str:
    return str(folder / Path(path).expanduser()) if path else path


def _walk(value: Any, path: Place, problems: list[Problem]) -> Any:
    if isinstance(value, Mapping):
        return {key: _walk(each, (*path, key), problems) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(each, (*path, index), problems) for index, each in enumerate(value)]
    if isinstance(value, str) and "${" in value:
        return _resolve_references(value, path, problems)
    if isinstance(value, str) and (bare := _BARE.fullmatch(value)):
        problems.append(Problem(f"{value} is plain text, not a reference", path, f"write ${{{bare[1]}}}"))
    return value


def _resolve_references(text: str, path: Place, problems: list[Problem]) -> str:
    referred = False

    def replace(found: re.Match[str]) -> str:
        """Return the text that a reference stands for. If it cannot be resolved, add a problem."""
        nonlocal referred
        if found[0] == "$${":
            return "${"
        referred = True
        try:
            return _look_up(found[1])
        except _Missing as missing:
            problems.append(Problem(str(missing), path, missing.hint))
            return ""

    replaced = _REFERENCE.sub(replace, text)
    return Interpolated(replaced, text) if referred else replaced


def _look_up(reference: str | None) -> str:
    if reference is None:
        raise _Missing("a reference is not closed", "write ${NAME}, or $${ for the characters themselves")
    kind, colon, rest = reference.partition(":")
    if colon and kind == "file":
        return _from_file(rest)
    if colon and kind == "keyring":
        return _from_keyring(rest)
    if not _NAME.fullmatch(reference):
        raise _Missing("this reference is not understood", "write ${NAME}, ${file:PATH} or ${keyring:SERVICE/USER}")
    text = os.environ.get(reference)
    if not text:
        state = "is not set" if text is None else "is empty"
        raise _Missing(f"the environment variable {reference} {state}", f"export {reference}=... and try again")
    return text


def _from_file(path: str) -> str:
    file = Path(path).expanduser()
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        text = content.decode().rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise _Missing(f"the file {path} cannot be read: {reason}", "check the path and who may read it") from None
    if not text or len(content) > _MAX_BYTES:
        reason = "is empty" if not text else f"is larger than {_MAX_BYTES:,} bytes"
        raise _Missing(f"the file {path} {reason}", "name a file that holds just the secret")
    return text


def _from_keyring(entry: str) -> str:
    service, slash, user = entry.partition("/")
    if not (service and slash and user):
        raise _Missing("this reference is not understood", "write ${keyring:SERVICE/USER}")
    try:
        import keyring  # an optional extra
    except ImportError:
        hint = "install it: pip install 'connector-sdk[keyring]'"
        raise _Missing("reading the keyring needs the package keyring", hint) from None
    try:
        text = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise _Missing(f"the keyring cannot be read: {type(error).__name__}", "unlock it and try again") from None
    if not text:
        raise _Missing(f"the keyring has no entry {entry}", f"add it: keyring set {service} {user}")
    return str(text)
