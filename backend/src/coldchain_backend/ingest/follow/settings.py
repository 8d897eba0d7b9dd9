"""[[follow]] in backend.toml: a foreign InfluxDB, and which of its series are readings of which sensor."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from string import Formatter
from typing import Final

from coldchain.errors import InvalidInput
from coldchain.quantities import QUANTITIES
from coldchain_backend.influx import StoreSection
from coldchain_backend.ledger import FOLLOWED
from coldchain_runtime.documents import Duration

HOUR_MS: Final = 3_600_000
MOST_SERIES: Final = 200
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Unit(StrEnum):
    """What a temperature is written in."""

    CELSIUS = "C"
    FAHRENHEIT = "F"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesEntry:
    """One field of one measurement: which quantity it is, and which tags make the sensor's id.

    sensor     the id in the fleet, with tags in braces: "{host}-{sensor}"
    field      the field there; `quantity`: ours, where it has another name
    unit       of a temperature: "C" or "F"
    where      only series with these tags
    interval   how often a sensor is expected to speak; for the fleet fragment, instead of what is measured
    """

    measurement: str
    field: str
    sensor: str
    quantity: str = ""
    unit: Unit = Unit.CELSIUS
    where: Mapping[str, str] = dataclasses.field(default_factory=dict)
    interval: Duration = 0

    def __post_init__(self) -> None:
        if not self.measurement or not self.field:
            raise InvalidInput("measurement and field must not be empty")
        if self.meant not in QUANTITIES:
            known = ", ".join(QUANTITIES)
            raise InvalidInput(f'{self.meant!r} is no quantity: name one with quantity = "…" ({known})')
        if self.unit is Unit.FAHRENHEIT and QUANTITIES[self.meant].unit != "°C":
            raise InvalidInput(f'unit = "F" is for temperatures, not for {self.meant}')
        if not tags_of(self.sensor):
            raise InvalidInput(f'sensor = {self.sensor!r} names no tag: write it like "{{host}}-{{sensor}}"')

    @property
    def meant(self) -> str:
        """Our name of the quantity."""
        return self.quantity or self.field


def tags_of(template: str) -> tuple[str, ...]:
    """The tags that a sensor's id is made of. Raises InvalidInput for what is no such text."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise InvalidInput(f"sensor = {template!r}: {error}") from error
    if any(spec or conversion for _, _, spec, conversion in parts):
        raise InvalidInput(f"sensor = {template!r}: only tags stand in braces")
    names = tuple(name for _, name, _, _ in parts if name is not None)
    if "" in names:
        raise InvalidInput(f"sensor = {template!r}: a tag's name is missing in braces")
    return names


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowSection(StoreSection):
    """An InfluxDB that others write into; what stands there becomes readings, graded "followed".

    A token that may read is enough.

    name         how it is called here; it stands with each reading as `follow:NAME`
    policy       1.x: the retention policy, where it is not the default one
    series       which series are readings of which sensor
    poll         how often it is asked for what is new
    reread       so far back what came late is looked for
    recheck      how often that is done
    since        the day (UTC) from which on the first import reads; without it from the first point on
    """

    name: str
    series: tuple[SeriesEntry, ...] = ()
    policy: str = ""
    poll: Duration = 10_000
    reread: Duration = 24 * HOUR_MS
    recheck: Duration = 600_000
    since: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidInput(f"{self.name!r} is not a name of letters, digits, '.', '_' and '-'")
        StoreSection.__post_init__(self)
        if len(self.series) > MOST_SERIES:
            raise InvalidInput(f"at most {MOST_SERIES} entries of series")
        if not 1_000 <= self.poll <= HOUR_MS:
            raise InvalidInput("poll is from 1s to 1h")
        if not HOUR_MS <= self.reread <= 366 * 24 * HOUR_MS:
            raise InvalidInput("reread is from 1h to 366 days")
        if not 10_000 <= self.recheck <= 24 * HOUR_MS:
            raise InvalidInput("recheck is from 10s to 24h")
        self._since()
        names = [
            (one.measurement, one.field, one.sensor, one.meant, *one.where.items()) for one in self.series
        ]
        if len(set(names)) < len(names):
            raise InvalidInput("an entry of series stands there twice")

    @property
    def writer(self) -> str:
        """How it stands in evidence."""
        return f"{FOLLOWED}{self.name}"

    @property
    def since_ms(self) -> int:
        """From when on the first import reads, ms UTC."""
        return self._since()

    def _since(self) -> int:
        if not self.since:
            return 0
        try:
            day = date.fromisoformat(self.since)
        except ValueError as error:
            raise InvalidInput(f"since must be a day such as 2026-11-01, not {self.since!r}") from error
        return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)

    def same_place(self, url: str, bucket: str) -> bool:
        """Whether it is this bucket."""
        return (url.rstrip("/"), bucket) == (self.url.rstrip("/"), self.bucket)
