"""Where an InfluxDB is, as sections of backend.toml name it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coldchain.errors import InvalidInput
from coldchain_backend.influx.client import Influx, Place, wires
from coldchain_backend.influx.outcome import InfluxTrouble
from coldchain_runtime.secrets import resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSection:
    """An InfluxDB and a bucket in it.

    url       http:// or https://
    bucket    2.x: the bucket; 1.x: the database
    org       the organisation there (2.x)
    token     2.x: the token, 1.x: the password; by reference: file:PATH or env:NAME
    user      1.x: the user
    version   "1", "2" or "auto": it is asked
    ca_file   certificates of an authority of one's own
    """

    url: str
    bucket: str
    org: str = ""
    token: str = ""
    user: str = ""
    version: str = "auto"
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise InvalidInput("url must begin with http:// or https://")
        if not self.bucket:
            raise InvalidInput("bucket must not be empty")
        if self.version not in ("auto", "1", "2"):
            raise InvalidInput(f'version must be "auto", "1" or "2", not {self.version!r}')
        if self.user and not self.token:
            raise InvalidInput("a user needs its password: token = file:PATH or env:NAME")


def influx_of(folder: Path, section: StoreSection) -> Influx:
    """The bucket that a section names; `folder`: of the file it stands in.

    Raises InvalidInput for a secret that cannot be read.
    """
    token = resolve(section.token, folder) if section.token else None
    ca = None if section.ca_file is None else folder / section.ca_file
    place = Place(bucket=section.bucket, org=section.org, user=section.user, token=token)
    return Influx(wires(section.url, ca=ca), place, section.version)


@contextmanager
def reached(folder: Path, section: StoreSection) -> Iterator[Influx]:
    """The bucket that a section names, for a command: a trouble says which it is. Raises as `influx_of`."""
    influx = influx_of(folder, section)
    try:
        yield influx
    except InfluxTrouble as trouble:
        where = f"{section.url}, bucket {section.bucket!r}"
        raise InfluxTrouble(trouble.trouble, f"{where}: {trouble}", trouble.retry_after_s) from trouble
    finally:
        influx.close()
