"""`kind = "modbus"`."""

from dataclasses import dataclass
from typing import Literal

from coldchain.errors import InvalidInput
from coldchain.readings import valid_sensor_id
from coldchain_gateway.sources.port_settings import PortSettings
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
        if self.timeout is not None and not 10 <= self.timeout <= 10_000:
            raise InvalidInput("timeout must lie between 10ms and 10s")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusConfig:
    """One bus behind one port. A unit that fails `failures` times in a row is asked only every `retry`."""

    kind: Literal["modbus"]
    name: str
    port: str
    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    gap_ms: int = 20  # pause between two requests
    failures: int = 2
    retry: Duration = 60_000
    unit: tuple[UnitConfig, ...]

    def __post_init__(self) -> None:
        if not self.unit:
            raise InvalidInput("a bus needs at least one [[source.unit]]")
        addresses = [unit.address for unit in self.unit]
        if len(set(addresses)) != len(addresses):
            raise InvalidInput("two units share an address")
        sensors = [unit.sensor for unit in self.unit]
        if len(set(sensors)) != len(sensors):
            raise InvalidInput("two units are called the same sensor")
        if not 0 <= self.gap_ms <= 1000:
            raise InvalidInput("gap_ms must lie between 0 and 1000")
        if not 1 <= self.failures <= 1000 or not 1_000 <= self.retry <= 86_400_000:
            raise InvalidInput("failures must lie between 1 and 1000, retry between 1s and 1d")
        self.settings()

    def settings(self) -> PortSettings:
        """How the port is opened. Raises InvalidInput."""
        return PortSettings(port=self.port, baud=self.baud, parity=self.parity, stop_bits=self.stop_bits)
