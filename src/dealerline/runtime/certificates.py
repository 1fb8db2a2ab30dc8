"""The certificate that browsers need for the microphone as soon as the host is not localhost."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dealerline.settings import Settings

# Browsers refuse longer ones.
_VALID = timedelta(days=397)
_RENEW = timedelta(days=30)


class CertificateError(RuntimeError):
    """The certificate cannot be used; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, as PEM files. ``own``: given in the settings, not made here."""

    chain: Path
    key: Path
    own: bool


def certificate(settings: Settings) -> Certificate:
    """The certificate to serve, made or renewed when none was given.

    Raises CertificateError when the given one is unusable.
    """
    if settings.tls_cert or settings.tls_key:
        if not (settings.tls_cert and settings.tls_key):
            raise CertificateError("tls_cert and tls_key belong together: give both, or neither for a self-signed one")
        own = Certificate(Path(settings.tls_cert), Path(settings.tls_key), True)
        for path in (own.chain, own.key):
            if not os.access(path, os.R_OK):
                raise CertificateError(f"{path} cannot be read by the account that serves the pages")
        return own
    folder = settings.data / "tls"
    made = Certificate(folder / "certificate.pem", folder / "key.pem", False)
    if not _good(made.chain, settings.host):
        _make(made, settings.host)
    return made


def read(path: Path) -> x509.Certificate:
    """The first certificate of a PEM file. Raises CertificateError when there is none."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificateError(f"{path} is not a readable certificate: {error}") from error


def covers(found: x509.Certificate, host: str) -> bool:
    """Whether the certificate names this host (a wildcard counts for one label)."""
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if _address(host):
        return any(str(address) == host for address in names.get_values_for_type(x509.IPAddress))
    named = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    return host.lower() in named or f"*.{host.lower().partition('.')[2]}" in named


def _address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _good(path: Path, host: str) -> bool:
    try:
        found = read(path)
    except CertificateError:
        return False
    return covers(found, host) and found.not_valid_after_utc - datetime.now(UTC) > _RENEW


def _make(target: Certificate, host: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    names.append(x509.IPAddress(ipaddress.ip_address(host)) if _address(host) else x509.DNSName(host))
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256()))
    target.chain.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(target.key, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                         serialization.NoEncryption()), 0o600)
    _write(target.chain, signed.public_bytes(serialization.Encoding.PEM), 0o644)


def _write(path: Path, data: bytes, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    temporary.replace(path)
