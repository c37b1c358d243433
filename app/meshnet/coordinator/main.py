"""The `meshnet-coordinator` program: options, start, `ready`, and the end."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import click

from meshnet import __version__
from meshnet.coordinator import tls
from meshnet.coordinator.addresses import network_of
from meshnet.coordinator.database import open_database, path_of
from meshnet.coordinator.files import StateDirectory, default_directory
from meshnet.coordinator.machine import read_ports
from meshnet.coordinator.meshes import Terms
from meshnet.coordinator.server import listen, serving
from meshnet.coordinator.store import Store
from meshnet.coordinator.udp import RELAY_PORTS, Udp, clear, find
from meshnet.core.links import CoordinatorAddress, CreateLink, parse_create
from meshnet.errors import Code, MeshnetError

_LISTEN = re.compile(r"(\[[0-9a-fA-F:.]+\]|[0-9.]+):([0-9]{1,5})")
log = logging.getLogger("meshnet.coordinator")


@dataclass(frozen=True, slots=True)
class Options:
    """What `serve` was told."""

    public_host: str
    listen: tuple[str, int]
    state: StateDirectory
    database: str | None
    certificate: tuple[Path, Path] | None
    network4: IPv4Network
    udp: bool
    """Beacon and relay are served too, where this machine can."""
    relay_ports: range | None
    """None: nobody chose."""


def _read_listen(_context: click.Context, _option: click.Parameter, text: str) -> tuple[str, int]:
    match = _LISTEN.fullmatch(text)
    if match is None or int(match[2]) > 65535:
        raise click.BadParameter("give ADDRESS:PORT, such as 0.0.0.0:8443 or [::]:8443")
    try:
        return str(ipaddress.ip_address(match[1].strip("[]"))), int(match[2])
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _read_host(_context: click.Context, _option: click.Parameter, text: str) -> str:
    host = text.removeprefix("[").removesuffix("]")
    any_key = "A" * 43
    try:
        parse_create(str(CreateLink(CoordinatorAddress(host, 1, any_key), bytes(32))))
    except MeshnetError as error:
        raise click.BadParameter("give the name or the address by which devices reach this machine, no port") from error
    return host


def _read_network(_context: click.Context, _option: click.Parameter, text: str) -> IPv4Network:
    try:
        return network_of(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _read_ports(_context: click.Context, _option: click.Parameter, text: str | None) -> range | None:
    try:
        return None if text is None else read_ports(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_state_dir = click.option(
    "--state-dir", type=click.Path(path_type=Path), default=None, help="Where identity, TLS key and records are kept."
)


@click.group()
@click.version_option(__version__, prog_name="meshnet-coordinator")
def main() -> None:
    """Serve the mailbox through which the devices of a mesh find one another."""


@main.command()
@click.option("--public-host", required=True, callback=_read_host, help="Name or address that devices reach it by.")
@click.option("--listen", "listen_on", default="[::]:8443", show_default=True, callback=_read_listen)
@_state_dir
@click.option("--database", default=None, help="A sqlite:///PATH; default: in the state directory.")
@click.option("--tls-cert", type=click.Path(path_type=Path), default=None, help="Default: makes its own.")
@click.option("--tls-key", type=click.Path(path_type=Path), default=None)
@click.option("--network4", default="100.64.0.0/10", show_default=True, callback=_read_network)
@click.option("--no-relay", is_flag=True, help="Serve no relay and no beacon; they need root, or CAP_NET_ADMIN.")
@click.option("--relay-ports", default=None, callback=_read_ports, help=f"UDP ports A-B; default: {RELAY_PORTS}.")
def serve(
    public_host: str,
    listen_on: tuple[str, int],
    state_dir: Path | None,
    database: str | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    network4: IPv4Network,
    no_relay: bool,
    relay_ports: range | None,
) -> None:
    """Serve until SIGTERM; prints `ready` once it accepts connections."""
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together")
    certificate = (tls_cert, tls_key) if tls_cert and tls_key else None
    state = StateDirectory(state_dir or default_directory())
    options = Options(public_host, listen_on, state, database, certificate, network4, not no_relay, relay_ports)
    _guarded(lambda: _serve(options))


@main.command()
@_state_dir
def address(state_dir: Path | None) -> None:
    """Print the line that `meshnet create` takes. Whoever has it may create a mesh here."""
    _guarded(lambda: _print_address(StateDirectory(state_dir or default_directory())))


def _guarded(step: Callable[[], None]) -> None:
    try:
        step()
    except (MeshnetError, OSError) as error:
        click.echo(f"meshnet-coordinator: {error}", err=True)
        sys.exit(1)


def _print_address(state: StateDirectory) -> None:
    line = state.running_address()
    if line is None:
        raise MeshnetError(
            Code.SYSTEM_ERROR, f"No coordinator is ready with {state.path}; start `meshnet-coordinator serve` first."
        )
    click.echo(line)


def _serve(options: Options) -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    os.umask(0o077)
    options.state.prepare()
    options.state.lock()
    try:
        asyncio.run(run(options))
    finally:
        options.state.unlock()


async def run(options: Options) -> None:
    """Serve until a signal; MeshnetError where it cannot."""
    state, identity = options.state, options.state.identity()
    path = path_of(options.database) if options.database else state.database
    store = Store(await open_database(path, identity.public))
    try:
        now = datetime.datetime.now(datetime.UTC)
        files = options.certificate or tls.own_certificate(state, now)
        certificate = tls.load(*files, identity)
        host, port = options.listen
        with listen(host, port, both_families=host == "::") as listening:
            await _run_on(listening, options, certificate, store)
    finally:
        await store.close()


async def _run_on(listening: socket.socket, options: Options, certificate: tls.Tls, store: Store) -> None:
    # Heard from here on: who is stopped while beacon and relay begin must not leave them behind.
    stop = _stop_signal()
    state, identity = options.state, options.state.identity()
    terms = Terms(identity.public, options.network4, state.create_token())
    link = CoordinatorAddress(options.public_host, listening.getsockname()[1], identity.public)
    udp = await asyncio.to_thread(_find_udp, options, link.port)
    async with serving(listening, certificate, identity, store, terms, udp=udp):
        state.publish_address(str(CreateLink(link, terms.create_token)))
        _say_ready()
        await stop.wait()
        state.forget_address()
        _notify("STOPPING=1")


def _find_udp(options: Options, port: int) -> Udp:
    if options.udp:
        return find(options.state, port, options.public_host, options.relay_ports)
    clear(options.state)
    return Udp()


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        else:
            loop.add_signal_handler(number, stop.set)
    return stop


def _say_ready() -> None:
    _notify("READY=1")
    print("ready", flush=True)


def _notify(state: str) -> None:
    """Tell systemd (sd_notify(3)); nothing where no service manager listens."""
    path = os.environ.get("NOTIFY_SOCKET")
    if sys.platform == "win32" or not path:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        try:
            manager.sendto(state.encode(), "\0" + path[1:] if path.startswith("@") else path)
        except OSError as error:
            log.warning("systemd cannot be told %s: %s", state, error.strerror)


if __name__ == "__main__":
    main()
