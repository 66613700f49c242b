"""The certificate of an app."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_FEWEST_BITS = 2_048
_TOO_MANY_BYTES = 4_096


def public_key(pem: str) -> RSAPublicKey:
    """Return the RSA key of a certificate or public key in PEM. Raises ValueError."""
    text = pem.strip().encode()
    try:
        if b"BEGIN CERTIFICATE" in text:
            key: object = x509.load_pem_x509_certificate(text).public_key()
        else:
            key = serialization.load_pem_public_key(text)
    except ValueError as error:
        raise ValueError(f"no PEM text of an RSA certificate or public key ({error})") from error
    if not isinstance(key, RSAPublicKey):
        raise ValueError("no PEM text of an RSA certificate or public key (not an RSA key)")
    return key


def check_certificate(pem: str) -> None:
    """Raise ValueError for a key or certificate that an app cannot have.

    Salesforce refuses weak keys, and certificates of 4 KB or more.
    """
    bits = public_key(pem).key_size
    if bits < _FEWEST_BITS:
        raise ValueError(f"an RSA key of {bits:,} bits; {_FEWEST_BITS:,} or more are needed")
    if len(pem.strip().encode()) >= _TOO_MANY_BYTES:
        raise ValueError("a certificate has less than 4 KB")
