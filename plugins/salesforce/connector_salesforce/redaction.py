"""Take secrets out of what a login sends and receives, before anyone can see it."""

from __future__ import annotations

import re

MARK = "***"

_NAMES = "access_token|refresh_token|id_token|client_secret|password|assertion|code_verifier|code|token|signature"
_FORM = re.compile(rf"(?:^|(?<=&))({_NAMES})=[^&]*")
_JSON = re.compile(rf'("(?:{_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"?')


_TOKEN = re.compile(r"00D\w{12,15}!\S*|\beyJ[\w-]+\.\S*")
"""Session ids and signed assertions, by their form."""


def redacted(text: str) -> str:
    """A form or JSON without the values of its secret fields; also where the text was cut."""
    return _JSON.sub(rf'\1"{MARK}"', _FORM.sub(rf"\1={MARK}", text))


def without_tokens(text: str) -> str:
    """Words of a program that knows tokens which nobody has hidden yet, without anything of their form."""
    return _TOKEN.sub(MARK, redacted(text))
