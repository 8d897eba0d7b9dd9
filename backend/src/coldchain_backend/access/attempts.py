"""How often somebody may fail: so many times within a while, per account or per address; bounded memory."""

from collections import OrderedDict
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Final

MAX_KEYS: Final = 10_000


@dataclass(slots=True, kw_only=True)
class Attempts:
    """Failures by key; asked with the present, ms. Not for several threads.

    limit       so many failures within `within_ms` are borne; after that nothing is tried until one is older
    max_keys    the key that failed longest ago is forgotten for a new one
    forgotten   how many were
    """

    limit: int
    within_ms: int
    max_keys: int = MAX_KEYS
    forgotten: int = field(default=0, init=False)
    _failed: OrderedDict[str, list[int]] = field(default_factory=OrderedDict, init=False, repr=False)

    def wait_ms(self, key: str, now_ms: int) -> int:
        """How long until this key may try again; 0: now."""
        times = self._recent(key, now_ms)
        return times[-self.limit] + self.within_ms - now_ms if len(times) >= self.limit else 0

    def failed(self, key: str, now_ms: int) -> None:
        """One failure more."""
        self._failed[key] = [*self._recent(key, now_ms), now_ms][-self.limit :]
        self._failed.move_to_end(key)
        if len(self._failed) > self.max_keys:
            self._failed.popitem(last=False)
            self.forgotten += 1

    def forget(self, key: str) -> None:
        """The key was right: its failures count no more."""
        self._failed.pop(key, None)

    def __len__(self) -> int:
        return len(self._failed)

    def _recent(self, key: str, now_ms: int) -> list[int]:
        """Failures that still count; a clock that was set back makes none of them last longer."""
        return [one for one in self._failed.get(key, ()) if 0 <= now_ms - one < self.within_ms]


def network_of(address: str) -> str:
    """What counts as one address: an IPv6 host has a whole /64 to choose from."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped is not None else f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)
