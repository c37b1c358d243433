"""What this device permits its peers: decided and held here, whatever any coordinator says."""

from __future__ import annotations

import msgspec

from meshnet.core.settings import Settings
from meshnet.core.trust import Ledger
from meshnet.errors import Code, Refusal

KINDS = ("incoming", "routing", "lan")


class Choice(msgspec.Struct, frozen=True):
    """What the person chose for one peer; None: nothing, the default holds."""

    incoming: bool | None = None
    routing: bool | None = None
    lan: bool | None = None


class Permission(msgspec.Struct, frozen=True):
    """What a peer is permitted."""

    incoming: bool = False
    routing: bool = False
    lan: bool = False


NOTHING = Permission()


def chosen(choice: Choice, kinds: tuple[str, ...], allowed: bool) -> Choice:
    """The choice with these kinds allowed or denied; Refusal for a kind there is not."""
    for kind in kinds:
        if kind not in KINDS:
            raise Refusal(Code.INVALID_SETTING, f"There is no grant `{kind}`; there are {', '.join(KINDS)}.")
    return msgspec.structs.replace(choice, **dict.fromkeys(kinds, allowed))


def permitted(ledger: Ledger, choices: dict[str, Choice], settings: Settings, device: str) -> Permission:
    """What this device permits a peer.

    A choice made for the very peer counts at once. What is granted to all own devices waits until somebody with the
    mesh key has confirmed the peer: an invite alone may have gone astray.
    """
    if not ledger.is_member(device):
        return NOTHING
    choice = choices.get(device, Choice())
    own = device in ledger.confirmed

    def decided(explicit: bool | None, default: bool) -> bool:
        return default and own if explicit is None else explicit

    return Permission(
        incoming=decided(choice.incoming, True),
        routing=decided(choice.routing, "routing" in settings.own_devices),
        lan=decided(choice.lan, "lan" in settings.own_devices),
    )


def granted_by(ledger: Ledger, device: str, me: str) -> Permission:
    """What a peer says it permits this device."""
    said = ledger.grants.get((device, me))
    if said is None or not ledger.is_member(device):
        return NOTHING
    return Permission(said.incoming, said.routing, said.lan)
