"""Connections kept for a short while, a pool for each address that is sent to.

In one pool for all every request looks at every connection: a hundred receivers would cost their square.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ssl import SSLContext
from time import monotonic
from typing import Final

import httpcore

KEPT_S: Final = 10.0
LOOK_S: Final = 1.0
_KEPT: Final = 8
"""Idle connections to one address; the courier bounds how many are busy."""


@dataclass(slots=True)
class _Pool:
    connections: httpcore.AsyncConnectionPool
    busy: int = 0
    since_s: float = 0.0


class Pools:
    """Pools by address; those that nobody used for KEPT_S are closed when somebody sends anything.

    `now_s` is a clock that does not step.
    """

    def __init__(
        self,
        trust: SSLContext,
        network: httpcore.AsyncNetworkBackend,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self._trust, self._network, self._now_s = trust, network, now_s
        self._pools: dict[tuple[bytes, bytes, int | None, bytes], _Pool] = {}
        self._looked_s = 0.0

    def __len__(self) -> int:
        return len(self._pools)

    async def close(self) -> None:
        """Close what is kept."""
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.connections.aclose()

    @asynccontextmanager
    async def to(self, target: httpcore.URL) -> AsyncIterator[httpcore.AsyncConnectionPool]:
        """The connections to an address, whatever it is asked there."""
        await self._tidy(self._now_s())
        key = (target.scheme, target.host, target.port, target.target.partition(b"?")[0])
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = self._fresh()
        pool.busy += 1
        try:
            yield pool.connections
        finally:
            pool.busy -= 1
            pool.since_s = self._now_s()

    async def _tidy(self, now_s: float) -> None:
        if now_s - self._looked_s < LOOK_S:
            return
        self._looked_s = now_s
        old = [key for key, one in self._pools.items() if not one.busy and now_s - one.since_s > KEPT_S]
        for pool in [self._pools.pop(key) for key in old]:
            await pool.connections.aclose()

    def _fresh(self) -> _Pool:
        return _Pool(
            httpcore.AsyncConnectionPool(
                ssl_context=self._trust,
                max_connections=None,
                max_keepalive_connections=_KEPT,
                keepalive_expiry=KEPT_S,
                network_backend=self._network,
            )
        )
