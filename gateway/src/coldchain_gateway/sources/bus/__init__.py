"""Units that are asked in turn: who is on a bus, whose turn it is, and the loop that asks."""

from .link import Link
from .polling import Poller
from .units import BusConfig, UnitConfig

__all__ = ["BusConfig", "Link", "Poller", "UnitConfig"]
