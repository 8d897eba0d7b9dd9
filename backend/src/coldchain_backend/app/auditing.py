"""The auditor at work: on a timetable it looks whether all that goes on was told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from coldchain.errors import Unavailable
from coldchain_backend.alerts import Stated
from coldchain_backend.judging import Answers
from coldchain_backend.ledger import Json, MarkName
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

LOOK_S: Final = 60.0
MOST_NAMED: Final = 5
_log = Log("auditor")


class Auditor:
    """Looks every minute; what is found is one alert until it is over. `mark` writes a service mark."""

    def __init__(
        self,
        answers: Answers,
        clock: Clock,
        mark: Callable[[MarkName, dict[str, Json]], Awaitable[None]],
    ) -> None:
        self._answers, self._clock, self._mark = answers, clock, mark
        self._told: bool | None = None

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._clock.sleep(LOOK_S)
            await self.turn()

    async def turn(self) -> None:
        """Look once; the first look after a start also ends what was found before it."""
        found = await asyncio.to_thread(self._answers.audit)
        untold = [one.alert for one in found if one.stated is Stated.UNEXPLAINED]
        if bool(untold) is self._told:
            return
        if untold:
            _log.error("auditor.untold", alerts=len(untold), first=untold[0])
        name = MarkName.UNTOLD if untold else MarkName.ALL_TOLD
        said: dict[str, Json] = (
            {"count": len(untold), "alerts": " ".join(untold[:MOST_NAMED])} if untold else {}
        )
        try:
            await self._mark(name, said)
        except Unavailable as error:
            _log.error("auditor.not_told", reason=str(error))
            return
        self._told = bool(untold)
