"""Take secrets out of what a login sends and receives, before anyone can see it."""

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
"""Characters that would be taken out when a text is shown: a name or a token must not come together only then."""

_TOKEN = re.compile(r"00D\w{12,15}(?:!|%21|\\u0021|&#0*33;|&#x0*21;)\S*|\beyJ[\w-]+\.\S*")
"""Session ids and signed assertions, by their form."""


def redact(text: str) -> str:
    """Return a form, JSON or XML without the values of its secret fields; also where the text was cut."""
    clean = _FORM.sub(rf"\1={MARK}", _INVISIBLE.sub("", text))
    return _XML.sub(rf"\1{MARK}\2", _JSON.sub(rf'\1"{MARK}"', clean))


def without_tokens(text: str) -> str:
    """Return words that may have tokens in them which nobody has hidden yet, without anything of their form."""
    return _TOKEN.sub(MARK, redact(text))
