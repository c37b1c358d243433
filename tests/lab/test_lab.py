"""The lab proves itself: what other tests conclude from it holds only as long as these do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.desktop import Desktop
from lab.net import Lab, LabError, Machine, wait_until
from lab.services import NameServer, Observer
from lab.world import HOME_PORT, WHOAMI, World

pytestmark = pytest.mark.lab

_SEND = """
import socket, sys
address, port, own, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sender:
    sender.bind(("", own))
    for number in range(count):
        sender.sendto(b"packet %d" % number, (address, port))
"""
_ASK = """
import sys
import dns.message, dns.query
query = dns.message.make_query(sys.argv[2], sys.argv[3])
ask = dns.query.tcp if sys.argv[4] == "tcp" else dns.query.udp
answer = ask(query, sys.argv[1], timeout=3)
records = [record for answers in answer.answer for record in answers]
print(dns.rcode.to_text(answer.rcode()), "TC" if answer.flags & dns.flags.TC else "", *records)
"""
# TUNSETIFF with IFF_TUN and IFF_NO_PI (linux/if_tun.h): packets without a link-layer header, as VPNs have them.
_TUNNEL = """
import fcntl, struct, threading
tunnel = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tunnel, 0x400454CA, struct.pack("16sH", b"tunnel", 0x1001))
print("up", flush=True)
threading.Event().wait()
"""
_TRAY = """
import sys
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon
app = QApplication(sys.argv)
picture = QPixmap(24, 24)
picture.fill(QColor("orange"))
icon, menu = QSystemTrayIcon(QIcon(picture)), QMenu()
for name in ("one", "two", "three"):
    menu.addAction(name, lambda name=name: print("clicked", name, flush=True))
