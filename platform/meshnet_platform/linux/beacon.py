"""The beacon: WireGuard interfaces that every device is a peer of, and that carry nothing.

WireGuard takes a peer to be where the last packet that proved to be its own came from (wireguard.com/papers, section
2.1). So `wg show` here tells under which address and port the world sees a device's WireGuard socket.

Law: no peer has a prefix, and no interface an address or a route. What a device sends into such a tunnel belongs to
nobody, and nothing leads into it. What other programs change of that is put back by the next look.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from meshnet_platform.api import PlatformError, Tunnel
from meshnet_platform.linux import marks, wg
from meshnet_platform.linux.journal import Journal
from meshnet_platform.linux.tunnel import TunnelInterface
from meshnet_platform.linux.wg import InterfaceState
from meshnet_platform.runner import Result, Runner

log = logging.getLogger("meshnet.beacon")

HEARD_SECONDS = 180
"""A session is given up after that long (WireGuard's paper, section 6.1), and a device that is there begins a new one
after 120: whoever has begun none is gone."""
_NAME = "meshnetb{}"
_IFF_UP = 1
_BIND_SECONDS = 5.0
_ANSWER_SECONDS = 15.0
"""After so long without an answer it hangs; less would end a healthy one of a machine that is busy."""
_CONFIGURE_SECONDS = 60.0
_CALL_EVERY = 5
_AT_ONCE = 1000
"""So many peers are put out with one command: its words must stay under two megabytes (execve(2))."""
# Another last character would say bits beyond the 32 bytes, which wg(8) refuses.
_KEY = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")
_SOCKETS = (Path("/proc/self/net/udp"), Path("/proc/self/net/udp6"))


class LinuxBeacon:
    """The beacons of this machine, one interface for each port: meshnetb0, meshnetb1 and so on."""

    def __init__(
        self, state_dir: Path, *, runner: Runner | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """`state_dir` must exist and be private to root; `clock` tells the Unix time in seconds."""
        self._runner = runner or Runner()
        self._state_dir = state_dir
        self._clock = clock
        self._admitted: set[str] = set()
        self._own: frozenset[str] = frozenset()
        self._interfaces: tuple[BeaconInterface, ...] = ()

    def start(self, private_keys: tuple[str, ...], ports: tuple[int, ...]) -> None:
        """Have one interface for each key and UDP port; one that a killed process left is taken over as it is.

        PlatformError where the system cannot, with nothing left behind.
        """
        if not all(map(_is_key, private_keys)):
            # It is not named: this goes to a log.
            raise PlatformError("A beacon's private key is no WireGuard key.", "Make new ones with `wg genkey`.")
        pairs = tuple(zip(private_keys, ports, strict=True))
        names = [_NAME.format(number) for number in range(len(pairs))]
        self._remove(self._left().difference(names))
        self._admitted = set()
        try:
            self._interfaces = tuple(BeaconInterface(self._runner, self._state_dir / name) for name in names)
            for interface, (private_key, port) in zip(self._interfaces, pairs, strict=True):
                interface.start(private_key, port)
            self._own = frozenset(interface.public_key() for interface in self._interfaces)
        except PlatformError:
            self.stop()
            raise

    def admit(self, public_keys: Iterable[str]) -> None:
        """Let these devices in, all at once; what is no WireGuard key, or a beacon's own, is passed over."""
        new = {key for key in public_keys if _is_key(key)} - self._own - self._admitted
        self._admitted |= new
        for interface in self._interfaces:
            interface.add(new)

    def dismiss(self, public_keys: Iterable[str]) -> None:
        """Put these devices out, all at once."""
        gone = self._admitted.intersection(public_keys)
        self._admitted -= gone
        for interface in self._interfaces:
            interface.remove(gone)

    def sightings(self) -> tuple[dict[str, str], ...]:
        """For each interface: key → endpoint of the devices that spoke to it within `HEARD_SECONDS`.

        An interface that died is made anew, with all its peers; where that fails, the log says why, and the next call
        tries again. Endpoints are canonical: IPv4 is never written as IPv6, and link-local ones are left out, for they
        say nothing to others.
        """
        now = self._clock()
        return tuple(interface.sightings(self._admitted, now) for interface in self._interfaces)

    def stop(self) -> None:
        """Leave no trace, of this process or of one that died."""
        for interface in self._interfaces:
            interface.stop()
        self._interfaces = ()
        self._remove(self._left())

    def _left(self) -> set[str]:
        """The names of the interfaces that have a directory here."""
        return {place.name for place in self._state_dir.glob(_NAME.format("[0-9]*"))}

    def _remove(self, names: Iterable[str]) -> None:
        for name in sorted(names):
            BeaconInterface(self._runner, self._state_dir / name).stop()


class BeaconInterface:
    """One interface of the beacon, named as its directory, in which its journal is."""

    def __init__(self, runner: Runner, directory: Path) -> None:
        try:
            directory.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise PlatformError(f"{directory} could not be made: {error.strerror}.", "Let root write there.") from error
        self._runner = runner
        self._directory = directory
        self._name = directory.name
        self._journal = Journal(directory)
        self._interface = TunnelInterface(runner, self._journal, directory / "wireguard-go.log")
        self._wanted = Tunnel(self._name, "", 0, ())
        self._is_well = True
        self._seen: dict[str, str] = {}

    def start(self, private_key: str, port: int) -> None:
        """Have the interface, up and listening on the port; the peers of one that is there stay."""
        self._wanted = Tunnel(self._name, private_key, port, ())
        self._refuse_foreign()
        self._bring_up()

    def public_key(self) -> str:
        """The interface's own."""
        return self._runner.run("wg", "show", self._name, "public-key").strip()

    def add(self, keys: set[str]) -> None:
        """Have these as peers, too; where that fails, the next look sees to it."""
        if keys:
            self._try("wg", "addconf", self._name, "/dev/stdin", stdin="".join(map(_peer, keys)))

    def remove(self, keys: set[str]) -> None:
        """Have these as peers no more; where that fails, the next look sees to it."""
        listed = sorted(keys)
        for at in range(0, len(listed), _AT_ONCE):
            words = (word for key in listed[at : at + _AT_ONCE] for word in ("peer", key, "remove"))
            self._try("wg", "set", self._name, *words)

    def sightings(self, admitted: set[str], now: float) -> dict[str, str]:
        """Where the admitted are; what is not as it should be is put right first."""
        state = self._read()
        if state is None or not self._stands(state, admitted):
            state = self._put_right(state, admitted)
        if state is not None:
            self._seen = dict(_sightings(state, admitted, now))
        return self._seen if state else {}

    def stop(self) -> None:
        """Leave nothing of it."""
        if self._journal.entries.interface == self._name:
            self._interface.remove(self._name)
        self._journal.forget()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _read(self) -> InterfaceState | None:
        """The interface as it is; None where nothing answers for it."""
        result = self._try("wg", "show", self._name, "dump")
        with suppress(PlatformError):
            return wg.parse_dump(result.out) if result.status == 0 else None
        return None

    def _stands(self, state: InterfaceState, admitted: set[str]) -> bool:
        there = {peer.public_key for peer in state.peers if not peer.allowed and not peer.keepalive}
        is_configured = not wg.changes(state, self._wanted) and there == admitted and len(state.peers) == len(there)
        return is_configured and self._is_up()

    def _put_right(self, state: InterfaceState | None, admitted: set[str]) -> InterfaceState | None:
        try:
            if state is None:
                # One that hangs would be taken over as it is.
                self._interface.remove(self._name)
            self._bring_up()
            self._configure(admitted, self._seen if state is None else {})
        except PlatformError as error:
            if self._is_well:
                log.error("The beacon %s is out of order: %s %s", self._name, error.message, error.cure)
            self._is_well = False
            return None
        if state is None:
            log.warning("The beacon %s had ended, and was made anew.", self._name)
        self._is_well = True
        return self._read()

    def _configure(self, admitted: set[str], calling: Mapping[str, str]) -> None:
        """Exactly these peers; those that are there already keep their sessions.

        A device does not notice that the beacon has lost its session, and would begin a new one within two minutes.
        So those of `calling` are called where they were: a keepalive that is turned on is sent at once, and with it
        goes a handshake. The next look finds it turned on, and turns it off.
        """
        wanted = self._wanted
        head = (
            f"[Interface]\nPrivateKey = {wanted.private_key}\nListenPort = {wanted.listen_port}\n"
            f"FwMark = {marks.PACKET_MARK:#x}\n"
        )
        text = head + "".join(_peer(key, calling.get(key)) for key in admitted)
        self._runner.run("wg", "syncconf", self._name, "/dev/stdin", stdin=text, timeout=_CONFIGURE_SECONDS)

    def _bring_up(self) -> None:
        name = self._name
        self._interface.ensure(name)
        # A TUN device would get an address by itself; and without IPv6 not even multicast has a route into it.
        self._runner.result("ip", "link", "set", "dev", name, "addrgenmode", "none")
        with suppress(OSError):
            Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
        # Up before the port is set: of one that is down nobody would hear that its port is taken.
        self._runner.run("ip", "link", "set", "dev", name, "up")
        self._listen()

    def _listen(self) -> None:
        """Set port and key. The mark is that of all WireGuard sockets of ours: on a machine whose traffic is routed
        through a host, the beacon's answers must pass beside that.
        """
        port = self._wanted.listen_port
        state = wg.parse_dump(self._runner.run("wg", "show", self._name, "dump"))
        if state.listen_port != port and _is_bound(port):
            raise PlatformError(
                f"UDP port {port} is in use by another program, and the beacon needs it.",
                f"Stop that program (`ss -ulpn sport = :{port}` names it), or have the coordinator use another port.",
            )
        words = wg.changes(state, self._wanted)
        if words:
            self._runner.run("wg", "set", self._name, *words, stdin=self._wanted.private_key + "\n")
        self._wait_bound(port)

    def _wait_bound(self, port: int) -> None:
        # wireguard-go learns a moment late that its interface is up, and tells nobody when it cannot listen then.
        deadline = time.monotonic() + _BIND_SECONDS
        while not _is_bound(port):
            if time.monotonic() > deadline:
                raise PlatformError(f"WireGuard does not listen on UDP port {port}.", "Look whether it is in use.")
            time.sleep(0.01)

    def _is_up(self) -> bool:
        try:
            return int(Path(f"/sys/class/net/{self._name}/flags").read_text(), 16) & _IFF_UP != 0
        except (OSError, ValueError):
            return True

    def _refuse_foreign(self) -> None:
        if self._journal.entries.interface != self._name and self._interface.exists(self._name):
            raise PlatformError(
                f"There is an interface {self._name} already, and this coordinator did not make it.",
                "If another coordinator runs on this machine, stop it, or start this one with `--no-relay`. Otherwise "
                f"remove the interface with `ip link delete {self._name}`.",
            )

    def _try(self, *words: str, stdin: str | None = None) -> Result:
        try:
            return self._runner.result(*words, stdin=stdin, timeout=_CONFIGURE_SECONDS if stdin else _ANSWER_SECONDS)
        except PlatformError as error:
            return Result(-1, "", error.message)


def canonical(endpoint: str) -> str | None:
    """An endpoint of wg(8) in the one form that all use; None for a link-local one ("[fe80::1%eth0]:51820").

    What wg prints of other addresses is canonical already, and reading ten thousand of them would take its time.
    """
    if not endpoint.startswith(("[::ffff:", "[fe")):
        return endpoint
    text, _, port = endpoint[1:].rpartition("]:")
    address = ipaddress.IPv6Address(text)
    if address.is_link_local:
        return None
    return f"{address.ipv4_mapped}:{port}" if address.ipv4_mapped else endpoint


def _sightings(state: InterfaceState, admitted: set[str], now: float) -> Iterator[tuple[str, str]]:
    for peer in state.peers:
        # The clock may have been set back since.
        if peer.public_key in admitted and peer.endpoint and abs(now - peer.last_handshake) <= HEARD_SECONDS:
            endpoint = canonical(peer.endpoint)
            if endpoint is not None:
                yield peer.public_key, endpoint


def _is_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


def _peer(public_key: str, called_at: str | None = None) -> str:
    call = f"Endpoint = {called_at}\n" if called_at else ""
    every = _CALL_EVERY if called_at else "off"
    return f"[Peer]\nPublicKey = {public_key}\nPersistentKeepalive = {every}\n{call}"


def _is_bound(port: int) -> bool:
    """Whether there is a UDP socket on this port in this network namespace, the kernel's own included (proc(5))."""
    ending = f":{port:04X}"
    for path in _SOCKETS:
        with suppress(OSError):
            if any(line.split(maxsplit=2)[1].endswith(ending) for line in path.read_text().splitlines()[1:]):
                return True
    return False
