"""Remove secrets from what a login sends and receives, before it is shown or logged."""

from __future__ import annotations

import re

MARK = "***"

_NAMES = (
    "access_?token|refresh_?token|id_?token|client_?secret|password|assertion|code_?verifier|code|token|signature"
    "|session_?id"
)
_FORM = re.compile(rf"(?i)(?:^|(?<=[&?\s]))({_NAMES})=[^&\s]*")
_JSON = re.compile(rf'(?i)("(?:{_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"?')
_XML = re.compile(rf"(?is)(<(?:[\w.-]+:)?(?:{_NAMES})(?:\s[^>]*)?>).*?(</|$)")
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u2060-\u206f\ufeff]")
"""Characters that are invisible when a text is shown. They could split a name or token, so they are removed first."""

_TOKEN = re.compile(r"00D\w{12,15}(?:!|%21|\\u0021|&#0*33;|&#x0*21;)\S*|\beyJ[\w-]+\.\S*")
"""The form of session ids and signed assertions."""


def redact(text: str) -> str:
    """Return a form, JSON or XML without the values of its secret fields, even if the text was cut."""
    clean = _FORM.sub(rf"\1={MARK}", _INVISIBLE.sub("", text))
    return _XML.sub(rf"\1{MARK}\2", _JSON.sub(rf'\1"{MARK}"', clean))


def without_tokens(text: str) -> str:
    """Return words without anything of a token's form. They may hold tokens that are not registered as secrets."""
    return _TOKEN.sub(MARK, redact(text))
