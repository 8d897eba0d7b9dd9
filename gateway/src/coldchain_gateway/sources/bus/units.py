"""Which units stand on a bus, by which register map, and how often each is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coldchain.errors import ConfigError, InvalidInput
from coldchain.readings import valid_sensor_id
from coldchain_gateway.formats import Block, Template, blocks_of
from coldchain_gateway.formats.modbus_template import Words
from coldchain_gateway.templates import load_template
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A device with its map and the requests that read it."""

    config: UnitConfig
    template: Template
    blocks: tuple[Block, ...]

    @property
    def interval_ms(self) -> int:
        """How often it is asked."""
        interval = self.config.interval
        return self.template.interval if interval is None else interval

    @property
    def timeout_s(self) -> float:
        """How long to wait for the first byte of its answer."""
        timeout = self.config.timeout
        return (self.template.response_timeout if timeout is None else timeout) / 1000


def units_of(config: BusConfig, template_dirs: Sequence[Path]) -> dict[int, Unit]:
    """The units by address. Raises ConfigError for a template that is not there or is wrong."""
    units = {}
    for number, unit in enumerate(config.unit):
        try:
            template = load_template(unit.template, template_dirs)
        except ConfigError as error:
            if error.file:
                raise
            raise ConfigError(error.message, key=f"unit[{number}].template") from error
        units[unit.address] = Unit(config=unit, template=template, blocks=blocks_of(template))
    return units


def raw_text(words: Words) -> bytes:
    """Registers as people write them down: `4:1=0131 4:2=0222`."""
    return " ".join(
        f"{function}:{address}={word:04x}" for (function, address), word in words.items()
    ).encode()


def check_one_line(name: str, units: Sequence[Unit]) -> None:
    """Devices that leave the factory with different line settings do not hear each other on one port.

    Raises ConfigError naming them.
    """
    by_line: dict[str, list[str]] = {}
    for unit in units:
        if unit.template.line is not None and not unit.config.line_changed:
            by_line.setdefault(str(unit.template.line), []).append(
                f"{unit.config.sensor} ({unit.template.name})"
            )
    if len(by_line) > 1:
        told = "; ".join(f"{line}: {', '.join(who)}" for line, who in by_line.items())
        raise ConfigError(
            f"{name}: units with different default line settings on one port ({told}). Set them alike, and "
            "say `line_changed = true` at those you changed",
            key="unit",
        )
