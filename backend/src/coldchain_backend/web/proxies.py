"""Who really asks, behind proxies of one's own: read from the right, and of proxies that are named only.

Each proxy appends from whom it took a request. What stands to the left of the first that is not ours was
written by whoever asks, and says nothing. One header is read, the one that the proxies write: the other may
come from anybody.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from coldchain.errors import InvalidInput

Network = IPv4Network | IPv6Network
FORWARDED_FOR: Final = "x-forwarded-for"
FORWARDED: Final = "forwarded"
HEADERS: Final = (FORWARDED_FOR, FORWARDED)
MOST_HOPS: Final = 20
"""So many proxies, counted from ours, are looked at; further ones are nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One request as a proxy took it: from whom, and by which scheme, as far as it says so."""

    address: str = ""
    scheme: str = ""


def networks_of(written: Iterable[str]) -> tuple[Network, ...]:
    """Networks as people write them. Raises InvalidInput for what is none."""
    found = []
    for one in written:
        try:
            found.append(ip_network(one))
        except ValueError as error:
            raise InvalidInput(f"{one!r} is not a network such as 10.0.0.0/8: {error}") from error
    return tuple(found)


def asking(peer: str, hops: Sequence[Hop], trusted: Sequence[Network]) -> Hop:
    """Who asks: the first from the right that is none of our proxies; what cannot be read ends the search."""
    found = Hop(address=peer)
    for hop in list(reversed(hops))[:MOST_HOPS]:
        if not _among(found.address, trusted) or _plain(hop.address) is None:
            return found
        found = Hop(address=_plain(hop.address) or "", scheme=hop.scheme or found.scheme)
    return found


def hops_of(header: str, values: Sequence[str], protocols: Sequence[str] = ()) -> list[Hop]:
    """What proxies wrote, oldest first; `protocols` are the values of X-Forwarded-Proto."""
    if header == FORWARDED:
        return [_forwarded(one) for value in values for one in _split(value, ",")]
    addresses = [one.strip() for value in values for one in value.split(",")]
    schemes = [one.strip() for value in protocols for one in value.split(",")]
    last = schemes[-1] if schemes else ""
    return [
        Hop(address=one, scheme=last if index == len(addresses) - 1 else "")
        for index, one in enumerate(addresses)
    ]


def _forwarded(element: str) -> Hop:
    """One element of the header Forwarded (RFC 7239), such as `for="[2001:db8::1]:4711";proto=https`."""
    said: dict[str, str] = {}
    for pair in _split(element, ";"):
        name, _, value = pair.partition("=")
        said.setdefault(name.strip().lower(), value.strip().strip('"'))
    return Hop(address=said.get("for", ""), scheme=said.get("proto", "").lower())


def _split(text: str, at: str) -> Iterator[str]:
    """The parts of a text, which may be quoted."""
    part, quoted = "", False
    for letter in text:
        quoted ^= letter == '"'
        if letter == at and not quoted:
            yield part
            part = ""
        else:
            part += letter
    yield part


def _among(address: str, networks: Sequence[Network]) -> bool:
    plain = _plain(address)
    if plain is None:
        return False
    parsed = ip_address(plain)
    return any(parsed.version == one.version and parsed in one for one in networks)


def _plain(address: str) -> str | None:
    """An address without its port and brackets; None for what is none, such as `unknown`."""
    text = address.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(parsed if mapped is None else mapped)


class Proxies:
    """Gives each request the address of whoever asks, where all that counts or notes addresses reads it."""

    def __init__(self, app: ASGIApp, trusted: Sequence[Network], header: str = FORWARDED_FOR) -> None:
        self._app, self._trusted, self._header = app, trusted, header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on with the request as it was asked."""
        client = scope.get("client")
        if scope["type"] == "http" and client is not None and _among(client[0], self._trusted):
            scope = self._asked(scope, client)
        await self._app(scope, receive, send)

    def _asked(self, scope: Scope, client: tuple[str, int]) -> Scope:
        hops = hops_of(self._header, _values(scope, self._header), _values(scope, "x-forwarded-proto"))
        found = asking(client[0], hops, self._trusted)
        port = client[1] if found.address == client[0] else 0
        scheme = found.scheme if found.scheme in {"http", "https"} else scope["scheme"]
        return {**scope, "client": (found.address, port), "scheme": scheme}


def _values(scope: Scope, name: str) -> list[str]:
    wanted = name.encode()
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == wanted]
