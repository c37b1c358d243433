"""What the first start says: why there is nothing to show yet, and what is wrong with a line that was pasted."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from meshnet.core.links import parse_create, parse_join
from meshnet.errors import Code, MeshnetError, Refusal
from meshnet.gui.models import reasons, words
from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import Snapshot

JOIN, CREATE = "meshnet://join/", "meshnet://create/"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the daemon is not there for this app, and the one command that cures it; empty where there is none."""

    title: str
    text: str
    command: str = ""


def trouble(mesh: Snapshot, platform: str = sys.platform) -> Trouble | None:
    """What is wrong; None while the daemon answers."""
    if mesh.connected:
        return None
    if mesh.code is None:
        return Trouble(
            translate("First start", "Looking for the daemon…"),
            translate("First start", "It does Meshnet's work in the background, and starts with this computer."),
        )
    known = _known(mesh) if platform == "linux" else None
    return known or Trouble(words.prose(mesh.trouble), words.prose(mesh.cure))


def _known(mesh: Snapshot) -> Trouble | None:
    match mesh.code:
        case Code.DAEMON_UNREACHABLE:
            return _not_running()
        case Code.VERSION_MISMATCH:
            return _other_version()
        # Where somebody else answers in the daemon's place, that is said instead, and no group is the cure.
        case Code.NOT_PERMITTED if mesh.trouble == reasons.explain(MeshnetError(Code.NOT_PERMITTED))[0].rstrip("."):
            return _not_permitted()
    return None


def _not_running() -> Trouble:
    return Trouble(
        translate("First start", "The daemon is not running"),
        translate(
            "First start", "It does Meshnet's work in the background. Start it in a terminal, as an administrator:"
        ),
        "systemctl start meshnetd",
    )


def _not_permitted() -> Trouble:
    return Trouble(
        translate("First start", "You may not use Meshnet on this computer yet"),
        translate(
            "First start",
            "It is for the account that set it up, and for the group “meshnet”. Become a member of the group, then log "
            "out and in again:",
        ),
        'sudo usermod -aG meshnet "$USER"',
    )


def _other_version() -> Trouble:
    return Trouble(
        translate("First start", "The daemon and this app are of different versions"),
        translate(
            "First start",
            "They do not understand each other. Update the older of the two, then start the daemon anew, and this app "
            "too:",
        ),
        "systemctl restart meshnetd",
    )


def join_complaint(text: str) -> str:
    """What is wrong with an invite link; empty for a good one, and for the beginning of one."""
    text = text.strip()
    if text.startswith(CREATE):
        return translate(
            "First start", "This is a coordinator's line; it creates a mesh. An invite link is needed here."
        )
    if not text.startswith(JOIN):
        return "" if JOIN.startswith(text) else _no_link()
    try:
        parse_join(text)
    except Refusal:
        return _damaged()
    return ""


def create_complaint(text: str) -> str:
    """What is wrong with a coordinator's line; empty for a good one, and for the beginning of one."""
    text = text.strip()
    if text.startswith(JOIN):
        return translate(
            "First start", "This is an invite link; with it, join a mesh. A coordinator's line is needed here."
        )
    if not text.startswith(CREATE):
        return "" if CREATE.startswith(text) else _no_line()
    try:
        parse_create(text)
    except Refusal:
        return _damaged()
    return ""


def is_invite(text: str) -> bool:
    """Whether it is an invite link from its beginning to its end."""
    return text.strip().startswith(JOIN) and not join_complaint(text)


def is_coordinator(text: str) -> bool:
    """Whether it is a coordinator's line from its beginning to its end."""
    return text.strip().startswith(CREATE) and not create_complaint(text)


def key_place(file: Path | None) -> str:
    """Where the mesh key is: in this file, or in the person's keyring."""
    if file is None:
        return translate(
            "First start", "The key of the mesh is in your keyring. Whoever has it decides which devices belong."
        )
    text = translate(
        "First start", "The key of the mesh is in the file {path}. Whoever has it decides which devices belong."
    )
    return text.format(path=words.plain(str(file)))


def _no_link() -> str:
    return translate("First start", "This is no invite link. One begins with meshnet://join/ and stands on one line.")


def _no_line() -> str:
    return translate(
        "First start", "This is no coordinator's line. One begins with meshnet://create/ and stands on one line."
    )


def _damaged() -> str:
    return translate("First start", "A part of it is missing or damaged. Copy the whole line again.")
