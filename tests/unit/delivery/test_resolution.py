"""Names are looked up first and every address is judged; numbers and named hosts alike."""

import asyncio
import socket

import pytest

from coldchain.errors import Refused, Unavailable
from coldchain_backend.delivery.senders.guard import networks, resolve

Found = list[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]]


def answer(*addresses: str) -> Found:
    """What the system's resolver says."""
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]


class Resolver:
    """Stands in for the system's, which the fast tier may not ask."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, found: Found | OSError) -> None:
        async def look_up(host: str, port: int, *, type: int) -> Found:
            del host, port, type
            if isinstance(found, OSError):
                raise found
            return found

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)


async def test_a_public_name_is_pinned_to_its_first_address(monkeypatch: pytest.MonkeyPatch) -> None:
    Resolver(monkeypatch, answer("93.184.216.34", "93.184.216.35"))
    assert str(await resolve("hooks.example", 443, ())) == "93.184.216.34"


async def test_one_private_address_among_public_ones_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Resolver(monkeypatch, answer("93.184.216.34", "10.0.0.1"))
    with pytest.raises(Refused, match="allow_private"):
        await resolve("hooks.example", 443, ())
    assert str(await resolve("hooks.example", 443, networks(["10.0.0.0/8"]))) == "93.184.216.34"


async def test_a_scope_behind_an_address_is_no_way_around(monkeypatch: pytest.MonkeyPatch) -> None:
    Resolver(monkeypatch, answer("fe80::1%eth0"))
    with pytest.raises(Refused):
        await resolve("hooks.example", 443, ())


async def test_names_without_addresses_are_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    Resolver(monkeypatch, OSError("name or service not known"))
    with pytest.raises(Unavailable):
        await resolve("hooks.example", 443, ())
    Resolver(monkeypatch, answer())
    with pytest.raises(Unavailable):
        await resolve("hooks.example", 443, ())
