"""The guard before the wire: no webhook goes to private, loopback or link-local addresses unless allowed."""

import asyncio
import socket
from collections.abc import Sequence
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


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks that are allowed although they are private. Raises InvalidInput for what is none."""
    try:
        return tuple(ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        raise InvalidInput(f"not a network: {error}") from error


def permitted(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether a webhook may go to an address."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped is not None:
        address = mapped
    if any(address.version == network.version and address in network for network in allowed):
        return True
    if isinstance(address, IPv6Address) and any(address in network for network in EMBEDDING):
        return False
    return address.is_global and not address.is_multicast


async def resolve(host: str, port: int, allowed: Sequence[Network]) -> Address:
    """The address to connect to, after looking at every one that the name has.

    Raises Refused if any is not permitted, Unavailable if the name has none.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unavailable(f"{host} cannot be resolved: {error}") from error
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses:
        raise Unavailable(f"{host} has no address")
    for address in addresses:
        if not permitted(address, allowed):
            raise Refused(f"{host} is at {address}, which is not a public address; see allow_private")
    return addresses[0]
