"""An IPv4 address within an IPv6 one opens no way around the guard."""

from ipaddress import ip_address

import pytest

from coldchain_backend.delivery.senders.guard import permitted


@pytest.mark.parametrize(
    "text",
    [
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "::7f00:1",
        "fec0::1",
        "3fff::1",
    ],
)
def test_it_is_refused(text: str) -> None:
    assert not permitted(ip_address(text), ())


def test_a_public_address_is_permitted() -> None:
    assert permitted(ip_address("2606:4700::1111"), ())
