"""A server that cannot prove who it is gets not one byte of a request."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests.adapters
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.sending import Limits, Request, Transport
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connector_sdk import Executed

from . import rawserver
from .rawserver import RawServer

NOW = datetime.now(UTC)
Context = Callable[[Path, Path], ssl.SSLContext]


def certificate(folder: Path, *, host: str = "127.0.0.1", until: timedelta = timedelta(days=1)) -> tuple[Path, Path]:
    """Write a certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    named = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=30))
        .not_valid_after(NOW + until)
        .add_extension(x509.SubjectAlternativeName([named]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return cert_file, key_file


@contextmanager
def tls_server(cert: Path, key: Path, newest: ssl.TLSVersion | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """Run a server that speaks TLS, and yield its address and what it received after the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    if newest is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
    told: list[bytes] = []
    done = threading.Event()

    def act(connection: object) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secured:  # type: ignore[arg-type]
                secured.settimeout(2)
                told.append(rawserver.receive_request(secured))
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        finally:
            done.set()

    with RawServer(act) as server:
        yield server.url.replace("http:", "https:"), told
        done.wait(5)


def post_row(url: str) -> int:
    transport = Transport(lambda call: None, Limits(connect=2.0, read=2.0))
    try:
        return transport.send(Request("POST", url, {"X-SFDC-Session": "a-token"}, b"row")).status
    finally:
        transport.close()


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Let a certificate count as one of the authorities that are trusted."""

    def trust(cert: Path) -> None:
        monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(cert))

    return trust


def test_a_server_whose_certificate_is_trusted_is_asked(tmp_path: Path, trusting: Callable[[Path], None]) -> None:
    cert, key = certificate(tmp_path)
    trusting(cert)
    with tls_server(cert, key) as (url, told):
        assert post_row(url) == 200
    assert b"a-token" in told[0]


def test_a_proxy_of_the_environment_is_not_asked(
    tmp_path: Path, trusting: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path)
    trusting(cert)
    proxied: list[bytes] = []
    with (
        RawServer(lambda connection: proxied.append(rawserver.receive_request(connection))) as proxy,
        tls_server(cert, key) as (url, told),
    ):
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert post_row(url) == 200
    assert proxied == []
    assert b"a-token" in told[0]


def check_refused(url: str) -> None:
    with pytest.raises(CallFailed) as failed:
        post_row(url)
    assert (failed.value.code, failed.value.executed) == ("NOT_CONNECTED", Executed.NO)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_certificate_that_signs_itself_is_refused_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(cert))
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    with tls_server(cert, key) as (url, told):
        check_refused(url)
    assert told == []


def test_a_certificate_of_another_host_is_refused(tmp_path: Path, trusting: Callable[[Path], None]) -> None:
    cert, key = certificate(tmp_path, host="other.example")
    trusting(cert)
    with tls_server(cert, key) as (url, told):
        check_refused(url)
    assert told == []


def test_a_certificate_that_has_ended_is_refused(tmp_path: Path, trusting: Callable[[Path], None]) -> None:
    cert, key = certificate(tmp_path, until=timedelta(days=-1))
    trusting(cert)
    with tls_server(cert, key) as (url, told):
        check_refused(url)
    assert told == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_server_that_speaks_only_old_tls_is_refused(tmp_path: Path, trusting: Callable[[Path], None]) -> None:
    cert, key = certificate(tmp_path)
    trusting(cert)
    with tls_server(cert, key, ssl.TLSVersion.TLSv1_1) as (url, told):
        check_refused(url)
    assert told == []
