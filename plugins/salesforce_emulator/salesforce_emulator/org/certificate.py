"""The certificate of a connected app."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


def public_key(pem: str) -> RSAPublicKey:
    """The RSA key of a certificate or public key in PEM. Raises ValueError."""
    text = pem.strip().encode()
    if b"BEGIN CERTIFICATE" in text:
        key: object = x509.load_pem_x509_certificate(text).public_key()
    else:
        key = serialization.load_pem_public_key(text)
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA key")
    return key
