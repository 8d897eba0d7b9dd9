"""The guard: only public addresses, unless a network is named."""

from ipaddress import ip_address

import pytest

from coldchain.errors import InvalidInput
from coldchain_backend.delivery.senders.guard import networks, permitted

INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_refused(address: str) -> None:
    assert not permitted(ip_address(address), ())


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_public_addresses_pass(address: str) -> None:
    assert permitted(ip_address(address), ())


def test_a_named_network_passes_and_no_other() -> None:
    allowed = networks(["10.0.0.0/8", "fd00::/8"])
    assert permitted(ip_address("10.9.9.9"), allowed)
    assert permitted(ip_address("::ffff:10.9.9.9"), allowed)
    assert permitted(ip_address("fd00::7"), allowed)
    assert not permitted(ip_address("192.168.0.1"), allowed)


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(InvalidInput):
        networks(["ten"])
