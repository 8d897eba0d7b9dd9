"""The guard before the wire: nothing goes to private, loopback or link-local addresses unless allowed."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from coldchain.errors import InvalidInput, Refused, Unavailable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


# IPv6 forms that carry an IPv4 address on (RFC 6052, RFC 8215, RFC 3056, RFC 4291), or are for no public use.
EMBEDDING: Final = tuple(
    ip_network(text)
    for text in (
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "::/96",
        "fec0::/10",
        "3fff::/20",
        "5f00::/16",
    )
)


PROTOCOL: Final = (ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"))
"""For protocols only (RFC 6890, RFC 7526), although some of it is globally reachable."""

CONNECT_S: Final = 5.0
LookUp = Callable[[str, int], Sequence[str]]


def system_look_up(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver; raises OSError."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks that are allowed although they are private. Raises InvalidInput for what is none."""
    try:
        return tuple(ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        raise InvalidInput(f"not a network: {error}") from error


def permitted(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether a message may go to an address."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped is not None:
        address = mapped
    if any(address.version == network.version and address in network for network in allowed):
        return True
    if any(address.version == network.version and address in network for network in (*EMBEDDING, *PROTOCOL)):
        return False
    return address.is_global and not address.is_multicast


class Guard:
    """Looks names up, judges every address, and connects to one that it judged: nobody looks up again.

    Look-ups have a pool of threads of their own, so that slow name servers delay nobody else's attempts.
    """

    def __init__(
        self, allow_private: Sequence[str], *, look_up: LookUp = system_look_up, threads: int = 64
    ) -> None:
        self._allowed = networks(allow_private)
        self._look_up = look_up
        self._pool = ThreadPoolExecutor(threads, "look-up")

    def close(self) -> None:
        """Let go of the threads; look-ups that are under way end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def resolve(self, host: str, port: int) -> tuple[Address, ...]:
        """Addresses that may be connected to, in the order of the answer.

        Raises Refused if any that the name has is not permitted, Unavailable if it has none.
        """
        return await self._judged(host, port, self._allowed)

    async def public(self, host: str, port: int) -> tuple[Address, ...]:
        """The same of public addresses only, whatever networks of one's own are allowed."""
        return await self._judged(host, port, ())

    async def _judged(self, host: str, port: int, allowed: Sequence[Network]) -> tuple[Address, ...]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._pool, self._look_up, host, port)
        except OSError as error:
            raise Unavailable(f"{host} cannot be resolved: {error}") from error
        except UnicodeError as error:
            raise Refused(f"{host!r} is not the name of a host") from error
        addresses = tuple(dict.fromkeys(ip_address(text.partition("%")[0]) for text in found))
        if not addresses:
            raise Unavailable(f"{host} has no address")
        for address in addresses:
            if not permitted(address, allowed):
                raise Refused(f"{host} is at {address}, which is not a public address; see allow_private")
        return addresses

    async def connect(self, host: str, port: int) -> socket.socket:
        """A connected socket that does not block. Raises Refused or Unavailable."""
        last = Unavailable(f"{host} has no address")
        for address in await self.resolve(host, port):
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            made = socket.socket(family, socket.SOCK_STREAM)
            made.settimeout(0)
            try:
                async with asyncio.timeout(CONNECT_S):
                    await asyncio.get_running_loop().sock_connect(made, (str(address), port))
            except OSError as error:
                made.close()
                last = Unavailable(
                    f"{host}:{port} cannot be reached: {error.strerror or type(error).__name__}"
                )
            except BaseException:
                made.close()
                raise
            else:
                return made
        raise last
