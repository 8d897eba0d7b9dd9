"""What lasts is told by a mark in the ledger, and that it is over: of the mirror, of followed stores."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, Protocol

from coldchain.errors import Unavailable
from coldchain_backend.ledger import Json, MarkName
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

LOOK_S: Final = 10.0
PATIENCE_MS: Final = 300_000
"""So long may a trouble last before it is told."""
_log = Log("conditions")


class Watched(Protocol):
    """`trouble` names the condition in which nothing goes on, since `since_ms`; that one has patience."""

    @property
    def trouble(self) -> str | None: ...

    @property
    def since_ms(self) -> int: ...

    @property
    def settled(self) -> bool:
        """Whether it is known by now which conditions go on and which do not."""
        ...

    def conditions(self) -> Mapping[str, str]:
        """What goes on, by a lasting name, in words."""
        ...


class ConditionWatch:
    """`told` are the conditions that are told; `marks` begins and ends one; `about` stands in each mark."""

    def __init__(  # noqa: PLR0913 - it stands between four parts
        self,
        watched: Watched,
        clock: Clock,
        mark: Callable[[MarkName, dict[str, Json]], Awaitable[None]],
        *,
        names: Collection[str],
        marks: tuple[MarkName, MarkName],
        about: Mapping[str, Json] | None = None,
    ) -> None:
        self._watched, self._clock, self._mark = watched, clock, mark
        self._names, self._marks, self._about = frozenset(names), marks, dict(about or {})
        self._told: set[str] = set()
        self._swept = False

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Tell what lasts, and what is over; once after a start all that an earlier process may have told."""
        lasting = self._lasting()
        settled = self._watched.settled
        over = self._told - lasting.keys()
        if settled and not self._swept:
            over |= self._names - lasting.keys()
        begins, ends = self._marks
        try:
            for name in sorted(lasting.keys() - self._told):
                await self._mark(begins, {**self._about, "trouble": name, "reason": lasting[name][:300]})
                self._told.add(name)
            for name in sorted(over):
                await self._mark(ends, {**self._about, "trouble": name})
                self._told.discard(name)
        except Unavailable as error:
            _log.error("conditions.not_told", reason=str(error))
            return
        self._swept = self._swept or settled

    def _lasting(self) -> dict[str, str]:
        watched = self._watched
        lasting = {name: words for name, words in watched.conditions().items() if name in self._names}
        if watched.trouble is not None and self._clock.now_ms() - watched.since_ms < PATIENCE_MS:
            lasting.pop(watched.trouble, None)
        return lasting
