"""What the records say against the host that a route goes through: what others announce, and this device believes."""

from __future__ import annotations

from meshnet.core.devices import last_exit, loop_through
from meshnet.core.exits import Exit
from meshnet.core.grants import granted_by
from meshnet.daemon.model import Model
from meshnet.errors import BLOCKED_WORDS, Blocked


def find_objection(model: Model, host: str) -> tuple[Blocked, str] | None:
    """The reason, and the same in words; None: nothing."""
    reason = _find_reason(model, host)
    said = model.mesh.devices.get(host)
    if reason is not None:
        return reason, BLOCKED_WORDS[reason]
    if said is not None and not said.can_host:
        return Blocked.HOST_UNREACHABLE, f"it cannot host: {(said.cannot_host or 'it gives no reason').rstrip('.')}"
    return None


def _find_reason(model: Model, host: str) -> Blocked | None:
    ledger = model.mesh
    if model.is_removed or not ledger.is_member(host) or not granted_by(ledger, host, model.me).routing:
        return Blocked.ROUTING_REVOKED
    if loop_through(ledger, model.me, host) is not None:
        return Blocked.LOOP
    if last_exit(ledger, host) == Exit.LOST:
        return Blocked.HOST_LEFT_VPN
    return None
