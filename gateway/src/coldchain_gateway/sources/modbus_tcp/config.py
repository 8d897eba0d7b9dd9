"""`kind = "modbus_tcp"`."""

from dataclasses import dataclass
from typing import Literal

from coldchain.errors import InvalidInput
from coldchain_gateway.sources.bus import BusConfig
from coldchain_runtime.documents import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusTcpConfig(BusConfig):
    """Units behind one address: a device with a network socket, or a converter with a bus behind it."""

    kind: Literal["modbus_tcp"]
    host: str
    port: int = 502
    connect_timeout: Duration = 5_000

    def __post_init__(self) -> None:
        BusConfig.__post_init__(self)
        if not self.host or not 1 <= self.port <= 65_535:
            raise InvalidInput(f"{self.host}:{self.port} is no network address")
        if not 100 <= self.connect_timeout <= 60_000:
            raise InvalidInput("connect_timeout must lie between 100ms and 1m")
