from __future__ import annotations

from pathlib import Path

import pytest

from meshnet_platform.api import Hosting, PlatformError, Route, SystemPlan
from meshnet_platform.linux.journal import Journal
from meshnet_platform.linux.sysctl import IP6_FORWARD, IP_FORWARD, Sysctls

HOST = SystemPlan(hosting=Hosting(("100.64.0.2", "fd00::2")))
VALUES = {
    IP_FORWARD: "0",
    IP6_FORWARD: "0",
    "net/ipv4/conf/all/src_valid_mark": "0",
    "net/ipv4/conf/all/accept_redirects": "1",
    "net/ipv4/conf/all/send_redirects": "1",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/all/arp_ignore": "0",
    "net/ipv4/conf/eth0/rp_filter": "1",
    "net/ipv6/conf/eth0/accept_ra": "1",
    "net/ipv6/conf/eth1/accept_ra": "0",
}


class System:
    def __init__(self, directory: Path) -> None:
        self.root = directory / "sys"
        self.state = directory / "state"
        self.state.mkdir()
        self.bridges: set[str] = set()
        for name, value in VALUES.items():
            self.root.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
            self.root.joinpath(name).write_text(value + "\n")

    def sysctls(self) -> Sysctls:
        return Sysctls(Journal(self.state, "boot"), lambda: self.bridges, self.root)

    def values(self) -> dict[str, str]:
        return {name: self.root.joinpath(name).read_text().strip() for name in VALUES}


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_a_host_forwards_and_keeps_listening_to_router_advertisements_first(system: System) -> None:
    wanted = system.sysctls().wanted(HOST)
    assert list(wanted) == [
        "net/ipv4/conf/all/accept_redirects",
        "net/ipv4/conf/all/send_redirects",
        IP_FORWARD,
        "net/ipv6/conf/eth0/accept_ra",
        IP6_FORWARD,
    ]
    assert wanted["net/ipv6/conf/eth0/accept_ra"] == "2"


def test_a_routed_device_needs_no_reverse_path_filter_and_answers_for_no_other_interface(system: System) -> None:
    assert system.sysctls().wanted(SystemPlan(route=Route(True))) == {
        "net/ipv4/conf/all/src_valid_mark": "1",
        "net/ipv4/conf/eth0/rp_filter": "0",
        "net/ipv4/conf/all/arp_ignore": "1",
    }


def test_who_is_stricter_about_arp_stays_so(system: System) -> None:
    system.root.joinpath("net/ipv4/conf/all/arp_ignore").write_text("2\n")
    assert "net/ipv4/conf/all/arp_ignore" not in system.sysctls().wanted(SystemPlan(route=Route(True)))


def test_a_later_process_puts_everything_back(system: System) -> None:
    first = system.sysctls()
    first.open(first.wanted(HOST))
    assert system.values()[IP_FORWARD] == "1"
    second = system.sysctls()
    assert second.wanted(HOST) == first.wanted(HOST)
    second.close(())
    assert system.values() == VALUES


def test_ways_to_local_networks_need_marks_in_the_reverse_path_filter(system: System) -> None:
    lan = SystemPlan(hosting=Hosting(("100.64.0.2",), lan=("100.64.0.2",)))
    assert system.sysctls().wanted(lan)["net/ipv4/conf/all/src_valid_mark"] == "1"
    assert "net/ipv4/conf/all/src_valid_mark" not in system.sysctls().wanted(HOST)


def test_forwarding_that_was_on_before_us_stays_on(system: System) -> None:
    system.root.joinpath(IP_FORWARD).write_text("1\n")
    sysctls = system.sysctls()
    wanted = sysctls.wanted(HOST)
    assert sysctls.opened_forwarding([IP_FORWARD]) == frozenset()
    sysctls.open(wanted)
    sysctls.close(())
    assert system.values()[IP_FORWARD] == "1"


def test_forwarding_that_somebody_needs_by_now_stays_on(system: System) -> None:
    sysctls = system.sysctls()
    sysctls.open(sysctls.wanted(HOST))
    assert sysctls.opened_forwarding([IP_FORWARD]) == {4}
    system.bridges = {"docker0"}
    sysctls.close(())
    assert system.values()[IP_FORWARD] == "1"
    assert system.values()["net/ipv6/conf/eth0/accept_ra"] == "1"


def test_nothing_is_written_where_all_is_as_wanted(system: System) -> None:
    sysctls = system.sysctls()
    sysctls.open({IP_FORWARD: "0"})
    assert list(system.state.iterdir()) == []


def test_an_interface_that_is_gone_needs_nothing_put_back(system: System) -> None:
    sysctls = system.sysctls()
    sysctls.open(sysctls.wanted(HOST))
    (system.root / "net/ipv6/conf/eth0/accept_ra").unlink()
    sysctls.close(())
    assert system.root.joinpath(IP_FORWARD).read_text() == "0\n"


def test_a_setting_that_cannot_be_made_is_named(system: System) -> None:
    with pytest.raises(PlatformError, match="none/none"):
        system.sysctls().open({"none/none": "1"})


def test_a_setting_that_another_program_changed_does_not_stand(system: System) -> None:
    sysctls = system.sysctls()
    sysctls.open(sysctls.wanted(HOST))
    assert sysctls.stand(sysctls.wanted(HOST))
    system.root.joinpath(IP_FORWARD).write_text("0\n")
    assert not sysctls.stand(sysctls.wanted(HOST))
