"""JSON lines, sans I/O: bytes in, whole lines out, at most 64 KiB each."""

from __future__ import annotations

from meshnet.errors import Code, MeshnetError

LINE_MAX = 64 * 1024


class LineBuffer:
    """Cuts a stream of bytes into lines, wherever the stream was cut by the network."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Add bytes; return the lines they completed, without their newline. MeshnetError for one that is too long."""
        self._pending += data
        *lines, rest = self._pending.split(b"\n")
        self._pending = bytearray(rest)
        if len(rest) > LINE_MAX or any(len(line) > LINE_MAX for line in lines):
            raise MeshnetError(Code.INVALID_MESSAGE, f"A message has at most {LINE_MAX} bytes.")
        return [bytes(line) for line in lines if line.strip()]
