"""The ways in which a secret comes back: from servers, through programs and shells, in mail, cut and wrapped."""

from __future__ import annotations

import base64
import html
import json
import shlex
import textwrap
import unicodedata
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

Spell = Callable[[str], str]


def _each(form: str) -> Spell:
    """Return a spelling that writes each character by its code, in a form."""
    return lambda text: "".join(form.format(ord(each)) for each in text)


def _each_byte(form: str) -> Spell:
    return lambda text: "".join(form.format(each) for each in text.encode())


def _inside(sign: str, every: int = 5) -> Spell:
    return lambda text: sign.join(text[at : at + every] for at in range(0, len(text), every))


def _in_base64(before: str = "", alphabet: bytes = b"+/") -> Spell:
    return lambda text: base64.b64encode(f"{before}{text}".encode(), alphabet).decode()


SPELLED: Mapping[str, Spell] = {
    "plain": str,
    "capitals": str.upper,
    "small letters": str.lower,
    "other case": str.swapcase,
    "url": lambda text: quote(text, safe=""),
    "url with every byte": _each_byte("%{:02X}"),
    "url in small letters": _each_byte("%{:02x}"),
    "url twice": lambda text: quote(quote(text, safe=""), safe=""),
    "url with every byte, twice": lambda text: _each_byte("%25{:02X}")(text),
    "form": quote_plus,
    "javascript escape": _each("%u{:04x}"),
    "json": json.dumps,
    "json in json": lambda text: json.dumps(json.dumps(text)),
    "json with every code": _each("\\u{:04x}"),
    "json in json with every code": _each("\\\\u{:04X}"),
    "json with codes in braces": _each("\\u{{{:x}}}"),
    "json in a url": lambda text: quote(json.dumps(text), safe=""),
    "html with names": lambda text: html.escape(text).replace("'", "&apos;").replace("!", "&excl;"),
    "html in decimals": _each("&#{};"),
    "html in hex": _each("&#x{:X};"),
    "html in html": lambda text: html.escape(_each("&#x{:x};")(text)),
    "cdata": _inside("]]><![CDATA["),
    "base64": _in_base64(),
    "base64 after one byte": _in_base64("x"),
    "base64 after two bytes": _in_base64("x:"),
    "base64 for urls without padding": lambda text: _in_base64("", b"-_")(text).rstrip("="),
    "base64 in a url": lambda text: quote(_in_base64("user:")(text), safe=""),
    "base64 in lines": lambda text: "\r\n".join(textwrap.wrap(_in_base64()(text), 12)),
    "hex": lambda text: text.encode().hex(),
    "hex in capitals with blanks": lambda text: text.encode().hex(" ").upper(),
    "quoted-printable": lambda text: "=\r\n".join(
        "".join(f"={each:02X}" for each in text.encode()[at : at + 7]) for at in range(0, len(text.encode()), 7)
    ),
    "bytes": lambda text: repr(text.encode()),
    "bytes with every code": _each_byte("\\x{:02x}"),
    "ascii": ascii,
    "control characters inside": _inside("\0", 2),
    "escape sequences inside": _inside("\x9b", 3),
    "zero width inside": _inside("\u200b"),
    "soft hyphens inside": _inside("\xad"),
    "joiners inside": _inside("\u2060\ufeff"),
    "lines": _inside("\n", 7),
    "indented lines": _inside("\r\n    ", 7),
    "shell": lambda text: shlex.quote(text),
    "shell with a quote inside": _inside("'\\''"),
    "backslashes": lambda text: "".join(f"\\{each}" if not each.isalnum() else each for each in text),
    "sql": _inside("''"),
    "concatenated": _inside("' + '"),
    "utf-16": lambda text: text.encode("utf-16-le").decode("utf-8", "replace"),
    "utf-16 from the other end": lambda text: text.encode("utf-16-be").decode("utf-8", "replace"),
    "read as latin-1": lambda text: text.encode().decode("latin-1"),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "full width": lambda text: "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text),
    "beginning": lambda text: text[: -(len(text) // 5)],
    "end": lambda text: text[len(text) // 5 :],
}  # fmt: skip


def core(spelled: str) -> str:
    """Return the middle of a spelling, which no output may show. Its ends are quotes or shared with other text."""
    return spelled[len(spelled) // 4 : -(len(spelled) // 4)]
