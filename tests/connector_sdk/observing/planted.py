"""Secrets of every kind, each with a mark that shows wherever it was written, in whatever spelling."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import quote, quote_plus

import duckdb
from attrs import frozen

from connector_sdk.state.serialization import load_outcomes

_KINDS = (
    "{0}",
    "client-secret-{0}",
    "00Dxx0000001gPL!AQEAQ.{0}.x_Y",
    "5Aep861{0}.==",
    "eyJhbGciOiJSUzI1NiJ9.{0}.c2lnbmF0dXJl",
    "-----BEGIN PRIVATE KEY-----\nMIIEvAIBADANBgkqhkiG9w0\n{0}AAOCAQ8AMIIBCgKC\n-----END PRIVATE KEY-----\n",
    "p@ss word&{0}?=%/+#",
    'a"quoted"\\{0}\'<secret>',
    "schl\u00fcssel-{0}-\u6771\u4eac-\U0001f511",
    "tab\t{0}\rand more",
    " {0} ",
    "aB3/{0}+xY9==",
)
"""Shapes of passwords, tokens, keys and cookies; the mark has letters and digits only, which no escaping changes."""


@frozen
class Planted:
    """A secret. `mark` stands in it and nowhere else."""

    text: str
    mark: str

    def is_in(self, shown: str) -> bool:
        """Return whether any of it can be read there: a half of the mark, or a piece of the mark in base64."""
        half = len(self.mark) // 2
        wanted = (self.mark[:half], self.mark[half:])
        return any(each in shown for each in (*wanted, *_in_base64(self.mark)))


def plant_secrets(count: int, first: int = 0) -> tuple[Planted, ...]:
    """Return that many secrets, numbered from `first`."""
    marks = (f"Qz{number:03}kW{number:03}Vx{number:03}jH" for number in range(first, first + count))
    return tuple(
        Planted(kind.format(mark), mark) for kind, mark in zip(islice(cycle(_KINDS), count), marks, strict=True)
    )


SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "url": lambda text: quote(text, safe=""),
    "url path": quote,
    "lower case url": lambda text: quote(text, safe="").replace("%2F", "%2f").replace("%3D", "%3d"),
    "form": quote_plus,
    "json": json.dumps,
    "json in json": lambda text: json.dumps(json.dumps(text)),
    "json with slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "json for pages": lambda text: json.dumps(text).replace("<", "\\u003c").replace("'", "\\u0027"),
    "xml": html.escape,
    "xml with names": lambda text: html.escape(text, quote=False).replace("'", "&apos;"),
    "repr": repr,
    "ascii": ascii,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "basic": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    "base64 for urls": lambda text: base64.urlsafe_b64encode(f"x{text}".encode()).decode(),
    "lines": lambda text: " | ".join(text.splitlines()),
}
"""The ways in which text comes back from a server, or goes through a program."""


def echo(secrets: Iterable[Planted], spellings: int = len(SPELLINGS)) -> str:
    """Return what a server says that repeats all secrets, each in some spellings, by turns."""
    spell = cycle(SPELLINGS.values())
    return " ~ ".join(next(spell)(each.text) for each in secrets for _ in range(spellings))


def find_secrets(secrets: Iterable[Planted], shown: str) -> list[str]:
    """Return the secrets that can be read in a text."""
    return [each.text for each in secrets if each.is_in(shown)]


def everything_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every file below a folder as text, and again what it has compressed."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield file.name, file.read_bytes().decode("latin-1")
            yield from ((file.name, each) for each in _unpack(file))


def _unpack(file: Path) -> Iterator[str]:
    if file.suffix == ".parquet":
        with duckdb.connect() as connection:
            yield repr(connection.read_parquet(str(file)).fetchall())
    if file.name == "state.db":
        import sqlite3

        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            for row in database.execute("select outcomes from batch where outcomes is not null"):
                yield repr(load_outcomes(row).to_pylist())


def _in_base64(mark: str) -> Iterator[str]:
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + mark.encode()).decode()
        yield encoded[4:16]
