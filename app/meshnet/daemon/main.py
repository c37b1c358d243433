"""meshnetd: starts the daemon, or undoes what one that died left behind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path

import click

from meshnet import __version__
from meshnet.errors import Code, MeshnetError
from meshnet_platform.api import Backend, PlatformError
from meshnet_platform.backends import choose_backend

STATE_DIR = Path("/var/lib/meshnet")
SOCKET = Path("/run/meshnet/meshnetd.sock")
LEVELS = ("debug", "info", "warning", "error")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="meshnetd")
def main() -> None:
    """The Meshnet daemon: owns this device's part of the mesh."""


@main.command()
@click.option("--state-dir", type=click.Path(path_type=Path), default=STATE_DIR, show_default=True)
@click.option("--socket", "socket_path", type=click.Path(path_type=Path), default=SOCKET, show_default=True)
@click.option("--interface", default="meshnet0", show_default=True, help="Name of the tunnel's interface.")
@click.option("--listen-port", type=click.IntRange(1, 65535), help="WireGuard's UDP port  [default: random, kept]")
@click.option("--log-level", type=click.Choice(LEVELS), default="info", show_default=True)
@click.option("--dry-run", is_flag=True, help="Change nothing on this system; needs no root.")
def run(
    state_dir: Path, socket_path: Path, interface: str, listen_port: int | None, log_level: str, dry_run: bool
) -> None:
    """Run in the foreground; prints `ready` when front ends may connect."""
    logging.basicConfig(level=log_level.upper(), format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    if sys.platform != "win32" and os.geteuid() != 0 and not dry_run:
        _fail(
            "meshnetd changes routes and firewall, so it runs as root. `--dry-run` runs without, and changes nothing."
        )
    with _failing_in_words(), _locked(state_dir):
        backend = choose_backend(state_dir, dry_run, interface)
        from meshnet.daemon.service import Service

        service = Service(state_dir, socket_path, backend, interface, listen_port, dry_run=dry_run)
        asyncio.run(_until_signal(service.run(_say_ready)))


@main.command()
@click.option("--state-dir", type=click.Path(path_type=Path), default=STATE_DIR, show_default=True)
@click.option("--interface", default="meshnet0", show_default=True, help="Name of the tunnel's interface.")
def revert(state_dir: Path, interface: str) -> None:
    """Undo all that a daemon that died left on this system; harmless when there is nothing."""
    if not state_dir.is_dir() and sys.platform != "win32" and os.geteuid() != 0:
        _fail("Only root can undo changes to the system.")
    with _failing_in_words(), _locked(state_dir):
        backend: Backend = choose_backend(state_dir, False, interface)
        backend.restore()
        backend.close()


async def _until_signal(running: Coroutine[None, None, None]) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(running)
    if os.name == "posix":
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    _notify_systemd()


def _notify_systemd() -> None:
    """Tell systemd that the service is up (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or sys.platform == "win32":
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifying:
        notifying.connect("\0" + address[1:] if address.startswith("@") else address)
        notifying.sendall(b"READY=1")


@contextlib.contextmanager
def _locked(state_dir: Path) -> Iterator[None]:
    """Hold the state directory; MeshnetError where another daemon does."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (state_dir / "lock").open("w")
    except OSError as error:
        raise MeshnetError(Code.SYSTEM_ERROR, f"The state directory {state_dir}: {error.strerror}.") from error
    with file:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise MeshnetError(
                    Code.SYSTEM_ERROR, f"Another meshnetd uses the state directory {state_dir}. Stop it first."
                ) from error
        yield


@contextlib.contextmanager
def _failing_in_words() -> Iterator[None]:
    try:
        yield
    except MeshnetError as error:
        _fail(error.message)
    except PlatformError as error:
        _fail(f"{error.message} {error.cure}".strip())
    except BaseExceptionGroup as group:
        known, others = group.split((MeshnetError, PlatformError))
        if others is not None or known is None:
            raise
        _fail(str(_first(known)))


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _fail(message: str) -> None:
    click.echo(f"meshnetd: {message}", err=True)
    sys.exit(1)