icon.setContextMenu(menu)
icon.show()
app.exec()
"""
_WINDOW = """
import socket, sys
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication(sys.argv)
label = QLabel("hello")
label.setWindowTitle("I am " + socket.gethostname())
label.resize(300, 200)
label.show()
app.exec()
"""
_OWNER = """
import sys
from pathlib import Path
from lab.net import Lab
lab = Lab()
one, two, three = lab.machine("one"), lab.router("two"), lab.machine("three")
lab.wire(*(m.port("eth0", f"192.168.7.{n}/24") for n, m in enumerate((one, two, three), 1)))
sleeper = one.spawn("sleep", "600")
print(lab.directory, sleeper.pid, *(m.pid for m in lab.machines), flush=True)
sys.stdin.read()
"""


def _send(machine: Machine, address: str, port: int, *, own_port: int = 0, count: int = 1) -> None:
    machine.python(_SEND, address, str(port), str(own_port), str(count))


def _ask(machine: Machine, server: str, name: str, kind: str = "A", transport: str = "udp") -> str:
    return " ".join(machine.python(_ASK, server, name, kind, transport).split())


# --- machines -------------------------------------------------------------------------------------------------------


def test_a_machine_has_files_processes_and_a_name_of_its_own(lab: Lab) -> None:
    one, two = lab.machine("one"), lab.machine("two")
    one.run("sh", "-c", "echo private >/run/note; echo 10.1.2.3 far >/etc/new; mv /etc/new /etc/hosts")
    assert one.run("hostname").stdout == "one\n"
    assert one.file("/etc/hosts").read_text() == "10.1.2.3 far\n"
    assert "far" not in two.file("/etc/hosts").read_text() + Path("/etc/hosts").read_text()
    assert not two.file("/run/note").exists()
    assert not Path("/run/note").exists()
    assert one.environment["HOME"] != two.environment["HOME"]
    assert len(one.run("ps", "-e", "--no-headers").stdout.splitlines()) == 2


def test_a_process_is_known_by_its_id_inside_and_outside(lab: Lab) -> None:
    one = lab.machine("one")
    process = one.spawn("sleep", "600")
    command = Path(f"/proc/{process.pid}/cmdline")
    wait_until(lambda: command.read_bytes() == b"sleep\x00600\x00", "program behind the process id")
    assert one.run("cat", f"/proc/{process.pid_inside}/comm").stdout == "sleep\n"
    process.stop()
    assert process.returncode is not None
    assert not Path(f"/proc/{process.pid}").exists()


def test_a_process_that_ignores_sigterm_is_killed(lab: Lab) -> None:
    process = lab.machine("one").spawn("sh", "-c", "trap '' TERM; echo up; while :; do read x </dev/zero; done")
    process.wait_for_line("up", exact=True)
    process.stop(timeout=0.1)
    assert not Path(f"/proc/{process.pid}").exists()


def test_waiting_for_a_line_ends_with_the_process_and_shows_its_output(lab: Lab) -> None:
    process = lab.machine("one").spawn("sh", "-c", "echo already here; echo broken >&2; exit 3")
    with pytest.raises(LabError, match=r"ended with 3(.|\n)*broken"):
        process.wait_for_line("ready", exact=True)


def test_a_command_that_fails_or_takes_too_long_says_so(lab: Lab) -> None:
    one = lab.machine("one")
    with pytest.raises(LabError, match=r"exit status 2\nwhy"):
        one.run("sh", "-c", "echo why; exit 2")
    assert one.run("false", check=False).returncode == 1
    with pytest.raises(LabError, match=r"not done after 0\.1 s"):
        one.run("sleep", "600", timeout=0.1)
    assert "sleep" not in one.run("ps", "-e").stdout


def test_killing_the_owner_leaves_nothing_behind(tmp_path: Path) -> None:
    links = _links()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "TMPDIR": str(tmp_path)}
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    with owner:
        assert owner.stdout is not None
        directory, *pids = owner.stdout.readline().split()
        # An open namespace file would itself keep the namespace; its number does not.
        spaces = {os.readlink(f"/proc/{pid}/ns/net") for pid in pids}
        assert len(spaces) == 4
        assert os.readlink("/proc/self/ns/net") not in spaces
        owner.kill()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "end of the machines' processes")
    assert not _namespaces_in_use() & spaces
    assert _links() == links
    assert directory not in Path("/proc/self/mountinfo").read_text()


def _links() -> str:
    return subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True).stdout


def _namespaces_in_use() -> set[str]:
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.add(os.readlink(process / "ns/net"))
        except OSError:
            continue
    return found


# --- the internet ---------------------------------------------------------------------------------------------------


def test_nat_hides_each_machine_behind_its_router(world: World) -> None:
    assert world.public_address(world.laptop) == world.cafe_public4
    assert world.public_address(world.guest) == world.cafe_public4
    assert world.public_address(world.home, by_name=True) == world.home_public4
    assert world.public_address(world.server) == world.server4


def test_ipv6_works_without_translation(world: World) -> None:
    assert world.public_address(world.laptop, 6) == world.laptop6
    assert world.public_address(world.home, 6) == world.home6


def test_no_answer_is_none(world: World) -> None:
    world.laptop.ip("link set eth0 down")
    assert world.public_address(world.laptop) is None
    assert world.public_address(world.laptop, 6) is None


def test_a_router_lets_in_the_forwarded_port_and_nothing_else(world: World) -> None:
    with Observer(world.home, "eth0", "udp") as observer:
        _send(world.laptop, world.home_public4, HOME_PORT + 1)
        _send(world.laptop, world.home6, HOME_PORT)
        _send(world.laptop, world.home_public4, HOME_PORT)
        observer.wait_for_packet(dport=HOME_PORT)
    seen = [(packet.src, packet.dst, packet.dport) for packet in observer.packets()]
    assert seen == [(world.cafe_public4, world.home4, HOME_PORT)]


def test_a_router_keeps_source_ports(world: World) -> None:
    assert _outer_ports(world) == {41414}


def test_a_symmetric_router_changes_the_port_for_each_destination(world: World) -> None:
    world.cafe_router.translate(ports="random")
    ports = _outer_ports(world)
    assert len(ports) == 2
    assert 41414 not in ports


@pytest.mark.parametrize("input_drops", [True, False])
def test_an_early_packet_spoils_the_port_only_of_a_router_that_takes_it_in(world: World, input_drops: bool) -> None:
    world.cafe_router.translate(input_drops=input_drops)
    with Observer(world.cafe_router, "wan", "udp") as early:
        _send(world.server, world.cafe_public4, 41414, own_port=5000)
        early.wait_for_packet(dport=41414)
    with Observer(world.server, "eth0", "udp") as late:
        _send(world.laptop, world.server4, 5000, own_port=41414)
        port = late.wait_for_packet(dport=5000).sport
    assert (port == 41414) is input_drops


def _outer_ports(world: World) -> set[int]:
    with Observer(world.cafe_router, "wan", "udp and dst port 5000") as observer:
        for address in (world.server4, world.web4):
            _send(world.laptop, address, 5000, own_port=41414)
            observer.wait_for_packet(dst=address)
    return {packet.sport for packet in observer.packets()}


# --- services -------------------------------------------------------------------------------------------------------


def test_the_web_server_sends_and_takes_bulk(world: World, tmp_path: Path) -> None:
    curl = ["curl", "--silent", "--fail", "--show-error"]
    size = world.laptop.run(*curl, "-o", "/dev/null", "-w", "%{size_download}", f"http://{world.web4}/bytes/3000000")
    assert size.stdout == "3000000"
    (tmp_path / "bulk").write_bytes(bytes(3_000_000))
    assert (
        world.laptop.run(*curl, "--data-binary", f"@{tmp_path}/bulk", f"http://[{world.web6}]/").stdout == "3000000\n"
    )


def test_name_servers_log_who_asked_for_what(world: World) -> None:
    assert _ask(world.laptop, "192.168.50.1", WHOAMI.upper()) == f"NOERROR {world.web4}"
    assert world.cafe_names.queries() == [(world.laptop4, "udp", WHOAMI, "A")]
    assert world.names.queries(WHOAMI) == [(world.cafe_public4, "udp", WHOAMI, "A")]
    assert _ask(world.server, world.resolver6, WHOAMI, "AAAA", "tcp") == f"NOERROR {world.web6}"
    assert world.names.queries()[-1] == (world.server6, "tcp", WHOAMI, "AAAA")


def test_local_names_are_known_only_in_their_network(world: World) -> None:
    assert _ask(world.home, "192.168.1.1", "nas.home.lan") == f"NOERROR {world.nas4}"
    assert _ask(world.laptop, "192.168.50.1", "nas.home.lan") == "NXDOMAIN"
    assert _ask(world.home, "192.168.1.1", "nas.home.lan", "TXT") == "NOERROR"
    assert world.home.run("curl", "-4", "--silent", "http://nas.home.lan/ip").stdout == f"{world.home4}\n"


def test_an_answer_too_long_for_udp_comes_by_tcp(lab: Lab) -> None:
    one = lab.machine("one")
    names = NameServer(one, {"long.farfield.net": {"TXT": [f'"{number:0200}"' for number in range(9)]}})
    names.await_ready()
    assert _ask(one, "127.0.0.1", "long.farfield.net", "TXT") == "NOERROR TC"
    assert len(_ask(one, "127.0.0.1", "long.farfield.net", "TXT", "tcp")) > 1800


def test_the_observer_sees_what_leaves_and_to_whom(world: World) -> None:
    with Observer(world.cafe_router, "lan") as observer:
        _send(world.laptop, world.server4, 7777)
        _send(world.laptop, world.server6, 7777)
        _ask(world.laptop, world.resolver4, WHOAMI)
    sent = {(packet.src, packet.dst, packet.dport, packet.payload) for packet in observer.matching(proto="udp")}
    assert (world.laptop4, world.server4, 7777, b"packet 0") in sent
    assert (world.laptop6, world.server6, 7777, b"packet 0") in sent
    assert observer.matching(dst=world.resolver4, dport=53)
    assert not observer.matching(dst=world.web4)


@pytest.mark.parametrize("interface", ["eth0", "tunnel", "any"])
def test_the_observer_reads_what_every_kind_of_interface_carries(lab: Lab, interface: str) -> None:
    one, two = lab.machine("one"), lab.machine("two")
    lab.wire(one.port("eth0", "10.0.0.1/24"), two.port("eth0", "10.0.0.2/24"))
    one.spawn(sys.executable, "-c", _TUNNEL).wait_for_line("up", exact=True)
    one.ip("addr add 10.0.1.1/24 dev tunnel", "link set tunnel up")
    with Observer(one, interface, "ip") as observer:
        _send(one, "10.0.1.2" if interface == "tunnel" else "10.0.0.2", 7777)
    assert [packet.payload for packet in observer.matching(proto="udp", dport=7777)] == [b"packet 0"]


def test_the_observer_stops_with_nothing_left_unread(world: World) -> None:
    with Observer(world.cafe_router, "wan", "udp dst port 7777") as observer:
        _send(world.laptop, world.server4, 7777, count=3000)
    assert len(observer.packets()) == 3000


# --- the desktop ----------------------------------------------------------------------------------------------------


def test_a_menu_of_a_tray_icon_can_be_clicked(desktop: Desktop) -> None:
    program = desktop.run_gui([sys.executable, "-c", _TRAY])
    desktop.click(*desktop.find_tray_icon(), button=3)
    menu = desktop.popup_geometry()
    desktop.click(*menu.middle)
    program.wait_for_line("clicked two", exact=True)
    desktop.wait_for_no_popup()


def test_a_window_is_found_by_its_title_and_photographed(desktop: Desktop, tmp_path: Path) -> None:
    desktop.run_gui([sys.executable, "-c", _WINDOW])
    window = desktop.wait_for_window("I am")
    assert (window.width, window.height) == (300, 200)
    assert desktop.windows() == [window]
    assert desktop.screenshot(tmp_path / "screen.png").read_bytes().startswith(b"\x89PNG")


def test_a_program_on_the_desktop_can_run_in_a_machine(lab: Lab, desktop: Desktop, tmp_path: Path) -> None:
    with Desktop(tmp_path / "inside", lab.machine("faraway")) as inside:
        assert inside.env["DISPLAY"] != desktop.env["DISPLAY"]
        inside.run_gui([sys.executable, "-c", _WINDOW])
        inside.wait_for_window("I am faraway")
        assert desktop.windows() == []


def test_closing_a_desktop_ends_its_processes(tmp_path: Path) -> None:
    with Desktop(tmp_path) as desktop:
        program = desktop.run_gui([sys.executable, "-c", _TRAY])
        desktop.find_tray_icon()
    assert program.returncode is not None
    assert not Path(f"/proc/{program.pid}").exists()
