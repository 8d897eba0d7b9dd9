"""How often each sensor is expected to speak: declared, from its template or family, or not known here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from coldchain_gateway.formats import MQTT_FAMILIES, mqtt_family
from coldchain_gateway.templates import load_template

from .bus import BusConfig
from .mqtt.config import MqttConfig
from .onewire.config import OnewireConfig
from .serial_line.config import SerialLineConfig


class Origin(StrEnum):
    """Who says how often."""

    DECLARED = "declared"
    TEMPLATE = "template"
    FAMILY = "family"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One sensor of a source; sensor "" is any that the source names itself. `note`: what an installer should
    know of it, such as how sure its register map is."""

    source: str
    sensor: str
    interval_ms: int
    origin: Origin
    note: str = ""


def expected_of(config: object, template_dirs: Sequence[Path]) -> Iterator[Expected]:
    """The sensors of one source of which it is known. Raises ConfigError for a template that is not there."""
    if isinstance(config, BusConfig):
        yield from _of_bus(config, template_dirs)
    elif isinstance(config, OnewireConfig):
        for sensor in [*(probe.sensor for probe in config.probe), ""]:
            yield Expected(
                source=config.name, sensor=sensor, interval_ms=config.interval, origin=Origin.DECLARED
            )
    elif isinstance(config, SerialLineConfig) and config.interval is not None:
        yield Expected(
            source=config.name,
            sensor=config.sensor or "",
            interval_ms=config.interval,
            origin=Origin.DECLARED,
        )
    elif isinstance(config, MqttConfig):
        yield from _of_families(config)


def _of_bus(config: BusConfig, template_dirs: Sequence[Path]) -> Iterator[Expected]:
    for unit in config.unit:
        template = load_template(unit.template, template_dirs)
        note = f"{template.name}, {template.confidence}"
        if template.controller_probe:
            note += ", a controller's own probe"
        for probe in dict.fromkeys(register.probe for register in template.register):
            yield Expected(
                source=config.name,
                sensor=f"{unit.sensor}.{probe}" if probe else unit.sensor,
                interval_ms=template.interval if unit.interval is None else unit.interval,
                origin=Origin.TEMPLATE if unit.interval is None else Origin.DECLARED,
                note=note,
            )


def _of_families(config: MqttConfig) -> Iterator[Expected]:
    for subscription in config.subscription:
        family = mqtt_family(subscription.format) if subscription.format in MQTT_FAMILIES else None
        if family is not None and family.interval_s is not None:
            yield Expected(
                source=config.name,
                sensor="",
                interval_ms=1000 * family.interval_s,
                origin=Origin.FAMILY,
                note=subscription.format,
            )
