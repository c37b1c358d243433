from __future__ import annotations

import datetime
import ssl
from pathlib import Path

import pytest

from meshnet.coordinator.files import StateDirectory
from meshnet.coordinator.tls import load, make_certificate, own_certificate
from meshnet.core.identity import verifies
from meshnet.errors import MeshnetError
from meshnet.protocol.control import certificate_message
from support.meshes import COORDINATOR

NOW = datetime.datetime(2027, 1, 15, tzinfo=datetime.UTC)


def test_the_identity_signs_the_certificate_in_use(tmp_path: Path) -> None:
    certificate, key = own_certificate(StateDirectory(tmp_path), NOW)
    tls = load(certificate, key, COORDINATOR)
    pem = certificate.read_text()
    der = ssl.PEM_cert_to_DER_cert(pem[: pem.index("-----BEGIN PRIVATE")].strip())
    assert verifies(COORDINATOR.public, certificate_message(der), tls.signature)
    assert tls.context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_the_certificate_is_kept_until_it_is_about_to_expire(tmp_path: Path) -> None:
    path, _ = own_certificate(StateDirectory(tmp_path), NOW)
    first = path.read_bytes()
    own_certificate(StateDirectory(tmp_path), NOW + datetime.timedelta(days=3000))
    assert path.read_bytes() == first
    own_certificate(StateDirectory(tmp_path), NOW + datetime.timedelta(days=3640))
    assert path.read_bytes() != first


def test_a_certificate_with_anothers_key_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "cert").write_bytes(make_certificate(NOW)[0])
    (tmp_path / "key").write_bytes(make_certificate(NOW)[1])
    with pytest.raises(MeshnetError, match="cannot be used"):
        load(tmp_path / "cert", tmp_path / "key", COORDINATOR)


def test_a_missing_certificate_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(MeshnetError, match="cannot be used"):
        load(tmp_path / "cert", tmp_path / "key", COORDINATOR)
