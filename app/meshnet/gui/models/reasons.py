"""Why something was refused, and what to do, in words for a window: where the app has a button, no command is named.

What the daemon says itself is in English. It stands alone where the person reads English, and otherwise behind the
translated meaning of its code, where it says more than that.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from meshnet.errors import EXPLANATIONS, Code, MeshnetError
from meshnet.gui.models import words
from meshnet.gui.models.language import translate


def explain(error: MeshnetError) -> tuple[str, str]:
    """What happened and why, and what to do."""
    meaning, cure = _WORDS[error.code]()
    said = _said(error)
    if not said:
        return meaning, cure
    if _is_english():
        return said, cure
    return translate("Reasons", "{meaning} ({said})").format(meaning=meaning, said=said), cure


def _said(error: MeshnetError) -> str:
    """The daemon's own words where they say more than the code alone; names in them are other people's."""
    if error.message == EXPLANATIONS[error.code].meaning:
        return ""
    return words.plain(words.prose(" ".join(error.message.split())))


def _is_english() -> bool:
    return translate("Reasons", "en", "the code of the language of these texts, such as de or fr") == "en"


def _not_joined() -> tuple[str, str]:
    return (
        translate("Reasons", "This device is in no mesh yet."),
        translate("Reasons", "Create a mesh, or join one by its invite link: the window shows both."),
    )


def _already_joined() -> tuple[str, str]:
    return (
        translate("Reasons", "This device is in a mesh already."),
        translate("Reasons", "Use the mesh it is in, or leave that one first."),
    )


def _unknown_device() -> tuple[str, str]:
    return (
        translate("Reasons", "The device is no longer in the mesh."),
        translate("Reasons", "Choose another one; the list shows those there are."),
    )


def _ambiguous_device() -> tuple[str, str]:
    return (
        translate("Reasons", "Several devices answer to that name."),
        translate("Reasons", "Rename one of them, so that each has a name of its own."),
    )


def _device_offline() -> tuple[str, str]:
    return (
        translate("Reasons", "The device is offline and did not answer."),
        translate("Reasons", "Switch it on, check its network, and try again."),
    )


def _cannot_host() -> tuple[str, str]:
    return (
        translate("Reasons", "The device cannot route the traffic of others."),
        translate("Reasons", "Open the doctor on that device: it says why, and what to do."),
    )


def _routing_not_allowed() -> tuple[str, str]:
    return (
        translate("Reasons", "The device has not allowed this one to route through it."),
        translate("Reasons", "On that device, tick “Allow routing” beside the name of this one."),
    )


def _would_loop() -> tuple[str, str]:
    return (
        translate("Reasons", "That host itself routes through a chain that leads back to this device."),
        translate("Reasons", "Choose another host, or stop the route on one of the other devices."),
    )


def _coordinator_unreachable() -> tuple[str, str]:
    return (
        translate("Reasons", "The coordinator does not answer, or is not the one that this device knows."),
        translate(
            "Reasons", "Check the network, and that the coordinator runs. Devices already known keep working meanwhile."
        ),
    )


def _invite_invalid() -> tuple[str, str]:
    return (
        translate("Reasons", "The invite link is damaged, or the coordinator does not know it."),
        translate("Reasons", "Copy the whole link again, or ask for a new one."),
    )


def _invite_used() -> tuple[str, str]:
    return (
        translate("Reasons", "The invite link was used already; each lets one device in."),
        translate("Reasons", "Ask for a new one, or make one with “Add a device” on a device of the mesh."),
    )


def _invite_expired() -> tuple[str, str]:
    return (
        translate("Reasons", "The invite link has expired."),
        translate("Reasons", "Ask for a new one, or make one with “Add a device” on a device of the mesh."),
    )


def _invite_foreign() -> tuple[str, str]:
    return (
        translate("Reasons", "The link is of another kind, or the mesh behind it is not the one it names."),
        translate("Reasons", "Ask the sender for a new link, and use it for what it was made for."),
    )


def _create_not_allowed() -> tuple[str, str]:
    return (
        translate("Reasons", "The coordinator does not let this line create a mesh."),
        translate("Reasons", "Copy the whole line again from the coordinator's machine."),
    )


def _no_mesh_key() -> tuple[str, str]:
    return (
        translate("Reasons", "This needs the key of the mesh, which is not on this device."),
        translate("Reasons", "Do it on the device where the mesh was created, as the person who created it."),
    )


def _name_taken() -> tuple[str, str]:
    return (
        translate("Reasons", "Another device of the mesh has that name."),
        translate("Reasons", "Choose another name."),
    )


def _invalid_name() -> tuple[str, str]:
    return (
        translate("Reasons", "A name has 1 to 63 characters of any language, and no control characters."),
        translate("Reasons", "Choose another name."),
    )


def _invalid_setting() -> tuple[str, str]:
    return (
        translate("Reasons", "The setting does not take that value."),
        translate("Reasons", "Choose another value; the setting is as it was before."),
    )


def _tools_missing() -> tuple[str, str]:
    return (
        translate("Reasons", "A tool that Meshnet needs is not installed."),
        translate("Reasons", "Open the doctor: it names what is missing, and how to install it."),
    )


def _address_pool_empty() -> tuple[str, str]:
    return (
        translate("Reasons", "The coordinator has no free address left."),
        translate("Reasons", "Remove devices that are no longer used, or ask whoever runs the coordinator."),
    )


def _version_mismatch() -> tuple[str, str]:
    return (
        translate("Reasons", "This app and the daemon are of versions that do not understand each other."),
        translate("Reasons", "Update the older of the two, then start the app again."),
    )


def _not_supported() -> tuple[str, str]:
    return (
        translate("Reasons", "This system or version cannot do that."),
        translate("Reasons", "The doctor says what this system can do."),
    )


def _daemon_unreachable() -> tuple[str, str]:
    return translate("Reasons", "The daemon does not answer."), _how_to_start(sys.platform)


def _how_to_start(platform: str) -> str:
    if platform == "linux":
        return translate("Reasons", "Start it in a terminal with “systemctl start meshnetd”, as an administrator.")
    return translate("Reasons", "Start the computer anew, or install Meshnet again.")


def _not_permitted() -> tuple[str, str]:
    return (
        translate("Reasons", "This user may not talk to the daemon."),
        translate("Reasons", "Use the account that made or joined the mesh, or one of the group “meshnet”."),
    )


def _timeout() -> tuple[str, str]:
    return translate("Reasons", "No answer came in time."), translate("Reasons", "Try again.")


def _system_error() -> tuple[str, str]:
    return (
        translate("Reasons", "The system refused a step."),
        translate("Reasons", "Open the doctor: it looks for the usual causes."),
    )


def _invalid_message() -> tuple[str, str]:
    return (
        translate("Reasons", "The daemon does not understand what this app asks."),
        translate("Reasons", "Update the older of the two, then start the app again."),
    )


_WORDS: dict[Code, Callable[[], tuple[str, str]]] = {
    Code.NOT_JOINED: _not_joined,
    Code.ALREADY_JOINED: _already_joined,
    Code.UNKNOWN_DEVICE: _unknown_device,
    Code.AMBIGUOUS_DEVICE: _ambiguous_device,
    Code.DEVICE_OFFLINE: _device_offline,
    Code.CANNOT_HOST: _cannot_host,
    Code.ROUTING_NOT_ALLOWED: _routing_not_allowed,
    Code.WOULD_LOOP: _would_loop,
    Code.COORDINATOR_UNREACHABLE: _coordinator_unreachable,
    Code.INVITE_INVALID: _invite_invalid,
    Code.INVITE_USED: _invite_used,
    Code.INVITE_EXPIRED: _invite_expired,
    Code.INVITE_FOREIGN: _invite_foreign,
    Code.CREATE_NOT_ALLOWED: _create_not_allowed,
    Code.NO_MESH_KEY: _no_mesh_key,
    Code.NAME_TAKEN: _name_taken,
    Code.INVALID_NAME: _invalid_name,
    Code.INVALID_SETTING: _invalid_setting,
    Code.TOOLS_MISSING: _tools_missing,
    Code.ADDRESS_POOL_EMPTY: _address_pool_empty,
    Code.VERSION_MISMATCH: _version_mismatch,
    Code.NOT_SUPPORTED: _not_supported,
    Code.DAEMON_UNREACHABLE: _daemon_unreachable,
    Code.NOT_PERMITTED: _not_permitted,
    Code.TIMEOUT: _timeout,
    Code.SYSTEM_ERROR: _system_error,
    Code.INVALID_MESSAGE: _invalid_message,
}
"""Functions, for the language may change while the app runs."""
