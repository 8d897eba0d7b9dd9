"""An intake that remembers when its source last gave it something, be it a reading or a refusal."""

from collections.abc import Callable, Mapping

from coldchain.readings import Refusal, Value
from coldchain_gateway.contracts import Acquired, Intake
from coldchain_runtime.clock import Clock


class LivelyIntake:
    """Implements `contracts.Intake` for one source."""

    def __init__(self, intake: Intake, clock: Clock) -> None:
        self._intake = intake
        self._clock = clock
        self.alive_ns = clock.monotonic_ns()

    def alive(self) -> None:
        """It has shown itself now."""
        self.alive_ns = self._clock.monotonic_ns()

    async def take(self, acquired: Acquired) -> None:
        self.alive()
        await self._intake.take(acquired)

    def offer(self, *acquired: Acquired, more: bool = False) -> None:
        self.alive()
        self._intake.offer(*acquired, more=more)

    def begin(self) -> None:
        self._intake.begin()

    def refuse(self, source: str, refusal: Refusal) -> None:
        self.alive()
        self._intake.refuse(source, refusal)

    def forget(self, session: str, done: Callable[[], None]) -> None:
        self._intake.forget(session, done)

    def note(
        self,
        measurement: str,
        tags: Mapping[str, str],
        fields: Mapping[str, Value | str],
        *,
        urgent: bool = False,
    ) -> None:
        self._intake.note(measurement, tags, fields, urgent=urgent)
