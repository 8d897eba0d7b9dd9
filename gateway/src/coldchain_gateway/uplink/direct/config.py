"""`[influxdb]`: a server that is written to beside the backend."""

from dataclasses import dataclass
from pathlib import Path

from coldchain.errors import InvalidInput
from coldchain_gateway.uplink.connection import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxConfig:
    """InfluxDB 2, or what speaks its write call; the token needs the right to write into the bucket."""

    url: str
    org: str
    bucket: str
    token_file: Path
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        Endpoint.parse(self.url)
        if not self.org or not self.bucket:
            raise InvalidInput("org and bucket must be named")
