"""What is known of the running server, gathered for those who watch it."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from coldchain.errors import Unavailable
from coldchain_backend.judging import Answers, Progress
from coldchain_backend.ledger import FileLedger
from coldchain_backend.web.vitals import Facts, Part, parts_of
from coldchain_runtime.clock import Clock


class Vitals:
    """Call it outside the event loop: it reads the ledger and the database.

    `held`: the file that keeps deliveries back after a restore.
    """

    def __init__(self, *, clock: Clock, ledger: FileLedger, answers: Answers, held: Path) -> None:
        self._clock, self._ledger, self._answers, self._held = clock, ledger, answers, held
        self._started_ms = clock.now_ms()
        self._courier_ms: int | None = None
        self._progress = Progress()

    def at_each_round(self, news: Callable[[int], Awaitable[int]]) -> Callable[[int], Awaitable[int]]:
        """The same news for the courier, who asks for it each time it has come round."""

        async def heard(after: int) -> int:
            self._courier_ms = self._clock.now_ms()
            return await news(after)

        return heard

    def __call__(self) -> Sequence[Part]:
        lost, end = self._look(), self._ledger.end
        progress = self._progress
        newest = self._ledger.read(max(end - 1, 0), 1)
        return parts_of(
            Facts(
                now_ms=self._clock.now_ms(),
                started_ms=self._started_ms,
                newest_ms=newest[0].received_ms if newest else self._started_ms,
                full=self._ledger.full,
                behind=max(end - progress.offset, 0),
                judged_ms=progress.stamp_ms,
                courier_ms=self._courier_ms,
                held=self._held.exists(),
                lost=lost,
            )
        )

    def _look(self) -> str:
        """Note how far judging is; why it cannot be asked, where its state cannot be reached."""
        try:
            self._progress = self._answers.progress()
        except Unavailable as error:
            return str(error)
        return ""
