"""backend.toml, parsed once into frozen values; every error names file, line and key."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coldchain.errors import InvalidInput
from coldchain_backend.influx import StoreSection
from coldchain_backend.ingest.follow import FollowSection
from coldchain_runtime.documents import Duration, load_toml
from coldchain_runtime.secrets import resolve

if TYPE_CHECKING:
    from coldchain_backend.sql import Place

LONGEST_SCHEMA: Final = 48
"""PostgreSQL cuts names at 63 bytes, and a schema may have others beside it that are named after it."""
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
MAX_BEATS: Final = 200
MAX_FOLLOWED: Final = 20
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendSection:
    """Whose backend it is, where it keeps its things and where it listens.

    public_url        how people's browsers reach it; stands in login links and alerts
    trusted_proxies   networks of proxies of one's own before it: who asks is read from what they write
    proxy_header      what they write: "x-forwarded-for" or "forwarded" (RFC 7239); the other is not read
    """

    organisation: str
    data_dir: Path = Path("data")
    listen: str = "127.0.0.1:8080"
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ()
    proxy_header: str = "x-forwarded-for"

    def __post_init__(self) -> None:
        for network in self.trusted_proxies:
            _check_network("trusted_proxies", network)
        if self.proxy_header not in ("x-forwarded-for", "forwarded"):
            raise InvalidInput('proxy_header is "x-forwarded-for" or "forwarded"')
        if not _NAME.fullmatch(self.organisation):
            raise InvalidInput(f"{self.organisation!r} is not a name of letters, digits, '.', '_' and '-'")
        host, colon, port = self.listen.rpartition(":")
        if not (host and colon and port.isdecimal() and int(port) < 65_536):
            raise InvalidInput(f"listen must be HOST:PORT, not {self.listen!r}")
        if self.public_url and not self.public_url.startswith(("http://", "https://")):
            raise InvalidInput("public_url must begin with http:// or https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySection:
    """What leaves this server for receivers.

    allow_private   networks that webhooks, mail servers and brokers may be in although they are not public
    overdue_after   a critical alert that has not arrived for so long is told to somebody else
    apprise         whether plugins of the apprise library may make connections, which nothing guards
    """

    allow_private: tuple[str, ...] = ()
    overdue_after: Duration = 300_000
    apprise: bool = False

    def __post_init__(self) -> None:
        for network in self.allow_private:
            _check_network("allow_private", network)


def _check_network(key: str, network: str) -> None:
    """Raises InvalidInput for what is no network."""
    try:
        ip_network(network)
    except ValueError as error:
        raise InvalidInput(f"{key}: {network!r} is not a network") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointsSection:
    """`folder`: where a copy of every day's checkpoint is put, best on another machine."""

    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSection:
    """A backup every day.

    folder       where it is put, best on another machine
    passphrase   that opens it, by reference: file:PATH or env:NAME
    at           time of day, UTC
    keep         so many sets stay; segments of the ledger stay for good
    test_days    every so many days the newest is restored into a folder that is deleted again
    """

    folder: Path
    passphrase: str
    at: str = "02:30"
    keep: int = 30
    test_days: int = 7

    def __post_init__(self) -> None:
        if not _TIME.fullmatch(self.at):
            raise InvalidInput(f"at must be a time of day such as 02:30, not {self.at!r}")
        if self.keep < 1 or self.test_days < 1:
            raise InvalidInput("keep and test_days are at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSection:
    """`retention_days`: how long evidence must be kept; without it nothing is ever let go (`expire`)."""

    retention_days: int | None = None

    def __post_init__(self) -> None:
        if self.retention_days is not None and self.retention_days < 365:
            raise InvalidInput("retention_days is at least 365")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSection:
    """The state on a PostgreSQL server instead of in a file.

    url      postgresql://USER:PASSWORD@HOST/DATABASE, by reference: file:PATH or env:NAME
    schema   where its tables are; default: coldchain_ and the organisation's name
    """

    url: str
    schema: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatSection:
    """A service outside that calls people when it hears nothing from this server.

    url       where it listens: the address itself, or file:PATH or env:NAME where it is a secret
    every_s   how often it is told that all is well
    """

    url: str
    every_s: int = 60

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://", "file:", "env:")):
            raise InvalidInput("url begins with https://, http://, file: or env:")
        if not 10 <= self.every_s <= 86_400:
            raise InvalidInput(f"every_s is from 10 to 86400, not {self.every_s}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatSection:
    """A job or service outside that must call `POST /api/v1/beats/NAME` every so often.

    grace_s   so much later it may come before people are told
    """

    name: str
    every_s: int
    grace_s: int = 60

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidInput(f"{self.name!r} is not a name of letters, digits, '.', '_' and '-'")
        if not 1 <= self.every_s <= 366 * 86_400 or not 0 <= self.grace_s <= 366 * 86_400:
            raise InvalidInput("every_s is from 1 s to a year, grace_s from 0 to a year")


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorSection(StoreSection):
    """An InfluxDB into which everything is written as well, for Grafana and other tools.

    create          make the bucket where there is none; without it the bucket is used as it is
    retention_days  what a bucket that is made keeps; without it everything
    """

    create: bool = False
    retention_days: int | None = None

    def __post_init__(self) -> None:
        StoreSection.__post_init__(self)
        if self.retention_days is not None and (self.retention_days < 1 or not self.create):
            raise InvalidInput("retention_days is at least 1 and goes with create = true")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendConfig:
    """The whole file."""

    backend: BackendSection
    delivery: DeliverySection = field(default_factory=DeliverySection)
    checkpoints: CheckpointsSection = field(default_factory=CheckpointsSection)
    backup: BackupSection | None = None
    ledger: LedgerSection = field(default_factory=LedgerSection)
    state: StateSection | None = None
    mirror: MirrorSection | None = None
    heartbeat: HeartbeatSection | None = None
    beats: tuple[BeatSection, ...] = ()
    follow: tuple[FollowSection, ...] = ()

    def __post_init__(self) -> None:
        self._check_follow()
        names = [one.name for one in self.beats]
        if len(names) > MAX_BEATS or len(set(names)) < len(names):
            raise InvalidInput(f"beats: at most {MAX_BEATS}, each name once")

    def _check_follow(self) -> None:
        followed = [one.name for one in self.follow]
        if len(followed) > MAX_FOLLOWED or len(set(followed)) < len(followed):
            raise InvalidInput(f"follow: at most {MAX_FOLLOWED}, each name once")
        mirror = self.mirror
        if mirror is not None and any(one.same_place(mirror.url, mirror.bucket) for one in self.follow):
            raise InvalidInput("follow: this is the bucket that [mirror] writes; it would follow itself")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration with its paths made absolute, relative to the folder the file is in."""

    config: BackendConfig
    folder: Path
    data_dir: Path

    @property
    def organisation(self) -> str:
        return self.config.backend.organisation

    @property
    def host(self) -> str:
        return self.config.backend.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.config.backend.listen.rpartition(":")[2])

    @property
    def place(self) -> "Place":
        """Where the state stands. Raises InvalidInput where the address cannot be read."""
        from coldchain_backend.sql import Place  # half a second that other commands do without

        state = self.config.state
        if state is None:
            return Place(data_dir=self.data_dir)
        schema = state.schema or f"coldchain_{self.organisation}"
        if len(schema.encode()) > LONGEST_SCHEMA:
            raise InvalidInput(f"the name of a schema has at most {LONGEST_SCHEMA} bytes: {schema!r}")
        return Place(data_dir=self.data_dir, server=resolve(state.url, self.folder), schema=schema)

    @property
    def checkpoint_copies(self) -> Path | None:
        """The folder elsewhere for checkpoints."""
        folder = self.config.checkpoints.folder
        return None if folder is None else self.folder / folder

    @property
    def url(self) -> str:
        """How this machine reaches the server."""
        host = self.host if self.host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104 - compared only
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def public_url(self) -> str:
        return (self.config.backend.public_url or self.url).rstrip("/")


def load(file: Path) -> Settings:
    """Read and check the file. Raises ConfigError with every mistake."""
    config = load_toml(file, BackendConfig)
    folder = file.absolute().parent
    return Settings(config=config, folder=folder, data_dir=folder / config.backend.data_dir)
