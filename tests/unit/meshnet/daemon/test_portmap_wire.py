"""What is said to routers, byte by byte, and what is made of what they say, whatever that is."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnet.daemon import portmap_wire as wire
from meshnet.daemon.portmap_wire import Answer

GATEWAY = "192.168.1.1"
LOCATION = f"http://{GATEWAY}:5000/desc.xml"
NONCE = b"twelve bytes"
IP = "urn:schemas-upnp-org:service:WANIPConnection:1"
PPP = "urn:schemas-upnp-org:service:WANPPPConnection:1"

numbers16 = st.integers(0, 0xFFFF)
numbers32 = st.integers(0, 0xFFFFFFFF)
addresses4 = st.ip_addresses(v=4).map(str)


def described(*services: tuple[str, str], base: str = "") -> bytes:
    inner = "".join(
        f"<service><serviceType>{kind}</serviceType><controlURL>{url}</controlURL></service>" for kind, url in services
    )
    return f"""<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">{base}<device><deviceList><device>
        <serviceList>{inner}</serviceList></device></deviceList></device></root>""".encode()


def found(location: str = LOCATION, kind: str = "urn:schemas-upnp-org:device:InternetGatewayDevice:1") -> bytes:
    return f"HTTP/1.1 200 OK\r\nST: {kind}\r\nLocation:{location}\r\n\r\n".encode()


# --- PCP ---


def test_a_request_for_a_port_is_as_in_rfc_6887() -> None:
    made = wire.pcp_map("192.168.1.10", NONCE, 41000, 41001, 7200)
    head = bytes([2, 1, 0, 0]) + (7200).to_bytes(4) + bytes(10) + b"\xff\xff" + bytes([192, 168, 1, 10])
    rest = bytes([17, 0, 0, 0]) + (41000).to_bytes(2) + (41001).to_bytes(2) + bytes(10) + b"\xff\xff" + bytes(4)
    assert made == head + NONCE + rest
    assert wire.pcp_hello("192.168.1.10") == bytes([2, 0, 0, 0]) + bytes(4) + head[8:]


def pcp_answer(answer: Answer, nonce: bytes = NONCE, protocol: int = 17) -> bytes:
    head = struct.pack("!BBBBII12x", 2, 0x81, 0, answer.result, answer.seconds, answer.epoch)
    packed = bytes(10) + b"\xff\xff" + bytes(int(part) for part in answer.address.split("."))
    return head + struct.pack("!12sB3xHH16s", nonce, protocol, answer.internal, answer.external, packed)


@given(st.builds(Answer, st.integers(0, 255), numbers32, numbers32, numbers16, numbers16, addresses4))
def test_an_answer_of_pcp_is_read_back(answer: Answer) -> None:
    assert wire.read_pcp(pcp_answer(answer), NONCE) == answer


def test_an_answer_to_somebody_else_is_none() -> None:
    answer = Answer(0, 5, 7200, 41000, 41000, "81.2.69.10")
    assert wire.read_pcp(pcp_answer(answer), NONCE) == answer
    assert wire.read_pcp(pcp_answer(answer, nonce=b"another one!"), NONCE) is None
    assert wire.read_pcp(pcp_answer(answer, protocol=6), NONCE) is None
    assert wire.read_pcp(pcp_answer(answer), None) is None
    assert wire.read_pcp(wire.pcp_map("192.168.1.10", NONCE, 41000, 41000, 7200), NONCE) is None


def test_a_router_that_knows_only_nat_pmp_does_not_answer_pcp() -> None:
    assert wire.read_pcp(struct.pack("!BBHI", 0, 0x80, 1, 99) + bytes(52), None) is None


# --- NAT-PMP ---


def test_requests_of_nat_pmp_are_as_in_rfc_6886() -> None:
    assert wire.pmp_address() == b"\0\0"
    assert wire.pmp_map(41000, 41001, 7200) == bytes([0, 1, 0, 0]) + struct.pack("!HHI", 41000, 41001, 7200)


@given(numbers16, numbers32, addresses4)
def test_an_address_told_by_nat_pmp_is_read_back(result: int, epoch: int, address: str) -> None:
    data = struct.pack("!BBHI4B", 0, 128, result, epoch, *(int(part) for part in address.split(".")))
    assert wire.read_pmp_address(data) == Answer(result, epoch, address=address)
    assert wire.read_announcement(data) == Answer(result, epoch, address=address)


@given(numbers16, numbers32, numbers16, numbers16, numbers32)
def test_a_mapping_told_by_nat_pmp_is_read_back(
    result: int, epoch: int, internal: int, external: int, seconds: int
) -> None:
    data = struct.pack("!BBHIHHI", 0, 129, result, epoch, internal, external, seconds)
    assert wire.read_pmp_map(data, internal) == Answer(result, epoch, seconds, internal, external)
    assert wire.read_pmp_map(data, internal ^ 1) is None


# --- anything at all ---


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\x02\x81", b"\x02\x80", b"\0\x80", b"\0\x81", b"HTTP/1.1 200\r\n"])
)
def test_whatever_comes_is_an_answer_or_none(data: bytes, head: bytes) -> None:
    data = head + data
    wire.read_pcp(data, NONCE)
    wire.read_pmp_map(data, 1)
    wire.read_announcement(data)
    wire.read_ssdp(data, GATEWAY)
    wire.read_soap(data)
    wire.read_description(data, LOCATION, GATEWAY)


@given(st.text(max_size=60))
def test_no_text_is_followed_that_does_not_begin_with_the_gateway(text: str) -> None:
    for url in (text, "http://" + text, "http://" + GATEWAY + text):
        followed = wire.at_gateway(url, GATEWAY)
        rest = "" if followed is None else followed.removeprefix(f"http://{GATEWAY}")
        assert followed is None or (rest != followed and rest[:1] in ("", "/", ":", "?", "#"))


# --- SSDP and descriptions ---


def test_the_search_names_where_it_goes_and_what_it_is_for() -> None:
    lines = wire.ssdp_search("239.255.255.250:1900").split(b"\r\n")
    assert lines[0] == b"M-SEARCH * HTTP/1.1"
    assert b"HOST: 239.255.255.250:1900" in lines
    assert lines[-2:] == [b"", b""]


def test_a_gateway_says_where_its_description_is() -> None:
    assert wire.read_ssdp(found(), GATEWAY) == LOCATION
    assert wire.read_ssdp(found(kind="urn:schemas-upnp-org:device:MediaServer:1"), GATEWAY) is None
    assert wire.read_ssdp(b"NOTIFY * HTTP/1.1\r\n" + found(), GATEWAY) is None


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://192.168.1.2:5000/desc.xml",
        "http://81.2.69.10/desc.xml",
        "https://192.168.1.1/desc.xml",
        "http://192.168.1.1@81.2.69.10/desc.xml",
        "http://me@192.168.1.1/desc.xml",
        "http://192.168.1.1.example.org/desc.xml",
        "http://3232235777/desc.xml",
        "http://192.168.1.1:99999/desc.xml",
        "http://192.168.1.1 /desc.xml",
        "http://[::ffff:192.168.1.1]/desc.xml",
        "file:///etc/passwd",
        "//192.168.1.1/desc.xml",
        "",
    ],
)
def test_nothing_elsewhere_is_followed(elsewhere: str) -> None:
    assert wire.read_ssdp(found(), GATEWAY) == LOCATION
    assert wire.read_ssdp(found(elsewhere), GATEWAY) is None
    assert wire.read_description(described((IP, LOCATION)), LOCATION, GATEWAY) == ((IP, LOCATION),)
    if elsewhere:
        hostile = described((IP, elsewhere.replace("//192.168.1.1/", "//192.168.1.2/")))
        assert wire.read_description(hostile, LOCATION, GATEWAY) == ()


def test_all_services_that_map_ports_are_found_and_others_are_not() -> None:
    document = described(("urn:schemas-upnp-org:service:Layer3Forwarding:1", "/l3"), (IP, "/ip"), (PPP, "ppp"))
    expected = ((IP, f"http://{GATEWAY}:5000/ip"), (PPP, f"http://{GATEWAY}:5000/ppp"))
    assert wire.read_description(document, LOCATION, GATEWAY) == expected


def test_addresses_count_from_the_base_that_the_router_names_if_it_is_its_own() -> None:
    own = described((IP, "/ip"), base=f"<URLBase>http://{GATEWAY}:80/</URLBase>")
    other = described((IP, "/ip"), base="<URLBase>http://192.168.1.2/</URLBase>")
    assert wire.read_description(own, LOCATION, GATEWAY) == ((IP, f"http://{GATEWAY}:80/ip"),)
    assert wire.read_description(other, LOCATION, GATEWAY) == ()


def test_a_document_that_defines_entities_is_none() -> None:
    document = described((IP, "/ip"))
    bomb = document.replace(b'<?xml version="1.0"?>', b'<?xml version="1.0"?><!DOCTYPE root [<!ENTITY a "aaaa">]>')
    assert wire.read_description(document, LOCATION, GATEWAY)
    assert wire.read_description(bomb, LOCATION, GATEWAY) == ()


# --- SOAP ---


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn")), max_size=20).map(str.strip)
)
def test_what_is_called_with_is_read_back(value: str) -> None:
    body = wire.soap_call(IP, "AddPortMapping", {"NewRemoteHost": value, "NewExternalPort": "41000"})
    assert wire.read_soap(body) == {"NewRemoteHost": value, "NewExternalPort": "41000"}


def test_an_error_of_upnp_is_read() -> None:
    fault = b"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>
        <faultcode>s:Client</faultcode><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">
        <errorCode>718</errorCode></UPnPError></detail></s:Fault></s:Body></s:Envelope>"""
    assert (wire.read_soap(fault) or {})["errorCode"] == "718"
    assert wire.read_soap(b"<html/>") is None


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("81.2.69.10", True),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("203.0.113.7", False),
        ("224.0.0.5", False),
        ("255.255.255.255", False),
        ("2a02:8010::1", False),
        ("", False),
        ("none", False),
    ],
)
def test_only_an_address_that_all_can_send_to_is_public(address: str, is_public: bool) -> None:
    assert wire.is_public4(address) is is_public
