import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnet.core.devices import MIN_ID_PART, chain, find, gives_way, last_exit, loop_through, names, unique_name
from meshnet.core.trust import Ledger
from meshnet.errors import Code, Refusal
from support.ledgers import ledger_of
from support.meshes import NOW, FakeDevice, FakeMesh, seed
from support.situations import Household


def test_whoever_joined_first_keeps_a_name() -> None:
    home = Household()
    home.ledger.accept(home.mesh.device(home.phone, "NAS"))
    known = names(home.ledger)
    assert sorted((known[home.nas.id].casefold(), known[home.phone.id].casefold())) == ["nas", "nas-2"]


def test_a_device_that_nobody_confirmed_takes_no_name_by_dating_its_joining_back() -> None:
    mesh, nas, thief = FakeMesh(), FakeDevice("nas"), FakeDevice("thief")
    ledger = ledger_of(
        mesh,
        *mesh.found(nas, "100.64.0.1"),
        mesh.invite(seed("astray")),
        mesh.membership(thief, "100.64.0.2", seed("astray"), joined=NOW - 10**6),
        mesh.device(thief, "nas"),
    )
    assert names(ledger) == {nas.id: "nas", thief.id: "nas-2"}


def test_a_number_leaves_a_long_name_within_its_length() -> None:
    long = "n" * 63
    assert unique_name(long, {long}) == "n" * 61 + "-2"


@given(st.lists(st.text(min_size=1, max_size=63), max_size=30))
def test_names_made_unique_are_unique_without_case(wanted: list[str]) -> None:
    taken: set[str] = set()
    for name in wanted:
        found = unique_name(name, taken)
        assert found.casefold() not in taken
        taken.add(found.casefold())


def test_a_device_is_found_by_name_address_id_and_the_beginning_of_its_id() -> None:
    home = Household()
    member = home.ledger.members[home.nas.id]
    for word in ("nas", "NAS", " nas ", member.address4, member.address6, home.nas.id, home.nas.id[:8]):
        assert find(home.ledger, home.laptop.id, word).device == home.nas.id


@pytest.mark.parametrize("word", ["", "printer", "100.64.0.9", "laptop", "x" * 500, "n"])
def test_who_is_not_there_is_unknown(word: str) -> None:
    home = Household()
    with pytest.raises(Refusal) as refused:
        find(home.ledger, home.laptop.id, word)
    assert refused.value.code is Code.UNKNOWN_DEVICE
    assert len(refused.value.message) < 200


def test_nobody_takes_anothers_address_or_id_for_a_name() -> None:
    home = Household()
    for word in (home.ledger.members[home.nas.id].address4, home.nas.id):
        home.ledger.accept(home.mesh.device(home.guest, word))
        assert find(home.ledger, home.laptop.id, word).device == home.nas.id


def test_a_name_goes_before_the_beginning_of_an_id() -> None:
    home = Household()
    home.ledger.accept(home.mesh.device(home.phone, home.nas.id[:6]))
    assert find(home.ledger, home.laptop.id, home.nas.id[:6]).device == home.phone.id


def test_the_beginning_of_two_ids_is_ambiguous_and_both_are_named() -> None:
    home = Household()
    one, other = FakeDevice("d100"), FakeDevice("d177")  # their ids happen to begin alike
    for number, device in enumerate((one, other)):
        home.ledger.accept(home.mesh.membership(device, f"100.64.1.{number}"))
        home.ledger.accept(home.mesh.device(device))
    common = one.id[:MIN_ID_PART]
    with pytest.raises(Refusal, match=f"{one.name}.*{other.name}|{other.name}.*{one.name}") as refused:
        find(home.ledger, home.laptop.id, common)
    assert refused.value.code is Code.AMBIGUOUS_DEVICE


def test_a_removed_device_is_not_found() -> None:
    home = Household()
    home.ledger.accept(home.mesh.removal(home.nas))
    with pytest.raises(Refusal):
        find(home.ledger, home.laptop.id, "nas")


def _routing(*steps: tuple[FakeDevice, FakeDevice], home: Household) -> Ledger:
    for device, host in steps:
        home.ledger.accept(home.mesh.device(device, route=host.id))
    return home.ledger


def test_the_hosts_of_a_chain_come_in_order() -> None:
    home = Household()
    ledger = _routing((home.nas, home.phone), home=home)
    assert chain(ledger, home.nas.id) == [home.nas.id, home.phone.id]
    assert loop_through(ledger, home.laptop.id, home.nas.id) is None


def test_a_loop_is_named_from_end_to_end() -> None:
    home = Household()
    ledger = _routing((home.nas, home.phone), (home.phone, home.laptop), home=home)
    me = home.laptop.id
    assert loop_through(ledger, me, home.nas.id) == [me, home.nas.id, home.phone.id, me]


def test_all_in_a_loop_agree_on_the_one_that_gives_way() -> None:
    home = Household()
    ring = {home.laptop: home.nas, home.nas: home.phone, home.phone: home.laptop}
    ledger = _routing(*ring.items(), home=home)
    giving_way = []
    for device, host in ring.items():
        loop = loop_through(ledger, device.id, host.id)
        assert loop is not None
        if gives_way(loop, device.id):
            giving_way.append(device.id)
    assert giving_way == [min(device.id for device in ring)]


def test_the_exit_of_a_chain_is_that_of_its_last_host() -> None:
    home = Household()
    ledger = _routing((home.nas, home.phone), home=home)
    ledger.accept(home.mesh.device(home.phone, exit_now="vpn"))
    assert last_exit(ledger, home.nas.id) == "vpn"
    assert last_exit(ledger, home.guest.id) == "line"


def test_a_loop_of_others_ends() -> None:
    home = Household()
    ledger = _routing((home.nas, home.phone), (home.phone, home.nas), home=home)
    assert chain(ledger, home.nas.id) == [home.nas.id, home.phone.id]
    assert loop_through(ledger, home.laptop.id, home.nas.id) is None
