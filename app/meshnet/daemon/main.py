"""meshnetd: starts the daemon, or undoes what one that died left behind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import IO

import click

from meshnet import __version__
from meshnet.daemon import notify
from meshnet.errors import Code, MeshnetError
from meshnet_platform.api import PlatformError
from meshnet_platform.backends import choose_backend, hold

log = logging.getLogger("meshnet.main")

STATE_DIR = Path("/var/lib/meshnet")
SOCKET = Path("/run/meshnet/meshnetd.sock")
LEVELS = ("debug", "info", "warning", "error")
_ENDS = (signal.SIGTERM, signal.SIGINT)
_JOURNAL = "system-journal.json"
_STOP_FIRST = "Another meshnetd uses the state directory {}. Stop it first."
_RUNNING = (
    "A meshnetd is at work with the state directory {}: `meshnet route --off` stops its route. To undo all of it, stop "
    "it first (`systemctl stop meshnetd`), then run this again."
)


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
    noted = _note_signals()
    with _failing_in_words(), _locked(state_dir), _kept_closed(state_dir, dry_run) as is_closed:
        _check_nothing_is_lost(state_dir, is_closed)
        backend = choose_backend(state_dir, dry_run, interface)
        from meshnet.daemon.service import Service

        service = Service(state_dir, socket_path, backend, interface, listen_port, dry_run=dry_run)
        asyncio.run(_until_signal(service.run(_say_ready), noted))


@main.command()
@click.option("--state-dir", type=click.Path(path_type=Path), default=STATE_DIR, show_default=True)
@click.option("--interface", default="meshnet0", show_default=True, help="Name of the tunnel's interface.")
def revert(state_dir: Path, interface: str) -> None:
    """Undo all that a daemon that died left on this system; harmless when there is nothing."""
    if not state_dir.is_dir() and sys.platform != "win32" and os.geteuid() != 0:
        _fail("Only root can undo changes to the system.")
    with _failing_in_words(), _locked(state_dir, _RUNNING):
        backend = choose_backend(state_dir, False, interface)
        backend.restore()
        backend.close()


def _note_signals() -> list[int]:
    """Have an end that is asked for while the daemon starts carried out once it can be, in order; grows with them."""
    noted: list[int] = []
    if os.name == "posix":
        for number in _ENDS:
            signal.signal(number, lambda number, _: noted.append(number))
    return noted


async def _until_signal(running: Coroutine[None, None, None], noted: list[int]) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(running)
    # It must have begun, or it would have no end.
    await asyncio.sleep(0)
    if os.name == "posix":
        for number in _ENDS:
            loop.add_signal_handler(number, task.cancel)
    if noted:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    notify.tell(notify.READY)


@contextlib.contextmanager
def _kept_closed(state_dir: Path, dry_run: bool) -> Iterator[bool]:
    """Close what an earlier daemon left closed, first of all and when the daemon fails; whether it is, or may be."""
    is_closed = _hold(state_dir, dry_run)
    if is_closed:
        log.info("a route is wanted: nothing leaves beside it from now on")
    try:
        yield is_closed is not False
    except Exception:
        if _hold(state_dir, dry_run):
            click.echo("meshnetd: Traffic stays blocked, for a route is wanted; `meshnetd revert` opens it.", err=True)
        raise


def _hold(state_dir: Path, dry_run: bool) -> bool | None:
    """Whether it is closed now; None: it may be wanted so, and could not be done."""
    try:
        return hold(state_dir, dry_run)
    except PlatformError as error:
        # The daemon goes on, and tries again with its first plan.
        log.error("what is wanted closed could not be closed yet: %s", error.message)
        return None


def _check_nothing_is_lost(state_dir: Path, is_closed: bool) -> None:
    """Keep a device that lost its state from passing for a new one, which would open what is closed."""
    # Not before all is closed that is to be closed: it takes its time.
    from meshnet.daemon.store import MAP, STATE

    left = any(os.path.exists(state_dir / name) for name in (MAP, _JOURNAL))
    if os.path.exists(state_dir / STATE) or not (is_closed or left):
        return
    raise MeshnetError(
        Code.SYSTEM_ERROR,
        f"{state_dir / STATE} is gone, though a daemon was at work here. Put a good copy in its place. To begin "
        f"anew (and join again), run `meshnetd revert`, and move {state_dir / MAP} away.",
    )


@contextlib.contextmanager
def _locked(state_dir: Path, refusal: str = _STOP_FIRST) -> Iterator[None]:
    """Hold the state directory; MeshnetError, with the words of `refusal`, where another daemon does."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = _open_lock(state_dir / "lock")
    except OSError as error:
        raise MeshnetError(Code.SYSTEM_ERROR, f"The state directory {state_dir}: {error.strerror}.") from error
    with file:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise MeshnetError(Code.SYSTEM_ERROR, refusal.format(state_dir)) from error
        yield


def _open_lock(path: Path) -> IO[str]:
    try:
        return path.open("a")
    except OSError:
        # A disk that went bad is read only from then on, and still says that a route is wanted.
        return path.open()


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
