"""A scenario: a site (spaces and the devices in them) and what happens when, read from YAML."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from pathlib import Path

from coldchain_runtime.documents import load_yaml
from coldchain_sim.devices import MQTT_DEVICES
from coldchain_sim.devices.modbus_maps import UNIT_KINDS
from coldchain_sim.devices.serial_lines import LINE_KINDS
from coldchain_sim.physics import ChamberSpec, ProbeSpec

PROBE_ID = re.compile(r"28-[0-9a-f]{12}")


class ScenarioError(ValueError):
    """The scenario names something that its site does not have; the message says what and where."""


class Event(StrEnum):
    """What can happen. The simulator acts on spaces and lines; uplink events are told to whoever listens."""

    DOOR_OPENS = "door_opens"
    DOOR_CLOSES = "door_closes"
    COMPRESSOR_FAILS = "compressor_fails"
    COMPRESSOR_REPAIRED = "compressor_repaired"
    LINE_UNPLUGGED = "line_unplugged"
    LINE_PLUGGED = "line_plugged"
    DEVICE_DIES = "device_dies"
    DEVICE_REVIVES = "device_revives"
    SECOND_MASTER_COMES = "second_master_comes"
    SECOND_MASTER_GOES = "second_master_goes"
    UPLINK_LOST = "uplink_lost"
    UPLINK_BACK = "uplink_back"


ABOUT_CHAMBERS = frozenset(
    {Event.DOOR_OPENS, Event.DOOR_CLOSES, Event.COMPRESSOR_FAILS, Event.COMPRESSOR_REPAIRED}
)
ABOUT_LINES = frozenset({Event.LINE_UNPLUGGED, Event.LINE_PLUGGED})
ABOUT_BUSES = frozenset({Event.SECOND_MASTER_COMES, Event.SECOND_MASTER_GOES})
ABOUT_DEVICES = frozenset({Event.DEVICE_DIES, Event.DEVICE_REVIVES})


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedChamber:
    """A space and what it is made of."""

    name: str
    made_of: ChamberSpec = field(default_factory=ChamberSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorSpec:
    """A device that speaks by itself every `every_s` real seconds; `copies` > 1 numbers them from 1."""

    sensor: str
    chamber: str
    every_s: float = 2.0
    copies: int = 1
    humidity: float = 70.0
    probe: ProbeSpec = field(default_factory=ProbeSpec)
    family: str = "zigbee2mqtt"  # of a device on MQTT: how it speaks
    prints: str = "json"  # of a device on a line: json, csv, words or nmea

    def names(self) -> list[str]:
        """The identities of all copies."""
        if self.copies == 1:
            return [self.sensor]
        return [f"{self.sensor}-{number}" for number in range(1, self.copies + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSpec:
    """A Modbus unit, which answers when asked."""

    address: int
    sensor: str
    chamber: str
    humidity: float = 70.0
    kind: str = "transmitter"  # whose register map it has
    probe: ProbeSpec = field(default_factory=lambda: ProbeSpec(resolution_c=0.1))


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSpec:
    """A serial port on which boards print lines."""

    name: str
    sensors: tuple[SensorSpec, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BusSpec:
    """A serial port with Modbus units on it."""

    name: str
    units: tuple[UnitSpec, ...]
    second_master: bool = False  # somebody else asks here from the start


@dataclass(frozen=True, slots=True, kw_only=True)
class OnewireSpec:
    """A DS18B20; `sensor` is its id as the kernel writes it, `28-0316a2794a7f`."""

    sensor: str
    chamber: str
    every_s: float = 1.0
    probe: ProbeSpec = field(default_factory=ProbeSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Spaces and devices; `bridge` is what speaks on MQTT, each in the words of its family."""

    chambers: tuple[NamedChamber, ...]
    starts_at_hour: float = 14.0
    lines: tuple[LineSpec, ...] = ()
    buses: tuple[BusSpec, ...] = ()
    onewire: tuple[OnewireSpec, ...] = ()
    bridge: tuple[SensorSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One event at this simulated minute."""

    at_min: float
    event: Event
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What a scenario file says; `site` names a file in `sites/` beside it."""

    sentence: str
    site: str
    speed: float = 20.0
    timeline: tuple[Moment, ...] = ()


def shipped() -> Path:
    """The folder of the scenarios that come with the simulator."""
    return Path(str(resources.files("coldchain_sim") / "scenarios"))


def shipped_names() -> list[str]:
    """The scenarios that come with the simulator."""
    return sorted(path.stem for path in shipped().glob("*.yaml"))


def load(name_or_path: str) -> tuple[Scenario, Site]:
    """A shipped scenario by name, or any file by path.

    ScenarioError: no such scenario, or it names what the site lacks. ConfigError: file, line and key.
    """
    path = Path(name_or_path)
    if path.suffix != ".yaml":
        path = shipped() / f"{name_or_path}.yaml"
    if not path.is_file():
        raise ScenarioError(
            f"no scenario {name_or_path!r}; there are: {', '.join(shipped_names())}, or give a .yaml file"
        )
    scenario = load_yaml(path, Scenario)
    site = load_yaml(path.parent / "sites" / f"{scenario.site}.yaml", Site)
    for problem in problems(scenario, site):
        raise ScenarioError(f"{path}: {problem}")
    return scenario, site


def problems(scenario: Scenario, site: Site) -> Iterator[str]:
    """Everything that does not fit together, one sentence each."""
    if scenario.speed <= 0:
        yield "speed must be above 0"
    yield from _timeline_problems(scenario, site)
    yield from _device_problems(site)
    yield from _wire_problems(site)
    for bus in site.buses:
        yield from _bus_problems(bus)


def _timeline_problems(scenario: Scenario, site: Site) -> Iterator[str]:
    chambers = {chamber.name for chamber in site.chambers}
    lines = {line.name for line in site.lines} | {bus.name for bus in site.buses}
    for moment in scenario.timeline:
        if moment.event in ABOUT_CHAMBERS and moment.where not in chambers:
            yield f"{moment.event}: no space {moment.where!r}"
        if moment.event in ABOUT_LINES and moment.where not in lines:
            yield f"{moment.event}: no line {moment.where!r}"
        if moment.event in ABOUT_BUSES and moment.where not in {bus.name for bus in site.buses}:
            yield f"{moment.event}: no bus {moment.where!r}"
        if moment.event in ABOUT_DEVICES and moment.where not in _mortal(site):
            yield f"{moment.event}: no unit or probe {moment.where!r}"


def _mortal(site: Site) -> set[str]:
    return {unit.sensor for bus in site.buses for unit in bus.units} | {one.sensor for one in site.onewire}


def _device_problems(site: Site) -> Iterator[str]:
    chambers = {chamber.name for chamber in site.chambers}
    speakers = [*(sensor for line in site.lines for sensor in line.sensors), *site.bridge]
    units = [unit for bus in site.buses for unit in bus.units]
    for speaker in speakers:
        if speaker.family not in MQTT_DEVICES:
            yield f"{speaker.sensor}: no family {speaker.family!r}; there are: {', '.join(MQTT_DEVICES)}"
        if speaker.every_s <= 0 or speaker.copies < 1:
            yield f"{speaker.sensor}: every_s must be above 0 and copies at least 1"
    hung = [(one.sensor, one.chamber) for one in speakers]
    hung += [(one.sensor, one.chamber) for one in units]
    hung += [(one.sensor, one.chamber) for one in site.onewire]
    for sensor, chamber in hung:
        if chamber not in chambers:
            yield f"{sensor}: no space {chamber!r}"
    names = Counter([name for one in speakers for name in one.names()])
    names.update([unit.sensor for unit in units] + [probe.sensor for probe in site.onewire])
    for name, times in names.items():
        if times > 1:
            yield f"sensor {name!r} stands here {times} times"


def _wire_problems(site: Site) -> Iterator[str]:
    for sensor in (sensor for line in site.lines for sensor in line.sensors):
        if sensor.prints not in LINE_KINDS:
            yield f"{sensor.sensor}: prints {sensor.prints!r}, none of {', '.join(LINE_KINDS)}"
    for probe in site.onewire:
        if not PROBE_ID.fullmatch(probe.sensor) or probe.every_s <= 0:
            yield f"{probe.sensor}: no id as 28-0316a2794a7f, or every_s is not above 0"


def _bus_problems(bus: BusSpec) -> Iterator[str]:
    for unit in bus.units:
        if unit.kind not in UNIT_KINDS:
            yield f"{unit.sensor}: kind {unit.kind!r}, none of {', '.join(UNIT_KINDS)}"
    addresses = [unit.address for unit in bus.units]
    for address in addresses:
        if not 1 <= address <= 247:
            yield f"{bus.name}: unit address {address} is not in 1..247"
    if len(set(addresses)) != len(addresses):
        yield f"{bus.name}: two units have one address"
