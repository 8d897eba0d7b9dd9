"""Ground truth: one line for every reading that really left its device, and one for every event."""

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import IO, Self

TRUTH_FILE = "truth.jsonl"
EVENTS_FILE = "events.jsonl"


class Transport(StrEnum):
    """The wires that readings leave on."""

    SERIAL = "serial"
    MODBUS = "modbus"
    MQTT = "mqtt"
    ONEWIRE = "onewire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One reading as it was given out: (sensor, counter) names it, `time_ms` is the real time."""

    transport: Transport
    sensor: str
    counter: int
    temperature: float
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event of the scenario, for programs that act with it."""

    time_ms: int
    event: str
    where: str


@dataclass(slots=True)
class TruthLog:
    """Appends to `truth.jsonl` and `events.jsonl` in one folder; each line reaches the system at once."""

    directory: Path
    counts: dict[Transport, int] = field(init=False)
    _truth: IO[str] = field(init=False)
    _events: IO[str] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = dict.fromkeys(Transport, 0)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._truth = (self.directory / TRUTH_FILE).open("a", encoding="utf-8", buffering=1)
        self._events = (self.directory / EVENTS_FILE).open("a", encoding="utf-8", buffering=1)

    def given(self, reading: Given) -> None:
        """A reading left its device and was taken by the other side."""
        self.counts[reading.transport] += 1
        self._truth.write(json.dumps(asdict(reading), ensure_ascii=False) + "\n")

    def happened(self, event: Happened) -> None:
        """The scenario did something."""
        self._events.write(json.dumps(asdict(event), ensure_ascii=False) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._truth.close()
        self._events.close()
