"""What was found on the wires of a machine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import Final

from coldchain.readings import Value
from coldchain_gateway.contracts import Sample
from coldchain_gateway.sources.line_language import LineLanguage
from coldchain_gateway.sources.port_settings import PortSettings

# Intervals as people set them, ms.
USUAL_MS: Final = tuple(
    1000 * seconds
    for seconds in (1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 14400)
)
MOST_SENSORS: Final = 2_000
MOST_RAW: Final = 200
# One strange sign in so many letters, or fewer: it is text.
MOSTLY: Final = 4


class PortState(StrEnum):
    """What became of a serial port."""

    MISSING = "missing"
    UNOPENED = "unopened"  # nobody named it
    HELD = "held"  # another process has it; it was not opened
    LINES = "lines"  # a device prints lines that can be read
    UNREAD = "unread"  # something speaks that is not understood; nothing was sent
    OCCUPIED = "occupied"  # another Modbus master speaks; nothing was sent
    UNITS = "units"  # Modbus units answered
    SILENT = "silent"  # nobody speaks, nobody answers
    LISTENED = "listened"  # nobody speaks; nothing was sent, as asked


@dataclass(slots=True, kw_only=True)
class HeardSensor:
    """One sensor as it was heard; `raw` is the last thing it said, `times_ms` when it spoke."""

    sensor: str
    values: dict[str, Value] = field(default_factory=dict)
    raw: str = ""
    times_ms: list[int] = field(default_factory=list)

    @property
    def interval_ms(self) -> int | None:
        """A proposal: the usual interval that its pauses fit; None if it was heard once."""
        times = sorted(set(self.times_ms))
        gaps = [after - before for before, after in pairwise(times)]
        return proposed_interval_ms(gaps)


def proposed_interval_ms(gaps_ms: Sequence[int]) -> int | None:
    """The least usual interval that holds the typical gap and a tenth more; None without a gap."""
    if not gaps_ms:
        return None
    typical = median(gaps_ms)
    return next((usual for usual in USUAL_MS if typical <= usual * 1.1), round(typical))


def shown_bytes(raw: bytes) -> str:
    """What a device said, at most `MOST_RAW` bytes of it, for a terminal: text with the ends of its lines as
    bars and what has no sign escaped; bytes that are not mostly text as hexadecimal numbers."""
    some = raw[:MOST_RAW]
    text = some.decode("utf-8", "backslashreplace").strip(" \t\r\n")
    text = text.replace("\r\n", "\n").replace("\n", " | ")
    strange = sum(not letter.isprintable() for letter in text) + text.count("\\x")
    if strange * MOSTLY > len(text):
        return some.hex(" ")
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


class Hearing:
    """Gathers samples into sensors, at most `MOST_SENSORS`."""

    def __init__(self) -> None:
        self.sensors: dict[str, HeardSensor] = {}

    def hear(self, samples: Iterable[Sample], raw: bytes, at_ms: int) -> None:
        """Take what one message said."""
        for sample in samples:
            heard = self.sensors.get(sample.sensor)
            if heard is None:
                if len(self.sensors) >= MOST_SENSORS:
                    continue
                heard = self.sensors[sample.sensor] = HeardSensor(sensor=sample.sensor)
            heard.values |= sample.values
            heard.raw = shown_bytes(raw)
            heard.times_ms.append(at_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFound:
    """A device that prints lines, and how they are read; format "" where nobody can guess it."""

    format: str
    sensors: tuple[HeardSensor, ...]
    lines: tuple[str, ...]  # some of them, as they came
    language: LineLanguage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What a register map makes of a unit: to be compared with the device's display, never picked."""

    template: str
    title: str
    confidence: str
    raw: str
    sensors: Mapping[str, Mapping[str, Value]]  # "" is the unit itself, "2" its probe 2
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFound:
    """A unit that answered."""

    address: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortFound:
    """One serial port, or the socket of a Modbus TCP device (`port` is HOST:PORT, `settings` None)."""

    port: str
    state: PortState
    why: str = ""
    settings: PortSettings | None = None
    line: LineFound | None = None
    units: tuple[UnitFound, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What to subscribe to."""

    family: str
    topic: str
    settings: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFound:
    """What was published while it was listened to."""

    host: str
    port: int
    subscriptions: tuple[Subscription, ...] = ()
    sensors: tuple[HeardSensor, ...] = ()
    unknown: tuple[str, ...] = ()  # topics that no family knows
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusFound:
    """The probes on the machine's 1-Wire buses."""

    root: str
    sensors: tuple[HeardSensor, ...] = ()
    faulty: Mapping[str, str] = field(default_factory=dict)  # probe → why it gives no reading
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything."""

    ports: tuple[PortFound, ...] = ()
    brokers: tuple[BrokerFound, ...] = ()
    buses: tuple[BusFound, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether a sensor was found."""
        return any(
            [(port.line is not None and port.line.sensors) or port.units for port in self.ports]
            + [broker.sensors for broker in self.brokers]
            + [bus.sensors for bus in self.buses]
        )
