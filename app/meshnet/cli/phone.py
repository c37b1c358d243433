"""A stock WireGuard app as a device: its keys are made here, and its configuration is shown once and kept nowhere."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from typing import BinaryIO

import click
import msgspec
import segno

from meshnet.cli.client import Client
from meshnet.cli.signing import sign_statements
from meshnet.core.identity import KEY_BYTES, wireguard_private, wireguard_public
from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local, statements
from meshnet.protocol.phone import INVITE_SECONDS, config_of

_SCALE = 6
"""Pixels of a dot in the picture."""


class Added(msgspec.Struct, frozen=True):
    """What `meshnet phone add --json` prints."""

    name: str
    id: str
    config: str
    address4: str
    address6: str
    endpoint: str


def add(client: Client, name: str, via: str, endpoint: str | None) -> tuple[local.PhoneAdded, str]:
    """Make the device; what the daemon says of it, and the whole configuration, which holds its secret key."""
    found = client.status()
    if found.mesh is None:
        raise MeshnetError(Code.NOT_JOINED)
    private = secrets.token_bytes(KEY_BYTES)
    prepared = client.ask(local.PrepareInvite(INVITE_SECONDS), local.Statements)
    records = sign_statements(found.mesh, prepared.bodies, statements.invites(time.time(), INVITE_SECONDS))
    client.ask(local.PostInvite(records), local.Status)
    request = local.AddPhone(prepared.link, name, wireguard_public(private), via, endpoint)
    added = client.ask(request, local.PhoneAdded)
    return added, config_of(added, wireguard_private(private))


def show_code(config: str) -> None:
    """Draw the QR code into the terminal."""
    _code(config).terminal(compact=True, border=2)


def write_code(config: str, file: BinaryIO) -> None:
    """Write the QR code as a PNG."""
    _code(config).save(file, kind="png", scale=_SCALE)


def _code(config: str) -> segno.QRCode:
    # With the least redundancy, it fits into 80 columns.
    return segno.make_qr(config, error="l", boost_error=False)


@contextlib.contextmanager
def new_file(path: str | None) -> Iterator[BinaryIO | None]:
    """A new file that nobody else may read; gone again where the block fails. UsageError where it cannot be.

    It is opened before anything is done: what is to be in it cannot be had a second time.
    """
    if path is None:
        yield None
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError as error:
        raise click.UsageError(f"{path} is there already; name another file") from error
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(path)
        if isinstance(error, OSError):
            raise MeshnetError(Code.SYSTEM_ERROR, f"{path} cannot be written: {error.strerror}.") from error
        raise
