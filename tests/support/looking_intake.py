"""An intake that only remembers what it was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coldchain.readings import Refusal, Value
from coldchain_gateway.contracts import Acquired


class LookingIntake:
    """Implements `contracts.Intake`."""

    def __init__(self) -> None:
        self.taken: list[Acquired] = []
        self.refused: list[tuple[str, Refusal]] = []

    async def take(self, acquired: Acquired) -> None:
        self.taken.append(acquired)

    def offer(self, *acquired: Acquired, more: bool = False) -> None:
        self.taken.extend(acquired)

    def begin(self) -> None:
        pass

    def refuse(self, source: str, refusal: Refusal) -> None:
        self.refused.append((source, refusal))

    def forget(self, session: str, done: Callable[[], None]) -> None:
        done()

    def note(
        self,
        measurement: str,
        tags: Mapping[str, str],
        fields: Mapping[str, Value | str],
        *,
        urgent: bool = False,
    ) -> None:
        pass
