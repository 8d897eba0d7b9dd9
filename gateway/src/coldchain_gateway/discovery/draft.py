"""A configuration drafted from what was found. What nobody can know is left to a person, as a comment."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from coldchain_gateway.sources.line_language import LineLanguage
from coldchain_runtime.documents import duration_text

from .findings import BrokerFound, BusFound, Findings, HeardSensor, LineFound, PortFound, PortState, UnitFound
from .serial import sensor_of_port

Picks = Mapping[tuple[str, int], str]
"""Which register map a person chose for a unit: (port, address) → template."""

USUAL_MS: Final = 30_000


@dataclass(slots=True, kw_only=True)
class Draft:
    """Writes the configuration; every source has a name of its own."""

    name: str
    organisation: str
    picks: Picks = field(default_factory=dict)
    intervals: Mapping[str, int] = field(default_factory=dict)  # ms, by register map
    _names: set[str] = field(default_factory=set)

    def text(self, findings: Findings) -> str:
        """The whole file. What devices said stands in it as comments, so no line of theirs may end one."""
        return "\n".join(_one_line(line) for line in self._lines(findings)) + "\n"

    def _lines(self, findings: Findings) -> Iterator[str]:
        yield "# Drafted by `coldchain-gateway discover` from what it found. Check names and intervals, then"
        yield "# `coldchain-gateway check`, and `probe --watch`: warm a probe and see which one moves."
        yield "[gateway]"
        yield f"name = {quoted(self.name)}"
        yield f"organisation = {quoted(self.organisation)}"
        for port in findings.ports:
            yield from self._port(port)
        for broker in findings.brokers:
            yield from self._broker(broker)
        for bus in findings.buses:
            yield from self._bus(bus)

    def _port(self, port: PortFound) -> Iterator[str]:
        if port.state is PortState.LINES and port.line is not None:
            yield from self._line(port, port.line)
        elif port.state is PortState.UNITS:
            yield from self._units(port)
        else:
            yield ""
            yield f"# {port.port}: {port.state.value}. {port.why}".rstrip()
            for line in port.line.lines if port.line is not None else ():
                yield f"#   {line}"

    def _line(self, port: PortFound, line: LineFound) -> Iterator[str]:
        yield from self._source("serial_line", sensor_of_port(port.port))
        yield from self._settings(port)
        yield from language_lines(line.language or LineLanguage())
        slowest = [sensor.interval_ms for sensor in line.sensors if sensor.interval_ms is not None]
        if slowest:
            yield f"interval = {quoted(duration_text(max(slowest)))} # as heard"
        yield from heard_comments(line.sensors)

    def _units(self, port: PortFound) -> Iterator[str]:
        name = sensor_of_port(port.port)
        picked = [unit for unit in port.units if (port.port, unit.address) in self.picks]
        if not picked:
            yield ""
            yield f"# {port.port}: units answer; choose a register map for one by its display, then take"
            yield "# the # away"
        mark = "" if picked else "# "
        kind = "modbus" if port.settings is not None else "modbus_tcp"
        for text in [*self._source(kind, name), *self._settings(port)]:
            yield mark + text if text else text
        for unit in port.units:
            yield from self._unit(port, unit, name)

    def _unit(self, port: PortFound, unit: UnitFound, name: str) -> Iterator[str]:
        template = self.picks.get((port.port, unit.address))
        mark = "" if template else "# "
        yield ""
        yield f"{mark}[[source.unit]]"
        yield f"{mark}address = {unit.address}"
        if template:
            yield f"template = {quoted(template)}"
        for candidate in unit.candidates:
            if not template:
                told = values_text(candidate.sensors)
                yield f"# template = {quoted(candidate.template)} # {candidate.confidence}: {told}"
        yield f"{mark}sensor = {quoted(f'{name}-{unit.address}')}"
        if template:
            yield f"interval = {quoted(duration_text(self.intervals.get(template, USUAL_MS)))}"
            yield "line_changed = true # it answers at these line settings"

    def _settings(self, port: PortFound) -> Iterator[str]:
        settings = port.settings
        if settings is None:
            host, _, number = port.port.rpartition(":")
            yield f"host = {quoted(host)}"
            yield f"port = {number}"
            return
        yield f"port = {quoted(settings.port)}"
        yield f"baud = {settings.baud}"
        yield f"parity = {quoted(settings.parity)}"
        yield f"stop_bits = {settings.stop_bits}"

    def _broker(self, broker: BrokerFound) -> Iterator[str]:
        if not broker.subscriptions:
            yield ""
            why = broker.why or "nothing that a family knows was published"
            yield f"# {broker.host}:{broker.port}: {why}"
            return
        yield from self._source("mqtt", f"broker-{sensor_of_port(broker.host)}")
        yield f"host = {quoted(broker.host)}"
        yield f"port = {broker.port}"
        yield from heard_comments(broker.sensors)
        for topic in broker.unknown:
            yield f"# not known, a mapping could read it: {topic}"
        for found in broker.subscriptions:
            yield ""
            yield "[[source.subscription]]"
            yield f"topic = {quoted(found.topic)}"
            yield f"format = {quoted(found.family)}"
            for key, value in found.settings.items():
                yield f"{key} = {quoted(value)}"
            for key in found.needs:
                yield f"# {key} = … (nobody but you can know it)"

    def _bus(self, bus: BusFound) -> Iterator[str]:
        if bus.why or not (bus.sensors or bus.faulty):
            yield ""
            yield f"# {bus.root}: {bus.why or 'no probes'}"
            return
        yield from self._source("onewire", "probes")
        yield f"root = {quoted(str(Path(bus.root).absolute()))}"
        for sensor in bus.sensors:
            yield ""
            yield f"[[source.probe]] # {values_text({'': sensor.values})}"
            yield f"id = {quoted(sensor.sensor)}"
            yield f"sensor = {quoted(sensor.sensor)}"
        for probe, why in bus.faulty.items():
            yield f"# {probe}: {why}"

    def _source(self, kind: str, name: str) -> Iterator[str]:
        unique, number = name, 1
        while unique in self._names:
            number += 1
            unique = f"{name}-{number}"
        self._names.add(unique)
        yield ""
        yield "[[source]]"
        yield f"kind = {quoted(kind)}"
        yield f"name = {quoted(unique)}"


def language_lines(language: LineLanguage) -> Iterator[str]:
    """The keys by which lines are read."""
    yield f"format = {quoted(language.format)}"
    if language.sensor is not None:
        yield f"sensor = {quoted(language.sensor)}"
    if language.csv is not None:
        yield f"csv.columns = {json.dumps(list(language.csv.columns), ensure_ascii=False)}"
        yield f"csv.separator = {quoted(language.csv.separator)}"
    if language.regex is not None:
        yield f"regex.pattern = {quoted(language.regex.pattern)}"


def heard_comments(sensors: tuple[HeardSensor, ...]) -> Iterator[str]:
    """What was heard of each sensor, and how often."""
    for sensor in sensors:
        every = "once" if sensor.interval_ms is None else f"every {duration_text(sensor.interval_ms)}"
        yield f"# {sensor.sensor}: {values_text({'': sensor.values})}, heard {every}"


def values_text(sensors: Mapping[str, Mapping[str, object]]) -> str:
    """`temperature -18.5, humidity 62.0; 2: temperature 4.0`."""
    told = []
    for sensor, values in sensors.items():
        said = ", ".join(f"{name} {value}" for name, value in values.items())
        told.append(f"{sensor}: {said}" if sensor else said)
    return "; ".join(told)


def quoted(text: str) -> str:
    """A TOML text."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def write_draft(path: Path, text: str) -> None:
    """Write it where there is no file yet. Raises FileExistsError."""
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
