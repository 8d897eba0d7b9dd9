"""What a device on MQTT measured, and what it publishes of it."""

from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One measurement of a device called `name`; `counter` is the device's own message number."""

    name: str
    temperature_c: float
    humidity: float
    battery: int  # %
    signal: int
    counter: int
    time_ms: int  # UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One MQTT message."""

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """All that a device publishes of one measurement.

    `sensor` is the identity that its messages carry, `temperature_c` as they say it; the first message holds
    the temperature.
    """

    sensor: str
    temperature_c: float
    publications: tuple[Publication, ...]


def hardware_id(name: str, size: int) -> bytes:
    """Bytes of an address or serial number, the same for the same name."""
    return blake2b(name.encode(), digest_size=size).digest()
