"""`kind = "serial_line"`."""

from dataclasses import dataclass
from typing import Literal

from coldchain.errors import InvalidInput
from coldchain.readings import valid_sensor_id
from coldchain_runtime.documents import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialLineConfig:
    """A port on which a device prints lines by itself."""

    kind: Literal["serial_line"]
    name: str
    port: str
    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    format: Literal["json"] = "json"
    sensor: str | None = None  # where lines name no sensor
    interval: Duration | None = None  # how often a line is expected

    def __post_init__(self) -> None:
        if self.sensor is not None and not valid_sensor_id(self.sensor):
            raise InvalidInput(f"{self.sensor!r} is not a sensor id")
