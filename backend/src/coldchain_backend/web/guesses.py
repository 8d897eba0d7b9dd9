"""Slows down whoever guesses what is short enough to be guessed."""

from typing import Final

WITHIN_MS: Final = 60_000
MAX_ADDRESSES: Final = 10_000


class Guesses:
    """So many wrong ones a minute from one address, and so many from all together."""

    def __init__(self, *, each: int, all_together: int) -> None:
        self._each, self._all_together = each, all_together
        self._by_address: dict[str, list[int]] = {}
        self._times: list[int] = []

    def too_many(self, address: str, now_ms: int) -> bool:
        """Whether nothing more from this address is looked at now."""
        self._times = _lately(self._times, now_ms)
        own = _lately(self._by_address.get(address, []), now_ms)
        return len(own) >= self._each or len(self._times) >= self._all_together

    def count(self, address: str, now_ms: int) -> None:
        """One was wrong."""
        if len(self._by_address) >= MAX_ADDRESSES:
            self._by_address.clear()
        self._times = [*_lately(self._times, now_ms), now_ms]
        self._by_address[address] = [*_lately(self._by_address.get(address, []), now_ms), now_ms]


def _lately(times: list[int], now_ms: int) -> list[int]:
    return [time for time in times if now_ms - time < WITHIN_MS]
