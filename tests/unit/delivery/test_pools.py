"""Connections that are kept: together for one address, apart for two, and not for long."""

import asyncio
import ssl

import httpcore

from coldchain_backend.delivery.senders.pools import KEPT_S, Pools
from support.still_clock import StillClock

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


def url(text: str) -> httpcore.URL:
    return httpcore.URL(text)


class Network(httpcore.AsyncMockBackend):
    """Answers whatever is asked, and counts who connected."""

    def __init__(self) -> None:
        super().__init__([ANSWER] * 9)
        self.connected = 0

    async def connect_tcp(self, *args: object, **how: object) -> httpcore.AsyncNetworkStream:
        self.connected += 1
        return await super().connect_tcp("", 0)


def made(clock: StillClock) -> tuple[Pools, Network]:
    network = Network()
    return Pools(ssl.create_default_context(), network, lambda: clock.monotonic_ns() / 1e9), network


async def post(pools: Pools, text: str) -> None:
    async with pools.to(url(text)) as pool, pool.stream("POST", url(text)) as answer:
        await answer.aread()


def test_what_goes_to_one_address_goes_over_one_connection() -> None:
    async def twice() -> int:
        pools, network = made(StillClock())
        await post(pools, "http://hook.test/a?sign=1")
        await post(pools, "http://hook.test/a?sign=2")
        assert len(pools) == 1
        await pools.close()
        return network.connected

    assert asyncio.run(twice()) == 1


def test_two_addresses_of_one_host_do_not_look_at_each_other() -> None:
    async def both() -> int:
        pools, network = made(StillClock())
        for text in ("http://hook.test/a", "http://hook.test/b", "http://hook.test:81/a"):
            await post(pools, text)
        found = len(pools)
        await pools.close()
        assert network.connected == found
        return found

    assert asyncio.run(both()) == 3


def test_what_nobody_used_for_long_is_closed_but_nothing_that_is_under_way() -> None:
    async def life() -> tuple[int, int]:
        clock = StillClock()
        pools, _ = made(clock)
        await post(pools, "http://hook.test/idle")
        async with pools.to(url("http://hook.test/busy")):
            clock.advance(int(1000 * KEPT_S) + 1)
            await post(pools, "http://hook.test/new")
            beside = len(pools)
        clock.advance(int(1000 * KEPT_S) + 1)
        await post(pools, "http://hook.test/last")
        after = len(pools)
        await pools.close()
        return beside, after

    assert asyncio.run(life()) == (2, 1)
