"""What ingest notices and tells: clones, foreign keys, two gateways under one name."""

from typing import Final

from coldchain.errors import Unavailable
from coldchain_backend.ledger import Ledger, MarkName, mark_record

TOLD_AT_MOST: Final = 1000


class Conditions:
    """Marks each condition once a process, so that a flood of them stays one alert each."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._told: set[tuple[MarkName, str]] = set()
        self._wrote: dict[str, list[str]] = {}

    async def tell(self, mark: MarkName, cause: str, gateway: str) -> None:
        """Write the mark; a full ledger is no reason to refuse what it is about."""
        if (mark, cause) in self._told or len(self._told) >= TOLD_AT_MOST:
            return
        self._told.add((mark, cause))
        try:
            await self._ledger.append([mark_record(mark, {"gateway": gateway, "cause": cause})])
        except Unavailable:
            self._told.discard((mark, cause))

    async def wrote(self, writer: str, key: str) -> None:
        """A key wrote under a name. Told if it did so before and another one did in between."""
        keys = self._wrote.setdefault(writer, [])
        if keys and keys[-1] == key:
            return
        again = key in keys
        self._wrote[writer] = [*(one for one in keys if one != key), key]
        if again:
            await self.tell(MarkName.TWO_GATEWAYS, writer, writer)
