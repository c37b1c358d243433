"""meshnet: the command line. Asks the daemon, prints, and signs for the person."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, NoReturn

import click
import msgspec

from meshnet import __version__
from meshnet.cli import show
from meshnet.cli.client import DEFAULT_SOCKET, Client
from meshnet.cli.completion import completion, offer
from meshnet.errors import EXPLANATIONS, Code, MeshnetError
from meshnet.protocol import local

EXITS = {Code.DAEMON_UNREACHABLE: 3, Code.NOT_PERMITTED: 4}
GRANTS = click.Choice(["incoming", "routing", "lan"])


class Context:
    """What every command gets: the daemon, and how to print."""

    def __init__(self) -> None:
        self.socket = os.environ.get("MESHNET_SOCKET", DEFAULT_SOCKET)
        self.json = False
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """The connection to the daemon, opened at first use."""
        if self._client is None:
            self._client = click.get_current_context().with_resource(Client(self.socket))
        return self._client

    def put(self, value: object, lines: list[str]) -> None:
        """Print the value as JSON, or the lines for people."""
        click.echo(msgspec.json.encode(value).decode() if self.json else "\n".join(lines))

    def finish(self, status: local.Status) -> None:
        """Print a status, and confirm devices that wait for this person."""
        self.put(status, show.status_lines(status))
        self.confirm(status)

    def confirm(self, status: local.Status) -> None:
        """Confirm devices that wait for this person; a failure is told and does no harm: the next command tries."""
        if status.unconfirmed:
            from meshnet.cli.signing import confirm_waiting

            try:
                confirm_waiting(self.client, status)
            except MeshnetError as error:
                click.echo(f"meshnet: the new device could not be confirmed: {error.message}", err=True)

    def fail(self, error: MeshnetError) -> NoReturn:
        """End with the reason, and what can be done about it."""
        if self.json:
            click.echo(msgspec.json.encode({"error": {"code": error.code, "message": error.message}}).decode())
        cure = "" if EXPLANATIONS[error.code].cure in error.message else f"\n  {error.cure}"
        click.echo(f"meshnet: {error.message}{cure}", err=True)
        sys.exit(EXITS.get(error.code, 1))


pass_context = click.make_pass_decorator(Context, ensure=True)


def _as_json(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Context).json = True


json_option = click.option("--json", is_flag=True, expose_value=False, callback=_as_json, help="Print one JSON object.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="meshnet")
@click.option("--socket", "path", help="The daemon's socket.  [env: MESHNET_SOCKET]")
@json_option
@click.pass_context
def main(context: click.Context, path: str | None) -> None:
    """Route your traffic through your own devices."""
    if path:
        context.ensure_object(Context).socket = path


def command(name: str, group: click.Group = main) -> Callable[[Callable[..., None]], click.Command]:
    """A command that knows --json and puts every failure into words."""

    def wrap(function: Callable[..., None]) -> click.Command:
        @click.pass_context
        def run(context: click.Context, /, *args: Any, **kwargs: Any) -> None:
            own = context.ensure_object(Context)
            try:
                function(own, *args, **kwargs)
            except MeshnetError as error:
                own.fail(error)
            except UnicodeEncodeError as error:
                raise click.UsageError("what was given is no text in this system's encoding") from error

        return group.command(name)(json_option(update_wrapper(run, function)))

    return wrap


# --- showing --------------------------------------------------------------------------------------------------------


@command("status")
def status(context: Context) -> None:
    """Show this device and its route."""
    context.finish(context.client.status())


@command("devices")
@click.option(
    "--filter",
    "words",
    default="",
    shell_complete=offer("filter"),
    help=f"Of: {', '.join(show.FILTERS)}; several with commas.",
)
def devices(context: Context, words: str) -> None:
    """List the other devices."""
    wanted = [word for word in words.split(",") if word]
    unknown = [word for word in wanted if word not in show.FILTERS]
    if unknown:
        raise click.BadParameter(
            f"there is no {unknown[0]}; there are {', '.join(show.FILTERS)}", param_hint="--filter"
        )
    found = [device for device in context.client.devices() if show.matches(device, wanted)]
    context.put({"devices": found}, show.device_table(found))
    context.confirm(context.client.status())


@command("watch")
def watch(context: Context) -> None:
    """Print the status now and at every change."""
    try:
        for found in context.client.updates():
            context.put(found, [show.route_line(found)])
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(0)


@command("doctor")
def doctor(context: Context) -> None:
    """Find what would keep hosting or routing from working."""
    found = context.client.ask(local.Doctor(), local.Findings)
    lines = [f"{finding.severity}: {finding.message}\n  {finding.cure}" for finding in found.findings]
    nat = [found.nat.message] if found.nat else []
    context.put(found, [*(lines or ["All is well."]), *nat])


main.add_command(completion)


# --- routing and grants ---------------------------------------------------------------------------------------------


@command("route")
@click.argument("device", required=False, shell_complete=offer("host"))
@click.option("--off", is_flag=True, help="Stop routing.")
def route(context: Context, device: str | None, off: bool) -> None:
    """Send all traffic through DEVICE."""
    if off == (device is not None):
        raise click.UsageError("name a DEVICE, or give --off")
    request: local.Request = local.StopRoute() if device is None else local.StartRoute(device)
    context.finish(context.client.ask(request, local.Status))


@command("pause")
@click.argument("minutes", type=click.IntRange(1, 24 * 60), default=10)
def pause(context: Context, minutes: int) -> None:
    """Let traffic take its usual way for some MINUTES (10), then route again."""
    context.finish(context.client.ask(local.PauseRoute(minutes * 60), local.Status))


@command("resume")
def resume(context: Context) -> None:
    """Route again now, after `pause`."""
    context.finish(context.client.ask(local.ResumeRoute(), local.Status))


@command("allow")
@click.argument("device", shell_complete=offer("device"))
@click.argument("grants", nargs=-1, required=True, type=GRANTS)
def allow(context: Context, device: str, grants: tuple[str, ...]) -> None:
    """Permit DEVICE to open connections to this one, to route through it, to reach its local network."""
    context.finish(context.client.ask(local.Allow(device, grants), local.Status))


@command("deny")
@click.argument("device", shell_complete=offer("device"))
@click.argument("grants", nargs=-1, required=True, type=GRANTS)
def deny(context: Context, device: str, grants: tuple[str, ...]) -> None:
    """Take back what DEVICE was permitted; what runs is cut off."""
    context.finish(context.client.ask(local.Deny(device, grants), local.Status))


@command("rename")
@click.argument("device", shell_complete=offer("this"))
@click.argument("name")
def rename(context: Context, device: str, name: str) -> None:
    """Give this DEVICE another NAME."""
    context.finish(context.client.ask(local.Rename(device, name), local.Status))


@command("settings")
@click.argument("key", required=False, shell_complete=offer("setting"))
@click.argument("value", required=False, shell_complete=offer("value"))
def settings(context: Context, key: str | None, value: str | None) -> None:
    """Show or change settings.

    \b
    kill-switch    on|off|always    while a route is wanted, traffic goes through the host or nowhere; always: while
                                    the system starts, too (on)
    local-network  on|off    the network this device is in stays reachable while routed (off)
    dns            host|system|ADDRESS    who answers names while routed (host)
    fallback       NAME,...|none    hosts that take over when the one in use is gone (none)
    host-vpn-lost  stop|tell    who routes through this device when its own VPN drops (stop)
    endpoint       ADDRESS[:PORT]|none    where this device can be reached, if you know better
    own-devices    routing[,lan]|none     granted to every device of your mesh (none)
    """
    if key is None:
        values = context.client.ask(local.GetSettings(), local.SettingValues).values
    elif value is None:
        from meshnet.core.settings import Settings, shown_one

        shown_one(Settings(), key)
        values = {key: context.client.ask(local.GetSettings(), local.SettingValues).values[key]}
    else:
        values = context.client.ask(local.SetSetting(key, value), local.SettingValues).values
    context.put(values, [f"{name}  {text}" for name, text in values.items()])


# --- belonging to a mesh --------------------------------------------------------------------------------------------


@command("create")
@click.argument("coordinator")
@click.option("--name", help="This device's name in the mesh.  [default: the host name]")
def create(context: Context, coordinator: str, name: str | None) -> None:
    """Make a mesh with this device in it.

    COORDINATOR is what `meshnet-coordinator address` prints; with - it is read from standard input, so that other
    users of this machine do not see it in the list of processes.
    """
    coordinator = _given(coordinator)
    from meshnet import keys
    from meshnet.cli.signing import sign_statements
    from meshnet.core.identity import SigningKey
    from meshnet.protocol import statements

    seed = keys.new_seed()
    key = SigningKey(seed)
    prepared = context.client.ask(local.PrepareCreate(coordinator, key.public, name), local.Statements)
    file = keys.store(seed)
    try:
        records = sign_statements(key.id, prepared.bodies, statements.founds)
        done = context.client.ask(local.Create(coordinator, records, name), local.Status)
    except MeshnetError as error:
        if keys.is_needless_after(error):
            keys.forget(key.id)
        raise
    place = f"the file {file} (there is no keyring here)" if file else "your keyring"
    click.echo(f"The mesh's key is kept in {place}. Whoever has it decides which devices belong.", err=True)
    context.finish(done)


@command("invite")
@click.option("--expires", default="24h", show_default=True, help="How long the link is good: 30m, 24h, 7d.")
def invite(context: Context, expires: str) -> None:
    """Print a link by which one more device of yours joins."""
    from meshnet.cli import times
    from meshnet.cli.signing import sign_statements
    from meshnet.protocol import statements

    seconds = times.seconds(expires)
    mesh = _mesh(context.client)
    prepared = context.client.ask(local.PrepareInvite(seconds), local.Statements)
    records = sign_statements(mesh, prepared.bodies, statements.invites(time.time(), seconds))
    context.client.ask(local.PostInvite(records), local.Status)
    until = times.iso(statements.expiry(prepared.bodies))
    context.put(local.Invitation(prepared.link, until), [prepared.link])


@command("join")
@click.argument("link")
@click.option("--name", help="This device's name in the mesh.  [default: the host name]")
@click.option(
    "--allow",
    default="",
    shell_complete=offer("grants"),
    help="Grant this to my own devices from the start: routing, or routing,lan.",
)
def join(context: Context, link: str, name: str | None, allow: str) -> None:
    """Join the mesh behind an invite LINK; with - it is read from standard input, where nobody else sees it."""
    link = _given(link)
    kinds = tuple(word for word in allow.split(",") if word)
    context.finish(context.client.ask(local.Join(link, name, kinds), local.Status))


@main.group("phone")
def phone() -> None:
    """Have a phone, or anything with a WireGuard app, as a device."""


@command("add", phone)
@click.argument("name")
@click.option(
    "--via",
    metavar="HOST",
    required=True,
    shell_complete=offer("host-or-this"),
    help="The host that it routes through; may be this device.",
)
@click.option("--endpoint", metavar="ADDRESS:PORT", help="Where it finds the host, if you know better.")
@click.option("--output", metavar="FILE", help="Write the configuration there, for your user alone.")
@click.option("--qr", metavar="FILE.png", help="Write the QR code there, as a picture.")
def add_phone(context: Context, name: str, via: str, endpoint: str | None, output: str | None, qr: str | None) -> None:
    """Make keys for a WireGuard app called NAME, and print its configuration with a QR code to scan.

    The secret key in it is shown this once and kept nowhere. `meshnet remove NAME` ends its access.
    """
    from meshnet.cli import phone as phones

    with phones.new_file(output) as config_file, phones.new_file(qr) as code_file:
        added, config = phones.add(context.client, name, via, endpoint)
        shown = phones.Added(added.name, added.id, config, added.address4, added.address6, added.endpoint)
        context.put(shown, [config.rstrip()])
        if config_file is not None:
            config_file.write(config.encode())
        if code_file is not None:
            phones.write_code(config, code_file)
    if not context.json and sys.stdout.isatty():
        phones.show_code(config)
    context.confirm(context.client.status())
    if added.is_own_host:
        context.client.ask(local.Allow(added.id, ("routing",)), local.Status)
    else:
        click.echo(
            f"Run `meshnet allow {shlex.quote(added.name)} routing` on {added.host}, "
            "unless it lets all your devices route.",
            err=True,
        )


@command("leave")
def leave(context: Context) -> None:
    """Leave the mesh and forget its keys on this device."""
    context.finish(context.client.ask(local.Leave(), local.Status))


@command("remove")
@click.argument("device", shell_complete=offer("device"))
def remove(context: Context, device: str) -> None:
    """Take DEVICE out of the mesh."""
    from meshnet.cli.signing import sign_statements
    from meshnet.protocol import statements

    mesh = _mesh(context.client)
    meant = {other.id for other in context.client.devices() if _is_called(other, device)}
    prepared = context.client.ask(local.PrepareRemove(device), local.Statements)
    records = sign_statements(mesh, prepared.bodies, statements.removes(meant))
    context.finish(context.client.ask(local.PostSigned(records), local.Status))


def _mesh(client: Client) -> str:
    """The mesh (id) that this device is in."""
    found = client.status()
    if found.mesh is None:
        raise MeshnetError(Code.NOT_JOINED)
    return found.mesh


def _is_called(device: local.DeviceView, word: str) -> bool:
    return word in (device.address4, device.address6) or (
        device.name.casefold() == word.casefold() or device.id.startswith(word)
    )


def _given(text: str) -> str:
    return sys.stdin.readline().strip() if text == "-" else text
