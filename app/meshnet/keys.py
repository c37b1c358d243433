"""The person's mesh key: where front ends keep it, and the only importer of keyring.

Kept in the person's keyring; where there is none, in a file of mode 0600 in the person's configuration directory, and
`store` says which, so that the person is told at creation.

Law: a key is forgotten only where it is certain that no device is in its mesh.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

import platformdirs

from meshnet.core.identity import KEY_BYTES, SigningKey, decode, encode, is_id
from meshnet.errors import Code, MeshnetError

_SERVICE = "meshnet"
_UNSURE = (Code.DAEMON_UNREACHABLE, Code.TIMEOUT, Code.VERSION_MISMATCH)
"""After these nobody knows whether the daemon did it all the same."""


def new_seed() -> bytes:
    """Fresh randomness for a mesh key."""
    return secrets.token_bytes(KEY_BYTES)


def store(seed: bytes) -> Path | None:
    """Keep the mesh key; returns the file where it is, or None: in the person's keyring."""
    mesh = SigningKey(seed).id
    if _keyring_set(mesh, encode(seed)):
        return None
    path = _file(mesh)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(encode(seed) + "\n")
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
    return path


def load(mesh: str) -> SigningKey | None:
    """The key of the mesh with this id; None where this person does not hold it."""
    if not is_id(mesh):
        return None
    path = _file(mesh)
    try:
        text = path.read_text().strip() if path.is_file() else _keyring_get(mesh)
        if text is None:
            return None
        key = SigningKey(decode(text))
    except (OSError, ValueError):
        return None
    return key if key.id == mesh else None


def is_needless_after(error: MeshnetError) -> bool:
    """Whether this device is certainly not in the mesh, whose creation failed so."""
    return error.code not in _UNSURE


def forget(mesh: str) -> None:
    """Forget the key of this mesh."""
    _file(mesh).unlink(missing_ok=True)
    _keyring_delete(mesh)


def _file(mesh: str) -> Path:
    return Path(platformdirs.user_config_dir("meshnet")) / f"{mesh}.key"


def _keyring_set(mesh: str, text: str) -> bool:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(_SERVICE, mesh, text)
        return keyring.get_password(_SERVICE, mesh) == text
    except (KeyringError, RuntimeError):
        return False


def _keyring_get(mesh: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(_SERVICE, mesh)
    except (KeyringError, RuntimeError):
        return None


def _keyring_delete(mesh: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.delete_password(_SERVICE, mesh)
    except (KeyringError, RuntimeError):
        return
