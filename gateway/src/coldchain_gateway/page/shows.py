"""What the page is made of."""

from collections.abc import Callable
from dataclasses import dataclass

from coldchain_gateway.health import Health
from coldchain_gateway.local_alarm import Board


@dataclass(frozen=True, slots=True, kw_only=True)
class Shows:
    """What the page shows, and the one thing it does: `hush(minutes, by)`."""

    board: Callable[[], Board]
    health: Callable[[], Health]
    hush: Callable[[int, str], int]
