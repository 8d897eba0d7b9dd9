"""Findings for people."""

from collections.abc import Iterator

from .draft import heard_comments, values_text
from .findings import Findings, PortFound, UnitFound


def shown(findings: Findings) -> Iterator[str]:
    """All of it, line by line."""
    for port in findings.ports:
        yield from port_lines(port)
    for broker in findings.brokers:
        yield f"broker {broker.host}:{broker.port}  {broker.why}".rstrip()
        yield from (comment.replace("# ", "  ", 1) for comment in heard_comments(broker.sensors))
        yield from (f"  {found.topic}: {found.family}" for found in broker.subscriptions)
        yield from (f"  not known: {topic}" for topic in broker.unknown)
    for bus in findings.buses:
        yield f"1-Wire {bus.root}  {bus.why}".rstrip()
        for sensor in bus.sensors:
            yield f"  {sensor.sensor}: {values_text({'': sensor.values})}  raw {sensor.raw}"
        yield from (f"  {probe}: {why}" for probe, why in bus.faulty.items())


def port_lines(port: PortFound) -> Iterator[str]:
    """One port, and what speaks there."""
    at = f" at {port.settings.told}" if port.settings is not None else ""
    yield f"port {port.port}{at}: {port.state.value}  {port.why}".rstrip()
    if port.line is not None:
        yield from (f"  | {line}" for line in port.line.lines)
        yield from (comment.replace("# ", "  ", 1) for comment in heard_comments(port.line.sensors))
        if not port.line.sensors:
            yield "  nothing explains these lines yet: say --columns or --pattern, which fits a whole line"
    for unit in port.units:
        yield from unit_lines(unit)


def unit_lines(unit: UnitFound) -> Iterator[str]:
    """A unit with all that it could be."""
    yield f"  unit {unit.address} answers; compare with its display, none of these is picked for you:"
    if not unit.candidates:
        yield "    no register map fits; write one of your own (see the modbus README)"
    for candidate in unit.candidates:
        yield f"    {candidate.template} ({candidate.confidence}): {candidate.title}"
        yield f"      decoded  {values_text(candidate.sensors)}"
        yield f"      raw      {candidate.raw}"
        if candidate.refused:
            yield f"      refused  {'; '.join(candidate.refused)}"
