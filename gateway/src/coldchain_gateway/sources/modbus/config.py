"""`kind = "modbus"`."""

from dataclasses import dataclass
from typing import Literal

from coldchain.errors import InvalidInput
from coldchain.readings import valid_sensor_id
from coldchain_runtime.documents import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitConfig:
    """One device on the bus."""

    address: int
    template: str
    sensor: str
    interval: Duration
    timeout: Duration | None = None  # default: the template's

    def __post_init__(self) -> None:
        if not 1 <= self.address <= 247:
            raise InvalidInput(f"address {self.address} is not between 1 and 247")
        if not valid_sensor_id(self.sensor):
            raise InvalidInput(f"{self.sensor!r} is not a sensor id")
        if self.interval < 200:
            raise InvalidInput("an interval below 200ms leaves the bus no rest")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusConfig:
    """One bus behind one port."""

    kind: Literal["modbus"]
    name: str
    port: str
    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    gap_ms: int = 20  # pause between two requests
    unit: tuple[UnitConfig, ...]

    def __post_init__(self) -> None:
        if not self.unit:
            raise InvalidInput("a bus needs at least one [[source.unit]]")
        addresses = [unit.address for unit in self.unit]
        if len(set(addresses)) != len(addresses):
            raise InvalidInput("two units share an address")
        if not 0 <= self.gap_ms <= 1000:
            raise InvalidInput("gap_ms must lie between 0 and 1000")
