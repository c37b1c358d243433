"""/etc/resolv.conf as a file: ours in the place of what was there, and that put back, to the byte.

The plainest way, which every program follows that has no other. NetworkManager, DHCP clients and cloud-init write the
file whenever their network changes; none promises another program to leave it alone, so ours is not defended but
watched, and written again. What they wrote last is then what they find afterwards.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from meshnet_platform import files
from meshnet_platform.api import PlatformError
from meshnet_platform.linux.journal import Journal, ResolvFile

# In containers the file is a mount of its own, often in a read-only directory: it can be written, not replaced.
_NOT_REPLACEABLE = (errno.EBUSY, errno.EXDEV, errno.EROFS)
_IMMUTABLE = (errno.EPERM, errno.EACCES)
_USUAL_LINKS = (
    "../run/systemd/resolve/stub-resolv.conf",
    "../run/NetworkManager/resolv.conf",
    "../run/resolvconf/resolv.conf",
)
_HEAD = "# Written by Meshnet while traffic is routed; it puts the old file back.\n"


class ResolvConf:
    """The resolv.conf(5) of this system, and what the journal keeps of it."""

    def __init__(self, journal: Journal, root: Path) -> None:
        self._journal = journal
        self._path = root / "etc/resolv.conf"
        self._run = root / "run"

    def text(self) -> str:
        """What programs read there now, each byte as one character; empty where there is nothing to read."""
        return files.text_of(self._path)

    def own(self) -> str:
        """What the system would have there without us."""
        kept = self._journal.entries.resolv
        if kept is None or not self.is_ours():
            return "" if self.is_orphan() else self.text()
        if kept.link is None or kept.at:
            return kept.content
        # Who writes behind a link goes on doing so, and knows the network that this device is in by now.
        return files.text_of(self._path.parent / kept.link) or kept.content

    def own_at(self, path: Path) -> str:
        """The same of a file that resolv.conf may lead to."""
        kept, text = self._journal.entries.resolv, files.text_of(path)
        return kept.content if kept is not None and kept.at == str(path) and text == kept.ours else text

    def is_ours(self) -> bool:
        """Whether what we wrote is what programs read: now, or before a death between the note and the writing."""
        kept = self._journal.entries.resolv
        return kept is not None and _is_ours(self.text(), kept)

    def stands(self) -> bool:
        """Whether programs read what we wrote last; also true where we wrote nothing."""
        kept = self._journal.entries.resolv
        return kept is None or self.text() == kept.ours

    def is_orphan(self) -> bool:
        """Whether it is ours by its head, and no journal knows what was there before."""
        return self._journal.entries.resolv is None and self.text().startswith(_HEAD)

    def write(self, servers: tuple[str, ...]) -> None:
        """Have programs ask these servers; PlatformError where the file cannot be changed."""
        text = _HEAD + "".join(f"nameserver {server}\n" for server in servers)
        kept = self._journal.entries.resolv
        if kept is None or not kept.ours == text == self.text():
            kept = self.note(text)
            self._replace(Path(kept.at or self._path), text)

    def note(self, ours: str) -> ResolvFile:
        """Keep what is there in the journal, before `ours` takes its place."""
        kept = self._journal.entries.resolv
        if kept is None or not self.is_ours():
            # What others wrote since is the system's own from now on.
            self.restore()
            kept = self._as_it_is()
        kept = msgspec.structs.replace(kept, ours=ours)
        self._journal.entries.resolv = kept
        self._journal.write()
        return kept

    def restore(self) -> None:
        """Put back what was there, unless somebody else has written the file since. The journal is not yet written."""
        kept = self._journal.entries.resolv
        self._remove_half_written(kept)
        if kept is not None and kept.at:
            if _is_ours(files.text_of(Path(kept.at)), kept):
                self._replace(Path(kept.at), kept.content, kept.mode, (kept.uid, kept.gid))
        elif kept is not None and self.is_ours():
            self._put_back(kept)
        elif self.is_orphan():
            self._put_back(self._lost())
        self._journal.entries.resolv = None

    def _remove_half_written(self, kept: ResolvFile | None) -> None:
        """What a process left that died while it wrote."""
        for path in (self._path, Path(kept.at) if kept and kept.at else self._path):
            with suppress(OSError):
                files.beside(path).unlink(missing_ok=True)

    def _as_it_is(self) -> ResolvFile:
        link = os.readlink(self._path) if self._path.is_symlink() else None
        if not self._path.is_file():
            return ResolvFile("", link, self._path.exists() or link is not None)
        there, at = self._path.stat(), self._behind_link()
        return ResolvFile(self.text(), link, True, "", stat.S_IMODE(there.st_mode), there.st_uid, there.st_gid, at)

    def _behind_link(self) -> str:
        """The file under /run that the link leads to, if it does: ours then takes the place of that one.

        NetworkManager and systemd-resolved act by what resolv.conf is: without the link the one writes a plain file
        there, and the other takes over the servers in it and keeps them when the link is back.
        """
        real = self._path.resolve()
        return str(real) if self._path.is_symlink() and real.is_relative_to(self._run.resolve()) else ""

    def _lost(self) -> ResolvFile:
        """What may well have been there when nobody knows: a link to what the system's own manager of it writes."""
        link = next((link for link in _USUAL_LINKS if (self._path.parent / link).is_file()), None)
        return ResolvFile("", link, link is not None)

    def _put_back(self, kept: ResolvFile) -> None:
        if kept.link is None and kept.existed:
            self._replace(self._path, kept.content, kept.mode, (kept.uid, kept.gid))
            return
        try:
            self._path.unlink(missing_ok=True)
            if kept.link is not None:
                self._path.symlink_to(kept.link)
        except OSError as error:
            raise _refused(self._path, error) from error

    def _replace(self, path: Path, text: str, mode: int = 0o644, owner: tuple[int, int] = (0, 0)) -> None:
        data = text.encode("latin-1")
        try:
            try:
                files.write_whole(path, data, mode)
                _give(path, owner)
            except OSError as error:
                if error.errno not in _NOT_REPLACEABLE:
                    raise
                path.write_bytes(data)
        except OSError as error:
            raise _refused(path, error) from error


def _give(path: Path, owner: tuple[int, int]) -> None:
    there = path.stat()
    if sys.platform != "win32" and (there.st_uid, there.st_gid) != owner:
        with suppress(PermissionError):
            os.chown(path, *owner)


def _refused(path: Path, error: OSError) -> PlatformError:
    cure = "Make it writable for root."
    if error.errno in _IMMUTABLE:
        cure = f"Make it writable for root; where somebody made it immutable, with `chattr -i {path}`."
    return PlatformError(f"{path} could not be replaced: {error.strerror}.", cure)


def _is_ours(text: str, kept: ResolvFile) -> bool:
    """Also what we wrote before: a process may die between the note and the writing."""
    return text == kept.ours or text.startswith(_HEAD)
