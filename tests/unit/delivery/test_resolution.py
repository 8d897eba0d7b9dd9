"""Names are looked up first and every address is judged; numbers and named hosts alike."""

import pytest

from coldchain.errors import Refused, Unavailable
from coldchain_backend.delivery import Guard
from support.acceptance import Figures
from support.look_ups import Names


async def resolved(*answers: list[str] | OSError, allow: tuple[str, ...] = ()) -> list[str]:
    """Addresses that a guard lets through for one name."""
    guard = Guard(allow, look_up=Names(hooks_example=answers))
    try:
        return [str(one) for one in await guard.resolve("hooks.example", 443)]
    finally:
        guard.close()


async def test_a_public_name_keeps_the_order_of_its_addresses() -> None:
    found = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "93.184.216.34"]
    assert await resolved(found) == found[:2]


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(Refused, match="allow_private"):
        await resolved(["93.184.216.34", "10.0.0.1"])
    assert await resolved(["93.184.216.34", "10.0.0.1"], allow=("10.0.0.0/8",)) == [
        "93.184.216.34",
        "10.0.0.1",
    ]


async def test_where_receivers_may_be_inside_a_link_for_phones_still_may_not() -> None:
    guard = Guard(
        ("10.0.0.0/8",), look_up=Names(hooks_example=(["10.0.0.1"], ["10.0.0.1"], ["93.184.216.34"]))
    )
    try:
        assert await guard.resolve("hooks.example", 443)
        with pytest.raises(Refused, match="not a public address"):
            await guard.public("hooks.example", 443)
        assert await guard.public("hooks.example", 443)
    finally:
        guard.close()


async def test_a_scope_behind_an_address_is_no_way_around() -> None:
    with pytest.raises(Refused):
        await resolved(["fe80::1%eth0"])


async def test_names_without_addresses_are_tried_again_later() -> None:
    with pytest.raises(Unavailable):
        await resolved(OSError("name or service not known"))
    with pytest.raises(Unavailable):
        await resolved([])


NOT_PUBLIC = (
    "127.0.0.1 127.9.9.9 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 192.0.0.8"
    " 198.18.0.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 :: ::1 fe80::1 fc00::1 fd12::1 ff02::1"
    " ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::1"
    " 2002:7f00:1:: 2001:db8::1 ::127.0.0.1"
)


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
@pytest.mark.acceptance("T10")
async def test_addresses_that_are_not_public_are_refused(address: str, figures: Figures) -> None:
    with pytest.raises(Refused):
        await resolved([address])
    figures.add(addresses=1)
