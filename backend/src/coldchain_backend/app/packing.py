"""The packer: closed segments of the ledger take a fifth of their room soon after they are closed."""

import asyncio
from pathlib import Path
from typing import Final

from coldchain.errors import IntegrityError
from coldchain_backend.ledger import pack_segment, packable
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

LOOK_S: Final = 60.0
_log = Log("ledger")


class Packer:
    """Looks every minute; what cannot be packed stays as it is and is tried again."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory, self._clock = directory, clock

    async def run(self) -> None:
        """Pack until cancelled."""
        while True:
            await self.turn()
            await self._clock.sleep(LOOK_S)

    async def turn(self) -> int:
        """Pack everything that is closed, oldest first; how many segments were."""
        packed = 0
        try:
            for segment in await asyncio.to_thread(packable, self._directory):
                before, now = await asyncio.to_thread(pack_segment, segment)
                packed += 1
                _log.event("ledger.packed", segment=segment.name, bytes=before, packed=now)
        except (OSError, IntegrityError) as error:
            _log.error("ledger.not_packed", reason=str(error))
        return packed
