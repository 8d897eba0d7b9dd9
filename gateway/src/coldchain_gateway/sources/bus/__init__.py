"""Units that are asked in turn: who stands on a bus, whose turn it is, and the loop that asks over a wire.

Only what a configuration says of it is loaded here: a gateway without a bus needs no more.
"""

from .config import BusConfig, UnitConfig

__all__ = ["BusConfig", "UnitConfig"]
