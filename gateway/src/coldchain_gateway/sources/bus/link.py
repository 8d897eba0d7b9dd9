"""What carries a request to a unit and its answer back."""

from collections.abc import Sequence
from typing import Protocol

from coldchain.readings import Refusal
from coldchain_gateway.formats import Request


class Link(Protocol):
    """One wire to units. Only one request is under way at a time."""

    async def ask(self, request: Request, *, wait_s: float, frame_s: float) -> Sequence[int] | Refusal:
        """Registers or bits, or why there are none; waits so long for the first byte, and within a frame.

        Raises Unavailable when the wire is gone.
        """

    async def settle(self) -> None:
        """After no or a broken answer: wait until what comes late cannot meet the next question."""
