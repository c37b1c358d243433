"""Carries out what front ends ask: one method per request, refused in words before anything is changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from meshnet.core import settings as settings_module
from meshnet.core.devices import find, find_objection
from meshnet.core.grants import KINDS
from meshnet.core.identity import clean_name
from meshnet.core.nat import UNSEEN, nat_of
from meshnet.core.nat import WORDS as NAT_WORDS
from meshnet.core.records import Device
from meshnet.daemon import views
from meshnet.daemon.hosted import Hosted
from meshnet.daemon.link import Link
from meshnet.daemon.membership import Membership
from meshnet.daemon.model import Model
from meshnet.daemon.paths import Paths
from meshnet.daemon.phones import Phones
from meshnet.daemon.routing import Routing, refused_by_system
from meshnet.daemon.system import System
from meshnet.daemon.whiles import Whiles
from meshnet.errors import Blocked, Code, MeshnetError, Refusal
from meshnet.protocol import local
from meshnet_platform.api import Facts

log = logging.getLogger("meshnet.controller")

ARRIVE_WITHIN = 5.0
TELL_WITHIN = 2.0
"""Seconds that a command waits for the coordinator to have heard of it; it holds here in any case."""
DEVICES_AT_ONCE = 60
"""As many as surely fit into a message: one has at most about 900 bytes."""


class Controller:
    """The daemon's verbs."""

    def __init__(self, model: Model, system: System, routing: Routing, link: Link, paths: Paths) -> None:
        self._model = model
        self._system = system
        self._routing = routing
        self._link = link
        self._paths = paths
        self._membership = Membership(model, link, self.settle)
        self._phones = Phones(model, link)
        self._hosted = Hosted(model)
        self.whiles = Whiles(model, routing, self.settle)
        self._one_at_a_time = asyncio.Lock()
        self.on_change: Callable[[], None] = lambda: None
        self.on_facts: Callable[[Facts], None] = lambda _: None
        """The system was read anew; no facts while the device is in no mesh."""

    async def handle(self, request: local.Request, caller: int) -> local.Result:
        """Do what is asked for the user `caller`; MeshnetError where it is refused or fails."""
        match request:
            case local.GetStatus() | local.Watch():
                await self.refresh()
            case local.GetDevices(after=after):
                return self._devices(after)
            case local.Doctor():
                return await self._doctor()
            case local.StartRoute() | local.StopRoute() | local.PauseRoute() | local.ResumeRoute():
                await self._route_request(request)
            case local.Allow(device=device, grants=kinds):
                await self._grant(device, kinds, True)
            case local.Deny(device=device, grants=kinds):
                await self._grant(device, kinds, False)
            case local.StopClient(device=device, seconds=seconds):
                await self._stop_client(device, seconds)
            case local.Rename(device=device, name=name):
                await self._rename(device, name)
            case local.GetSettings():
                return local.SettingValues(self._named(settings_module.shown(self._model.state.settings)))
            case local.SetSetting(key=key, value=value):
                return await self._set(key, value)
            case _:
                async with self._one_at_a_time:
                    return await self._membership_request(request, caller)
        return self.status()

    async def _route_request(
        self, request: local.StartRoute | local.StopRoute | local.PauseRoute | local.ResumeRoute
    ) -> None:
        match request:
            case local.StartRoute(device=device):
                await self._start_route(device)
            case local.StopRoute():
                await self._stop_route()
            case local.PauseRoute(seconds=seconds):
                await self._finish(await self.whiles.pause(seconds))
            case local.ResumeRoute():
                await self._finish(await self.whiles.resume())

    async def _membership_request(self, request: local.Request, caller: int) -> local.Result:
        membership = self._membership
        match request:
            case local.PrepareCreate():
                return await membership.prepare_create(request)
            case local.PrepareInvite(expires_in=seconds):
                return membership.prepare_invite(seconds)
            case local.PrepareRemove(device=device):
                return membership.prepare_remove(find(self._model.mesh, self._model.me, device))
            case local.PrepareConfirm():
                return membership.prepare_confirm(views.unconfirmed(self._model))
            case local.Create():
                await membership.create(request, caller)
                await self._link.told(ARRIVE_WITHIN)
            case local.PostInvite(records=records):
                await membership.post_invite(records)
            case local.Join():
                await membership.join(request, caller)
                await self._link.told(ARRIVE_WITHIN)
            case local.AddPhone():
                added = await self._phones.add(request)
                await self.settle()
                return added
            case local.PostSigned(records=records):
                await membership.post_signed(records)
            case local.Leave():
                await self._leave()
        return self.status()

    def status(self) -> local.Status:
        """This device and its route."""
        return views.status(self._model, self._routing, self._paths, self._hosted)

    def device_views(self) -> list[local.DeviceView]:
        """All other devices."""
        return views.device_views(self._model, self._routing, self._paths)

    # --- keeping the system as it should be -------------------------------------------------------------------------

    async def settle(self) -> None:
        """Records, grants, settings or facts changed: make the system so, and tell the others."""
        if self._model.is_removed:
            if self._routing.wish is not None:
                # Only the person opens what a wanted route closed; the mesh is forgotten when they do.
                await self._routing.lose(Blocked.ROUTING_REVOKED)
            elif self._model.state.paused is None:
                await self._forget("this device was removed from its mesh")
            return
        if self._model.ledger is not None:
            self._model.settle_exit()
        self._tell_facts()
        self._paths.sync(self._routing.wish.host if self._routing.wish else self._routing.choice)
        try:
            await self._system.apply()
        except MeshnetError as error:
            if self._routing.wish is not None:
                await self._routing.lose(Blocked.SYSTEM_ERROR, refused_by_system(error))
            raise
        finally:
            if self._model.announce():
                self._link.flush()
            self._routing.nudge()
            self.on_change()
        await self._move_once_told()

    def _tell_facts(self) -> None:
        self.on_facts(self._model.facts if self._model.ledger is not None else Facts())

    async def _move_once_told(self) -> None:
        """The VPN of this device dropped, and its peers are to go on by its own line: they have heard of it first."""
        if not self._model.must_tell_of_line or not self._model.connected or not await self._link.told(TELL_WITHIN):
            return
        self._model.forget_vpn()
        await self._system.apply()
        self.on_change()

    async def look(self, *, is_broken: bool = False) -> None:
        """Read the system anew, and follow what has changed; where something of ours broke, in any case."""
        self._model.catch_up()
        before = (self._model.facts, self._model.problems)
        await self._system.look()
        self._tell_facts()
        if before[0].links != self._model.facts.links or before[0].gateways != self._model.facts.gateways:
            self._link.moved()
            self._paths.moved()
        if is_broken or before != (self._model.facts, self._model.problems):
            with contextlib.suppress(MeshnetError):
                # Told by the route's state and the log; the next change tries again.
                await self.settle()

    async def refresh(self) -> None:
        """Look at the tunnel now."""
        if self._model.ledger is not None and await self._system.observe():
            self._hosted.look()
            self.on_change()

    # --- verbs ------------------------------------------------------------------------------------------------------

    def _devices(self, after: str) -> local.DeviceList:
        rest = [view for view in self.device_views() if view.id > after]
        return local.DeviceList(tuple(rest[:DEVICES_AT_ONCE]), more=len(rest) > DEVICES_AT_ONCE)

    async def _doctor(self) -> local.Findings:
        await self.look()
        findings = [local.Finding(p.id, p.severity, p.message, p.cure) for p in self._model.problems]
        if self._model.whereabouts.is_unseen:
            findings.append(local.Finding("udp-blocked", "warning", *UNSEEN))
        return local.Findings(tuple(findings), self._nat())

    def _nat(self) -> local.NatView | None:
        if self._model.ledger is None:
            return None
        kind = nat_of(self._model.facts, self._model.whereabouts.sights, self._model.whereabouts.opened)
        return local.NatView(kind, NAT_WORDS[kind])

    async def _start_route(self, word: str) -> None:
        number = self._routing.number()
        device = find(self._model.mesh, self._model.me, word)
        await self.refresh()
        self._check_route(device)
        await self._routing.start(device, number)
        await self.settle()

    def _check_route(self, device: Device) -> None:
        lacking = self._model.cannot_route
        if lacking is not None:
            raise Refusal(Code.TOOLS_MISSING, f"{lacking.message} {lacking.cure}")
        objection = find_objection(self._model.mesh, self._model.me, device)
        if objection is not None:
            raise objection
        if self._model.connected and not views.is_online(self._model, device):
            raise Refusal(Code.DEVICE_OFFLINE, f"{self._model.names()[device.device]} is offline.")

    async def _stop_route(self) -> None:
        if self._model.state.joined is None:
            raise Refusal(Code.NOT_JOINED)
        await self._finish(await self._routing.stop())

    async def _finish(self, not_kept: MeshnetError | None) -> None:
        """The route is as was asked, but this could not be kept of it."""
        await self.settle()
        if not_kept is not None:
            raise not_kept

    async def _stop_client(self, word: str, seconds: int) -> None:
        self.whiles.stop(find(self._model.mesh, self._model.me, word), seconds)
        await self.settle()
        if self._model.connected:
            await self._link.told(TELL_WITHIN)

    async def _grant(self, word: str, kinds: tuple[str, ...], allowed: bool) -> None:
        device = find(self._model.mesh, self._model.me, word)
        if not kinds:
            raise Refusal(Code.INVALID_SETTING, f"Say what: {', '.join(KINDS)}.")
        not_kept = self._model.choose(device.device, kinds, allowed)
        if allowed and "routing" in kinds:
            self.whiles.let_go_on(device)
        await self.settle()
        if self._model.connected:
            await self._link.told(TELL_WITHIN)
        if not_kept is not None:
            raise not_kept

    async def _rename(self, word: str, name: str) -> None:
        own = self._model.names().get(self._model.me, self._model.joined.name)
        if word not in (own, self._model.me) and word not in self._own_addresses():
            device = find(self._model.mesh, self._model.me, word)
            raise Refusal(Code.NOT_SUPPORTED, f"{device.name} has its own name in hand: run `meshnet rename` there.")
        wanted = clean_name(name)
        if self._model.free_name(wanted) != wanted:
            raise Refusal(Code.NAME_TAKEN, f"Another device is called {wanted}.")
        self._model.call_myself(wanted)
        await self.settle()

    def _own_addresses(self) -> tuple[str, ...]:
        member = self._model.mesh.members[self._model.me]
        return member.address4, member.address6

    def _named(self, values: dict[str, str]) -> dict[str, str]:
        """The settings with the names of devices in place of their ids; an id stays where a name would not do."""
        known = {device: name for device, name in self._model.names().items() if "," not in name}
        text = ",".join(known.get(device, device) for device in self._model.state.settings.fallback)
        return {key: text if key == "fallback" and text else value for key, value in values.items()}

    def _ids(self, text: str) -> str:
        if text.strip() in ("", "none"):
            return "none"
        return ",".join(find(self._model.mesh, self._model.me, word).device for word in text.split(","))

    async def _set(self, key: str, value: str) -> local.SettingValues:
        if key == "fallback":
            value = self._ids(value)
        not_kept = self._model.choose_settings(settings_module.changed(self._model.state.settings, key, value))
        if self._model.ledger is not None:
            await self.settle()
        if not_kept is not None:
            raise not_kept
        return local.SettingValues(self._named(settings_module.shown_one(self._model.state.settings, key)))

    async def _leave(self) -> None:
        _ = self._model.joined
        await self._routing.stop()
        await self._membership.say_farewell()
        await self._forget("left")

    async def _forget(self, why: str) -> None:
        log.info("mesh forgotten: %s", why)
        await self._routing.stop()
        self._model.leave()
        await self._system.restore()
        self._link.restart()
        self.on_change()
