"""Who asks behind proxies: told by ours only, read from the right, whatever else stands in the header."""

from __future__ import annotations

from ipaddress import ip_address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from coldchain.errors import InvalidInput
from coldchain_backend.config import BackendSection
from coldchain_backend.sql import schema
from coldchain_backend.web.proxies import FORWARDED, FORWARDED_FOR, Hop, Proxies, asking, hops_of, networks_of
from support.web_app import BASE, WebApp

OURS = networks_of(["10.0.0.0/8", "fd00::/8"])


def by(header: str, *values: str, peer: str = "10.0.0.2") -> str:
    return asking(peer, hops_of(header, values), OURS).address


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (("203.0.113.7",), "203.0.113.7"),
        (("203.0.113.7, 10.0.0.9",), "203.0.113.7"),
        (("1.2.3.4, 203.0.113.7, 10.0.0.9",), "203.0.113.7"),
        (("1.2.3.4", "203.0.113.7"), "203.0.113.7"),
        (("203.0.113.7:4711",), "203.0.113.7"),
        (("[2001:db8::1]:4711",), "2001:db8::1"),
        (("2001:db8::1",), "2001:db8::1"),
        (("::ffff:203.0.113.7",), "203.0.113.7"),
        (("10.0.0.1, 10.0.0.9",), "10.0.0.1"),
        (("203.0.113.7, nonsense",), "10.0.0.2"),
        (("203.0.113.7, ",), "10.0.0.2"),
        (("unknown, 10.0.0.9",), "10.0.0.9"),
        ((), "10.0.0.2"),
        (("1.2.3.4, fd00::5",), "1.2.3.4"),
    ],
)
def test_the_first_from_the_right_that_is_none_of_ours(values: tuple[str, ...], wanted: str) -> None:
    assert by(FORWARDED_FOR, *values) == wanted


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (("for=203.0.113.7",), "203.0.113.7"),
        (('for=1.2.3.4, For="[2001:db8::1]:4711";proto=https;by=10.0.0.2',), "2001:db8::1"),
        (('for="203.0.113.7, 10.0.0.1";proto=http',), "10.0.0.2"),
        (("for=_hidden",), "10.0.0.2"),
        (("for=unknown, for=10.0.0.9",), "10.0.0.9"),
        (("proto=https",), "10.0.0.2"),
        (('for="203.0.113.7',), "203.0.113.7"),
    ],
)
def test_the_standard_header_is_read_alike(values: tuple[str, ...], wanted: str) -> None:
    assert by(FORWARDED, *values) == wanted


def test_who_is_none_of_ours_is_not_believed() -> None:
    assert by(FORWARDED_FOR, "1.2.3.4", peer="203.0.113.9") == "203.0.113.9"
    assert by(FORWARDED_FOR, "1.2.3.4", peer="127.0.0.1") == "127.0.0.1"
    assert asking("10.0.0.2", hops_of(FORWARDED_FOR, ["1.2.3.4"]), ()).address == "10.0.0.2"


@given(
    st.lists(st.ip_addresses().map(str) | st.text(max_size=12), max_size=30),
    st.ip_addresses().filter(lambda one: not any(one in net for net in OURS if net.version == one.version)),
    st.integers(0, 3),
)
def test_whatever_a_stranger_writes_the_address_is_theirs(
    said: list[str], stranger: object, ours: int
) -> None:
    """A stranger behind some of our proxies, which append whom they took it from: nothing before counts."""
    appended = [str(stranger), *(f"10.0.0.{number}" for number in range(10, 10 + ours))]
    header = ", ".join([*(one.replace(",", "") for one in said), *appended])
    mapped = getattr(ip_address(str(stranger)), "ipv4_mapped", None)
    assert by(FORWARDED_FOR, header) == str(mapped or stranger)


@given(st.text(max_size=300), st.sampled_from([FORWARDED, FORWARDED_FOR]))
def test_any_header_is_read_without_a_fault(text: str, header: str) -> None:
    assert isinstance(by(header, text), str)


def test_the_scheme_is_that_of_the_nearest_proxy() -> None:
    hops = hops_of(FORWARDED_FOR, ["203.0.113.7"], ["http", "https"])
    assert asking("10.0.0.2", hops, OURS) == Hop(address="203.0.113.7", scheme="https")
    assert asking("10.0.0.2", hops_of(FORWARDED, ["for=203.0.113.7;proto=https"]), OURS).scheme == "https"


def test_what_is_no_network_or_header_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"10\.0\.0\.1/8"):
        networks_of(["10.0.0.1/8"])
    with pytest.raises(InvalidInput, match="trusted_proxies: 'anybody' is not a network"):
        BackendSection(organisation="demo", trusted_proxies=("anybody",))
    with pytest.raises(InvalidInput, match="proxy_header"):
        BackendSection(organisation="demo", proxy_header="x-real-ip")


def behind(web: WebApp, peer: str, header: str = FORWARDED_FOR) -> httpx.AsyncClient:
    """A client whose requests come from `peer` to a server with our proxies before it."""
    app = Proxies(web.app, OURS, header)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(peer, 4711)), base_url=BASE)


async def wrong(client: httpx.AsyncClient, **headers: str) -> int:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return (await client.post("/api/v1/session", json={"token": "x" * 40}, headers=headers)).status_code


async def test_behind_a_proxy_each_address_is_counted_by_itself(web: WebApp) -> None:
    async with behind(web, "10.0.0.2") as client:
        codes = [await wrong(client, x_forwarded_for="203.0.113.7") for _ in range(40)]
        other = await wrong(client, x_forwarded_for="203.0.113.8")
    assert codes[0] == 401
    assert codes[-1] == 429
    assert other == 401, "somebody else behind the same proxy is not locked out"


async def test_nobody_gets_more_tries_by_writing_addresses(web: WebApp) -> None:
    """Through a proxy with a forged beginning, and directly with a forged header."""
    async with behind(web, "10.0.0.2") as client:
        through = [await wrong(client, x_forwarded_for=f"9.9.9.{n}, 203.0.113.7") for n in range(40)]
    async with behind(web, "203.0.113.50") as client:
        direct = [await wrong(client, x_forwarded_for=f"9.9.9.{n}") for n in range(40)]
        spoofed = [await wrong(client, forwarded=f"for=9.9.9.{n}") for n in range(2)]
    assert through[-1] == direct[-1] == 429
    assert spoofed == [429, 429]


async def test_the_header_that_the_proxies_do_not_write_is_not_read(web: WebApp) -> None:
    async with behind(web, "10.0.0.2", FORWARDED) as client:
        codes = [
            await wrong(client, x_forwarded_for=f"9.9.9.{n}", forwarded="for=203.0.113.7") for n in range(40)
        ]
    assert codes[-1] == 429


async def test_the_audit_names_the_address_that_asked(web: WebApp) -> None:
    async with behind(web, "10.0.0.2") as client:
        await wrong(client, x_forwarded_for="1.1.1.1, 203.0.113.7")
    table = schema.audit
    with web.log.database.read() as connection:
        said = list(connection.execute(select(table.c.new).where(table.c.what == "login")).scalars())
    assert said == ["refused, from 203.0.113.7"]
