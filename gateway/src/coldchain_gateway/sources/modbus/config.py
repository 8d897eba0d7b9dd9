"""`kind = "modbus"`."""

from dataclasses import dataclass
from typing import Literal

from coldchain.errors import InvalidInput
from coldchain_gateway.sources.bus import BusConfig
from coldchain_gateway.sources.port_settings import Direction, PortSettings
from coldchain_runtime.documents import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusConfig(BusConfig):
    """One bus behind one port.

    The port is listened to for `listen` before the first request. Where somebody else speaks, nothing is sent
    until it has been quiet for `listen_again`. `listen = "0s"` says that the line is known to be ours alone.
    `direction`: who turns the transceiver from hearing to speaking.
    """

    kind: Literal["modbus"]
    port: str
    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    direction: Direction = "auto"
    direction_before: Duration = 0
    direction_after: Duration = 0
    listen: Duration = 3_000
    listen_again: Duration = 60_000

    def __post_init__(self) -> None:
        BusConfig.__post_init__(self)
        for unit in self.unit:
            if not 1 <= unit.address <= 247:
                raise InvalidInput(f"address {unit.address} is not between 1 and 247")
        if not 0 <= self.listen <= 600_000 or not 1_000 <= self.listen_again <= 86_400_000:
            raise InvalidInput("listen must lie between 0s and 10m, listen_again between 1s and 1d")
        self.settings()

    def settings(self) -> PortSettings:
        """How the port is opened. Raises InvalidInput."""
        return PortSettings(
            port=self.port,
            baud=self.baud,
            parity=self.parity,
            stop_bits=self.stop_bits,
            direction=self.direction,
            before_ms=self.direction_before,
            after_ms=self.direction_after,
        )
