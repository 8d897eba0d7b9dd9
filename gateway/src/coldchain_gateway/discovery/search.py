"""What is to be looked at, and the looking, all wires at once."""

import argparse
import asyncio
import os
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from coldchain.errors import InvalidInput, Unavailable
from coldchain_gateway.formats import CsvLines, Options, RegexLines, Template
from coldchain_gateway.sources.line_language import LineLanguage
from coldchain_gateway.sources.modbus_tcp.source import TcpLink
from coldchain_gateway.sources.port_settings import PortSettings
from coldchain_runtime.clock import Clock, SystemClock
from coldchain_runtime.documents import meant
from coldchain_runtime.secrets import resolve

from .broker import BrokerPlan, listen_to_broker
from .findings import BusFound, Findings, PortFound, PortState
from .onewire import find_probes
from .ports import holders, known_ports, lasting_name
from .serial import PRINT_BAUDS, PortPlan, PortSearch, sensor_of_port
from .units import Scan, all_templates

TCP_S: Final = 5.0
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that is looked at."""

    ports: tuple[PortPlan, ...]
    unopened: tuple[PortFound, ...]  # not named, so only told of
    tcp: tuple[tuple[str, int], ...]
    brokers: tuple[BrokerPlan, ...]
    onewire: Path
    addresses: Sequence[int]
    templates: Sequence[Template]
    picks: Mapping[tuple[str, int], str] = field(default_factory=dict)


def ask_ports(named: Sequence[str], ask: Callable[[str], bool] | None, tell: Tell) -> list[str]:
    """The ports that may be opened: the named ones, or of all there are those that a person confirms."""
    if named or ask is None:
        return list(named)
    tell("serial ports; each is listened to first, and asked only if nobody speaks")
    return [port for port in known_ports() if not holders(port) and ask(f"use {port}?")]


def plan_of(arguments: argparse.Namespace, ports: Sequence[str]) -> Plan:
    """Raises InvalidInput for what cannot be meant, ConfigError for a register map that is wrong."""
    addresses = _addresses(arguments.units)
    told = _languages(arguments)
    for port in told.keys() - set(ports):
        raise InvalidInput(f"--columns or --pattern tells of {port}: name it by --port too")
    Options(time_zone=arguments.time_zone).zone()  # a wrong one is told before anybody listens
    for folder in arguments.templates:
        if not folder.is_dir():
            raise InvalidInput(f"--templates {folder}: no such folder")
    templates = all_templates(arguments.templates)
    bauds = PRINT_BAUDS if arguments.baud is None else (arguments.baud,)
    plans = tuple(
        PortPlan(
            port=port,
            settings=tuple(
                PortSettings(port=port, baud=baud, parity=arguments.parity, stop_bits=arguments.stop_bits)
                for baud in bauds
            ),
            listen_s=arguments.listen_s,
            addresses=addresses,
            templates=templates,
            may_ask=not arguments.listen_only,
            told=told.get(port, ()),
        )
        for port in ports
    )
    return Plan(
        ports=plans,
        unopened=tuple(_unopened(ports)),
        tcp=tuple(_host_port(text, 502) for text in arguments.modbus_tcp),
        brokers=tuple(_broker(arguments, text) for text in arguments.mqtt),
        onewire=arguments.onewire,
        addresses=addresses,
        templates=templates,
        picks=_picks(arguments, {template.name for template in templates}),
    )


def search(plan: Plan, tell: Tell) -> Findings:
    """Look at everything, all wires at once."""
    return asyncio.run(_search(plan, SystemClock(), tell))


async def _search(plan: Plan, clock: Clock, tell: Tell) -> Findings:
    ports, brokers, bus = await asyncio.gather(
        asyncio.gather(
            *(PortSearch(port, clock, _at(port.port, tell)).look() for port in plan.ports),
            *(_look_at_socket(plan, host, port, clock, tell) for host, port in plan.tcp),
        ),
        asyncio.gather(
            *(asyncio.to_thread(listen_to_broker, broker, clock, tell) for broker in plan.brokers)
        ),
        find_probes(plan.onewire, clock),
    )
    buses: tuple[BusFound, ...] = () if bus.why and plan.ports else (bus,)
    return Findings(ports=(*ports, *plan.unopened), brokers=tuple(brokers), buses=buses)


async def _look_at_socket(plan: Plan, host: str, port: int, clock: Clock, tell: Tell) -> PortFound:
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout(TCP_S):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        return PortFound(port=where, state=PortState.MISSING, why=str(error) or "no answer")
    try:
        scan = Scan(TcpLink(reader, writer, where), clock)
        units = await scan.units(plan.addresses, plan.templates, _at(where, tell))
    except Unavailable as error:
        return PortFound(port=where, state=PortState.SILENT, why=str(error))
    finally:
        writer.close()
    state = PortState.UNITS if units else PortState.SILENT
    return PortFound(port=where, state=state, units=units, why="" if units else "no unit answers")


def _at(where: str, tell: Tell) -> Tell:
    return lambda text: tell(f"{where}: {text}")


def _unopened(named: Sequence[str]) -> list[PortFound]:
    """Ports that nobody named: told of, with who has them, and not opened."""
    known = {os.path.realpath(port) for port in named}
    found = []
    for port in known_ports():
        if os.path.realpath(port) not in known:
            held = holders(port)
            state = PortState.HELD if held else PortState.UNOPENED
            why = f"open in {', '.join(held)}" if held else "name it by --port"
            found.append(PortFound(port=port, state=state, why=why))
    return found


def _addresses(text: str) -> range:
    first, _, last = text.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        raise InvalidInput(f"--units {text}: this is not FROM-TO")
    found = range(int(first), int(last or first) + 1)
    if not found or found[0] < 1 or found[-1] > 247:
        raise InvalidInput(f"--units {text}: Modbus addresses are 1 to 247, the lower first")
    return found


def _host_port(text: str, usual: int) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon:
        return text, usual
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise InvalidInput(f"{text!r} is not HOST:PORT")
    return host, int(port)


def _broker(arguments: argparse.Namespace, text: str) -> BrokerPlan:
    host, port = _host_port(text, 1883)
    plan = BrokerPlan(
        host=host,
        port=port,
        listen_s=arguments.listen_s,
        username=arguments.mqtt_user,
        time_zone=arguments.time_zone,
    )
    if arguments.mqtt_password is None:
        return plan
    return replace(plan, password=resolve(arguments.mqtt_password, Path()).reveal())


def _picks(arguments: argparse.Namespace, known: Set[str]) -> dict[tuple[str, int], str]:
    """The register maps that a person chose, by the names under which ports and sockets are found."""
    sockets = {}
    for text in arguments.modbus_tcp:
        host, port = _host_port(text, 502)
        sockets[text] = sockets[f"{host}:{port}"] = f"{host}:{port}"
    picks = {}
    for text in arguments.unit:
        place, _, template = text.partition("=")
        name, _, address = place.rpartition(":")
        if not name or not address.isdecimal() or not template:
            raise InvalidInput(f"--unit {text}: this is not PORT:ADDRESS=TEMPLATE")
        if template not in known:
            near = meant(template, sorted(known)) or f"; there are: {', '.join(sorted(known))}"
            raise InvalidInput(f"--unit {text}: no template {template!r}{near}")
        picks[sockets.get(name) or lasting_name(name), int(address)] = template
    return picks


def _languages(arguments: argparse.Namespace) -> dict[str, tuple[LineLanguage, ...]]:
    """How a person says that the lines of a port are to be read."""
    told: dict[str, tuple[LineLanguage, ...]] = {}
    for text in arguments.columns:
        port, columns = _port_and("--columns", text)
        lines = CsvLines(columns=tuple(columns.split(",")))
        told[port] = (LineLanguage(format="csv", csv=lines, sensor=_unless_named(port, columns)),)
    for text in arguments.pattern:
        port, pattern = _port_and("--pattern", text)
        lines_of = RegexLines(pattern=pattern)
        sensor = _unless_named(port, ",".join(lines_of.slots()))
        told[port] = (LineLanguage(format="regex", regex=lines_of, sensor=sensor),)
    return told


def _port_and(option: str, text: str) -> tuple[str, str]:
    port, _, said = text.partition("=")
    if not port or not said:
        raise InvalidInput(f"{option} {text}: this is not PORT=…")
    return port, said


def _unless_named(port: str, names: str) -> str | None:
    return None if "sensor" in names.split(",") else sensor_of_port(port)
