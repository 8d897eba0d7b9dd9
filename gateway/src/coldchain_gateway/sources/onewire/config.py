"""`kind = "onewire"`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from coldchain.errors import InvalidInput
from coldchain.readings import valid_sensor_id
from coldchain_gateway.formats.ds18b20 import FAMILIES
from coldchain_runtime.documents import Duration

PROBE_ID: Final = re.compile(r"([0-9a-f]{2})-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeConfig:
    """A probe that has a name. `id` as the kernel writes it: `28-0316a2794a7f`."""

    id: str
    sensor: str

    def __post_init__(self) -> None:
        found = PROBE_ID.fullmatch(self.id)
        if found is None or found[1] not in FAMILIES:
            raise InvalidInput(f"{self.id!r} is no probe: wanted 28-0316a2794a7f, family {_families()}")
        if not valid_sensor_id(self.sensor):
            raise InvalidInput(f"{self.sensor!r} is not a sensor id")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnewireConfig:
    """All probes of the machine's 1-Wire buses, read one after the other every `interval`.

    Those without a name are read under their id, or with `others = "ignore"` not at all. `bulk`: all probes
    of a bus convert at once, where the kernel can.
    """

    kind: Literal["onewire"]
    name: str
    root: Path = Path("/sys/bus/w1/devices")
    interval: Duration = 30_000
    bulk: Literal["auto", "off"] = "auto"
    others: Literal["read", "ignore"] = "read"
    probe: tuple[ProbeConfig, ...] = ()

    def __post_init__(self) -> None:
        if not 100 <= self.interval <= 86_400_000:
            raise InvalidInput("interval must lie between 100ms and 1d")
        for values in ([one.id for one in self.probe], [one.sensor for one in self.probe]):
            if len(set(values)) != len(values):
                raise InvalidInput("two probes share an id or a sensor")


def _families() -> str:
    return ", ".join(sorted(FAMILIES))
