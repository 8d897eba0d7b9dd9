"""Which units stand on a bus, by which register map, and how often each is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coldchain.errors import ConfigError
from coldchain_gateway.formats import Block, Template, blocks_of
from coldchain_gateway.formats.modbus_template import Words
from coldchain_gateway.templates import load_template

from .config import BusConfig, UnitConfig


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
