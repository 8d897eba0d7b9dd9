"""One serial port: is it free, who speaks on it, and, where nobody does and it may be, who answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from coldchain.errors import Unavailable
from coldchain_gateway.formats import Template
from coldchain_gateway.formats.modbus_traffic import foreign_frame
from coldchain_gateway.sources.line_language import LineLanguage
from coldchain_gateway.sources.modbus.listening import verdict
from coldchain_gateway.sources.modbus.source import LineOccupied, RtuLink
from coldchain_gateway.sources.port_settings import PortSettings
from coldchain_gateway.sources.serial_port import SerialPort
from coldchain_runtime.clock import Clock

from .findings import PortFound, PortState
from .lines import LineListener, read_lines
from .ports import holders, lasting_name
from .units import Scan

# Speeds at which devices print, most usual first.
PRINT_BAUDS: Final = (9600, 115200, 19200, 38400, 57600, 4800)
# Settings with which Modbus devices leave the factory, most usual first.
BUS_SETTINGS: Final = (
    PortSettings(port="-", baud=9600, parity="N", stop_bits=1),
    PortSettings(port="-", baud=19200, parity="N", stop_bits=2),
    PortSettings(port="-", baud=19200, parity="E", stop_bits=1),
    PortSettings(port="-", baud=9600, parity="E", stop_bits=1),
    PortSettings(port="-", baud=19200, parity="N", stop_bits=1),
)
MOST_KEPT: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class PortPlan:
    """What may be done with a port."""

    port: str
    settings: tuple[PortSettings, ...]
    listen_s: float
    addresses: Sequence[int]
    templates: Sequence[Template]
    may_ask: bool
    told: Sequence[LineLanguage] = ()


class PortSearch:
    """Looks at one port; `tell` hears what goes on."""

    def __init__(self, plan: PortPlan, clock: Clock, tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._clock = clock
        self._tell = tell

    async def look(self) -> PortFound:
        """What the port is good for. Never raises for what a port can do."""
        port = self._plan.port
        if not Path(port).exists():  # noqa: ASYNC240 - a look at /dev does not block
            return PortFound(port=port, state=PortState.MISSING, why="no such port")
        held = holders(port)
        if held:
            return PortFound(port=port, state=PortState.HELD, why=f"open in {', '.join(held)}; not touched")
        try:
            heard = await self._listened()
            if heard is not None or not self._plan.may_ask:
                return heard or PortFound(port=port, state=PortState.LISTENED, why="nobody speaks by itself")
            return await self._asked()
        except LineOccupied as error:
            return PortFound(port=port, state=PortState.OCCUPIED, why=str(error))
        except Unavailable as error:
            return PortFound(port=port, state=PortState.HELD, why=str(error))

    async def _listened(self) -> PortFound | None:
        """Who speaks on it by itself; None where nobody does."""
        unread: PortFound | None = None
        for number, settings in enumerate(self._plan.settings):
            self._tell(f"listening at {settings.baud} baud")
            listener = LineListener(self._clock)
            heard = await self._hear(settings, listener)
            frame = foreign_frame(heard)
            if frame is not None:
                return self._found(PortState.OCCUPIED, settings, why=verdict(heard))
            line = read_lines(listener.lines, name=self._sensor_name(), told=self._plan.told)
            if line is not None:
                state = PortState.LINES if line.sensors else PortState.UNREAD
                found = replace(self._found(state, settings), line=line)
                if line.sensors:
                    return found
                unread = unread if unread is not None and unread.line is not None else found
            elif verdict(heard) and unread is None:
                unread = self._found(PortState.UNREAD, settings, why=verdict(heard))
            elif not heard and number == 0:
                return None  # silent at one speed is silent at all
        return unread

    async def _hear(self, settings: PortSettings, listener: LineListener) -> bytes:
        heard = b""
        async with SerialPort(settings) as port:
            end_ns = self._clock.monotonic_ns() + round(self._plan.listen_s * 1e9)
            while (left_ns := end_ns - self._clock.monotonic_ns()) > 0 and len(heard) < MOST_KEPT:
                data = await port.read_within(left_ns / 1e9)
                listener.hear(data)
                heard += data
        return heard

    async def _asked(self) -> PortFound:
        given = self._plan.settings
        for line in given if len(given) == 1 else BUS_SETTINGS:
            settings = replace(line, port=self._plan.port)
            self._tell(f"asking at {settings.told}")
            async with SerialPort(settings) as port:
                scan = Scan(RtuLink(port), self._clock)
                units = await scan.units(self._plan.addresses, self._plan.templates, self._tell)
            if units:
                return replace(self._found(PortState.UNITS, settings), units=units)
        return self._found(PortState.SILENT, self._plan.settings[0], why="nobody speaks, no unit answers")

    def _found(self, state: PortState, settings: PortSettings, why: str = "") -> PortFound:
        lasting = lasting_name(self._plan.port)
        return PortFound(port=lasting, state=state, settings=replace(settings, port=lasting), why=why)

    def _sensor_name(self) -> str:
        return sensor_of_port(self._plan.port)


def sensor_of_port(port: str) -> str:
    """What a sensor that has no name is called after its port."""
    name = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in Path(port).name)
    return name.removeprefix("tty-").strip("-._")[:64] or "sensor"
