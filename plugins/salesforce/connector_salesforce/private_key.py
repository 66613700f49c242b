"""Check the private key of an app's certificate before anything is signed with it.

Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration": the algorithm is RS256. Salesforce
refuses RSA keys below 2,048 bits. It also refuses keys of other kinds, without saying why (github.com/simstudioai/sim,
pull request 6526).
"""

from __future__ import annotations

from collections.abc import Iterator

from connector_sdk import Problem

BITS_MIN = 2_048

_PLACE = ("auth", "private_key")
_MAKE = f"make a new pair: openssl req -x509 -newkey rsa:{BITS_MIN} -nodes -keyout server.key -out server.crt"
_NAME = "name the file with the key: ${file:server.key}"
_OTHERS = {
    "BEGIN CERTIFICATE": "a certificate, which goes to the app in Setup",
    "BEGIN PUBLIC KEY": "a public key",
    "BEGIN OPENSSH PRIVATE KEY": "a key of OpenSSH",
}
"""Files that users mistake for the private key, by the text that marks them."""


def key_problems(pem: str) -> Iterator[Problem]:
    """Yield the problems of a private key in PEM. No problem shows any part of the key."""
    try:
        import jwt  # noqa: F401 - an optional extra
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        hint = "install it: pip install 'connector-salesforce[jwt]'"
        yield Problem("flow: jwt needs the package PyJWT", ("auth", "flow"), hint)
        return
    try:
        key = load_pem_private_key(pem.encode(), None)
    except TypeError:
        hint = "write it without one: openssl pkey -in server.key -out plain.key"
        yield Problem("the private key is encrypted with a passphrase", _PLACE, hint)
    except Exception:  # the library raises errors of many kinds
        yield _no_key(pem)
    else:
        if not isinstance(key, RSAPrivateKey):
            yield Problem("this is not an RSA key, and Salesforce accepts only those", _PLACE, _MAKE)
        elif key.key_size < BITS_MIN:
            message = f"the RSA key has {key.key_size:,} bits, and Salesforce accepts {BITS_MIN:,} or more"
            yield Problem(message, _PLACE, f"{_MAKE}; then upload server.crt to the app")


def _no_key(pem: str) -> Problem:
    found = next((what for begin, what in _OTHERS.items() if begin in pem), None)
    message = f"this is {found}, and no RSA private key in PEM" if found else "this is no RSA private key in PEM"
    return Problem(message, _PLACE, _NAME)
