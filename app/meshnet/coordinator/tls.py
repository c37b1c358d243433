"""The TLS certificate in use, and what the coordinator's identity says of it.

Nobody checks the certificate against an authority: the identity, pinned in links, signs it. So a self-made one serves
as well as a bought one, and either may be renewed at any time.
"""

from __future__ import annotations

import datetime
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from meshnet.coordinator.files import StateDirectory
from meshnet.core.identity import SigningKey
from meshnet.errors import Code, MeshnetError
from meshnet.protocol.control import certificate_message

_VALID = datetime.timedelta(days=3650)
_RENEW = datetime.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Tls:
    """What the server needs to speak TLS, and what it tells of its certificate."""

    context: ssl.SSLContext
    signature: str
    """The identity's, over `certificate_message` of the certificate."""


def make_certificate(now: datetime.datetime) -> tuple[bytes, bytes]:
    """A self-signed P-256 certificate for ten years and its key, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "meshnet-coordinator")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + _VALID)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def own_certificate(state: StateDirectory, now: datetime.datetime) -> tuple[Path, Path]:
    """The files of the self-made certificate and its key, made anew when there are none or they are about to expire.

    Both are in one file, so that a power cut cannot leave a certificate beside another one's key.
    """
    path = state.path / "tls.pem"
    if not _is_good(path, now):
        certificate, key = make_certificate(now)
        state.write(path.name, certificate + key)
    return path, path


def load(certificate: Path, key: Path, identity: SigningKey) -> Tls:
    """TLS 1.2 or newer with this certificate; MeshnetError `system-error` for files that cannot serve."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
        found = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except (OSError, ValueError) as error:
        raise MeshnetError(
            Code.SYSTEM_ERROR, f"The TLS certificate {certificate} with the key {key} cannot be used: {error}"
        ) from error
    der = found.public_bytes(serialization.Encoding.DER)
    return Tls(context, identity.sign(certificate_message(der)))


def _no_password() -> str:
    raise ValueError("the key is locked with a password; give one without")


def _is_good(path: Path, now: datetime.datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificates(path.read_bytes())[0]
    except (OSError, ValueError):
        return False
    return now + _RENEW < certificate.not_valid_after_utc
