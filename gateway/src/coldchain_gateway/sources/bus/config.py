"""What every bus of units is told: who stands on it, how often and how patiently each is asked."""

from dataclasses import dataclass

from coldchain.errors import InvalidInput
from coldchain.readings import valid_sensor_id
from coldchain_runtime.documents import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitConfig:
    """One device on the bus. `line_changed`: it was set to the bus's line settings by hand, so those that its
    template names do not count."""

    address: int
    template: str
    sensor: str
    interval: Duration | None = None  # default: the template's
    timeout: Duration | None = None  # default: the template's
    line_changed: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.address <= 255:
            raise InvalidInput(f"address {self.address} is not between 0 and 255")
        if not valid_sensor_id(self.sensor):
            raise InvalidInput(f"{self.sensor!r} is not a sensor id")
        if self.interval is not None and self.interval < 200:
            raise InvalidInput("an interval below 200ms leaves the bus no rest")
        if self.timeout is not None and not 10 <= self.timeout <= 10_000:
            raise InvalidInput("timeout must lie between 10ms and 10s")


@dataclass(frozen=True, slots=True, kw_only=True)
class BusConfig:
    """What every bus has. A unit that fails `failures` times in a row is asked only every `retry`."""

    name: str
    gap_ms: int = 20  # rest between two requests
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
