"""gateway.toml, parsed once into frozen values; every error names file, line and key."""

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from coldchain.errors import ConfigError, InvalidInput
from coldchain_gateway.going_down import FileInputConfig, GoingDownConfig
from coldchain_gateway.local_alarm import LocalAlarmConfig
from coldchain_gateway.page import PageConfig
from coldchain_gateway.sources import SourceConfig, ports_of
from coldchain_gateway.uplink import TOKEN_FILE, Endpoint, Tls, WindowConfig
from coldchain_gateway.uplink.direct import InfluxConfig
from coldchain_runtime.documents import Duration, Size, load_toml

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MIN_SEAL_MS: Final = 200
MAX_SEAL_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySection:
    """Who the gateway is and where it keeps its things."""

    name: str
    organisation: str
    data_dir: Path = Path("data")
    seal_after: Duration = 10_000  # 30s for vehicles: fewer bytes over the air
    template_dirs: tuple[Path, ...] = ()
    outbox_cap: Size = 2_000_000_000
    free_space_floor: Size = 64_000_000
    keep_acknowledged: Duration = 7 * 86_400_000

    def __post_init__(self) -> None:
        for value in (self.name, self.organisation):
            if not _NAME.fullmatch(value):
                raise InvalidInput(f"{value!r} is not a name of letters, digits, '.', '_' and '-'")
        if not MIN_SEAL_MS <= self.seal_after <= MAX_SEAL_MS:
            raise InvalidInput("seal_after must lie between 200ms and 1h")
        if self.outbox_cap < 8_000_000:
            raise InvalidInput("outbox_cap must be at least 8MB")


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkSection:
    """Where the backend is."""

    url: str
    token_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None  # the client's, where a proxy before the backend asks for one
    key_file: Path | None = None
    window: WindowConfig | None = None  # None: always

    def __post_init__(self) -> None:
        Endpoint.parse(self.url)
        if self.key_file is not None and self.cert_file is None:
            raise InvalidInput("key_file needs its cert_file")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """The whole file."""

    gateway: GatewaySection
    uplink: UplinkSection | None = None  # None: a gateway on its own
    influxdb: InfluxConfig | None = None  # written to beside the backend
    local_alarm: LocalAlarmConfig = field(default_factory=LocalAlarmConfig)
    page: PageConfig | None = None  # None: no page
    going_down: tuple[GoingDownConfig, ...] = ()
    source: tuple[SourceConfig, ...] = ()

    def __post_init__(self) -> None:
        inputs = [one.name for one in self.going_down]
        for name in inputs:
            if inputs.count(name) > 1:
                raise InvalidInput(f"two going_down inputs are called {name!r}")
        names = [source.name for source in self.source]
        for name in names:
            if names.count(name) > 1:
                raise InvalidInput(f"two sources are called {name!r}")
        for port, users in ports_of(self.source).items():
            if len(users) > 1:
                raise InvalidInput(f"{' and '.join(users)} share the port {port}: it has one owner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration with its paths made absolute, relative to the folder the file is in."""

    config: GatewayConfig
    file: Path
    digest: str  # of the file's bytes: which configuration this is
    data_dir: Path
    token_file: Path
    tls: Tls
    template_dirs: tuple[Path, ...]

    @property
    def folder(self) -> Path:
        """What paths in the file are relative to."""
        return self.file.absolute().parent

    def influx_endpoint(self) -> Endpoint | None:
        """The InfluxDB beside the backend. Raises ConfigError for a file that is not there."""
        influx = self.config.influxdb
        return None if influx is None else Endpoint.parse(influx.url, _tls(self.file, "influxdb", influx))

    def endpoint(self) -> Endpoint | None:
        """The backend; None for a gateway on its own."""
        uplink = self.config.uplink
        return None if uplink is None else Endpoint.parse(uplink.url, self.tls)


def load(file: Path) -> Settings:
    """Read and check the file. Raises ConfigError with every mistake."""
    folder = file.absolute().parent
    config = _from_folder(load_toml(file, GatewayConfig), folder)
    data_dir = folder / config.gateway.data_dir
    uplink = config.uplink
    token_file = None if uplink is None else uplink.token_file
    settings = Settings(
        config=config,
        file=file,
        digest=hashlib.sha256(file.read_bytes()).hexdigest()[:12],
        data_dir=data_dir,
        token_file=data_dir / TOKEN_FILE if token_file is None else folder / token_file,
        tls=_tls(file, "uplink", uplink),
        template_dirs=tuple(folder / path for path in config.gateway.template_dirs),
    )
    settings.influx_endpoint()
    return settings


def _from_folder(config: GatewayConfig, folder: Path) -> GatewayConfig:
    alarm = config.local_alarm
    if alarm.watch_file is not None:
        alarm = replace(alarm, watch_file=folder / alarm.watch_file)
    inputs = tuple(
        replace(one, path=folder / one.path) if isinstance(one, FileInputConfig) else one
        for one in config.going_down
    )
    return replace(config, local_alarm=alarm, going_down=inputs)


def _tls(file: Path, section: str, values: UplinkSection | InfluxConfig | None) -> Tls:
    """Its files, which must be there. Raises ConfigError."""
    found: dict[str, Path | None] = {}
    for key in ("ca_file", "cert_file", "key_file"):
        name: Path | None = getattr(values, key, None)
        found[key] = path = None if name is None else file.absolute().parent / name
        if path is not None and not path.is_file():
            raise ConfigError(f"{path}: no such file", file=str(file), key=f"{section}.{key}")
    return Tls(found["ca_file"], found["cert_file"], found["key_file"])
