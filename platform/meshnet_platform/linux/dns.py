"""/etc/resolv.conf while a route is on: kept in the journal, replaced, and put back if nobody touched it since."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from meshnet_platform.api import PlatformError
from meshnet_platform.linux.facts import RESOLVED_SERVERS, STUB_RESOLVERS, parse_resolvers, parse_search
from meshnet_platform.linux.journal import Journal, ResolvFile

# In containers the file is a mount of its own, often in a read-only directory: it can be written, not replaced.
_NOT_REPLACEABLE = (errno.EBUSY, errno.EXDEV, errno.EROFS)
_HEAD = "# Written by Meshnet while traffic is routed; it puts the old file back.\n"


class Resolvers:
    """The name servers that the system's programs use."""

    def __init__(self, journal: Journal, root: Path = Path("/")) -> None:
        self._journal = journal
        self._file = root / "etc/resolv.conf"
        self._resolved = root / RESOLVED_SERVERS.lstrip("/")

    def apply(self, servers: tuple[str, ...]) -> None:
        """Use these servers; none gives the system its own back."""
        if not servers:
            self.restore()
            return
        text = _HEAD + "".join(f"nameserver {server}\n" for server in servers)
        kept = self._journal.entries.resolv
        standing = self._text()
        if kept is not None and standing == kept.ours == text:
            return
        # What others wrote since is the system's own from now on.
        before = kept if kept is not None and standing == kept.ours else self._as_it_is()
        self._journal.entries.resolv = ResolvFile(before.content, before.link, before.existed, text)
        self._journal.write()
        self._replace(text)

    def stand(self) -> bool:
        """Whether the file is still as we wrote it; also where we wrote none."""
        kept = self._journal.entries.resolv
        return kept is None or self._text() == kept.ours

    def restore(self) -> None:
        """Put back what was there, unless somebody else has written the file since."""
        kept = self._journal.entries.resolv
        if kept is None:
            return
        if self._text() == kept.ours:
            self._put_back(kept)
        self._journal.entries.resolv = None
        self._journal.write()

    def servers(self) -> tuple[str, ...]:
        """The servers that the system itself would ask, ours not among them."""
        own = parse_resolvers(self._own())
        if not any(stub in own for stub in STUB_RESOLVERS):
            return own
        # The stub also tells what this machine alone knows, its hosts file among it: only where there is no other.
        return parse_resolvers(self._behind_stub()) or own

    def search(self) -> tuple[str, ...]:
        """The domains that the system completes short names with."""
        return tuple(dict.fromkeys(parse_search(self._own()) + parse_search(self._behind_stub())))

    def _own(self) -> str:
        """The system's own resolv.conf, also while ours stands in its place."""
        kept = self._journal.entries.resolv
        return kept.content if kept is not None and self._text() == kept.ours else self._text()

    def _behind_stub(self) -> str:
        try:
            return self._resolved.read_text(errors="replace")
        except OSError:
            return ""

    def _as_it_is(self) -> ResolvFile:
        link = os.readlink(self._file) if self._file.is_symlink() else None
        return ResolvFile(self._text(), link, self._file.exists() or link is not None)

    def _put_back(self, kept: ResolvFile) -> None:
        if kept.link is None and kept.existed:
            self._replace(kept.content)
            return
        self._file.unlink(missing_ok=True)
        if kept.link is not None:
            self._file.symlink_to(kept.link)

    def _text(self) -> str:
        try:
            return self._file.read_text(errors="replace")
        except OSError:
            return ""

    def _replace(self, text: str) -> None:
        try:
            self._rename_over(text)
        except OSError as error:
            if error.errno not in _NOT_REPLACEABLE:
                raise _refused(self._file, error) from error
            self._write_in_place(text)

    def _rename_over(self, text: str) -> None:
        handle, temporary = tempfile.mkstemp(dir=self._file.parent, prefix=".resolv.conf.")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(self._file)
        finally:
            Path(temporary).unlink(missing_ok=True)

    def _write_in_place(self, text: str) -> None:
        try:
            self._file.write_text(text)
        except OSError as error:
            raise _refused(self._file, error) from error


def _refused(file: Path, error: OSError) -> PlatformError:
    return PlatformError(f"{file} could not be replaced: {error.strerror}.", "Make it writable for root.")
