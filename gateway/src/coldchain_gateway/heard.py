"""Which sensors a gateway hears, written down now and then, for whoever declares the fleet."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coldchain_gateway.local_alarm import Heard
from coldchain_runtime.clock import Clock
from coldchain_runtime.durable import write_file_atomic
from coldchain_runtime.logs import Log

HEARD_FILE: Final = "heard.json"
FIRST_AFTER_S: Final = 60.0
EVERY_S: Final = 1_800.0
MOST_SENSORS: Final = 1_000
log = Log("gateway.heard")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSensor:
    """A sensor's name and the time between its last two tellings; None if it told once."""

    sensor: str
    interval_ms: int | None


def write_heard(data_dir: Path, latest: Mapping[str, Heard]) -> None:
    """Raises OSError."""
    sensors = {name: heard.interval_ms for name, heard in sorted(latest.items())[:MOST_SENSORS]}
    write_file_atomic(data_dir / HEARD_FILE, json.dumps(sensors, ensure_ascii=False).encode() + b"\n")


def read_heard(data_dir: Path) -> tuple[HeardSensor, ...]:
    """What was heard last; nothing where it was never written or is damaged."""
    try:
        found = json.loads((data_dir / HEARD_FILE).read_bytes())
        return tuple(
            HeardSensor(sensor=str(name), interval_ms=None if gap is None else int(gap))
            for name, gap in found.items()
        )
    except (OSError, ValueError, TypeError, AttributeError, OverflowError):
        return ()


class HeardLoop:
    """Writes it a minute after the start and then twice an hour; `run` is supervised."""

    def __init__(self, clock: Clock, data_dir: Path, latest: Callable[[], Mapping[str, Heard]]) -> None:
        self._clock = clock
        self._data_dir = data_dir
        self._latest = latest

    async def run(self) -> None:
        """Until cancelled."""
        await self._clock.sleep(FIRST_AFTER_S)
        while True:
            try:
                write_heard(self._data_dir, self._latest())
            except OSError as error:
                log.warning("heard.not_written", reason=str(error))
            await self._clock.sleep(EVERY_S)
