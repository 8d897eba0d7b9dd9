"""What stands in a foreign store: series with rate and last value, and which settings would follow them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from coldchain.quantities import QUANTITIES
from coldchain_backend.influx import Cell, Influx, literal, quoted
from coldchain_backend.ingest.follow.contracts import Tags
from coldchain_backend.ingest.follow.rules import NANO, Rule
from coldchain_backend.ingest.follow.settings import SeriesEntry, Unit

LAST_POINTS: Final = 20
"""Of so many points of a series the interval is told."""

MOST_SERIES: Final = 1_000
_GUESSES: Final = {
    "temp": "temperature", "temp_c": "temperature", "temperature_c": "temperature", "t": "temperature",
    "temp_f": "temperature", "temperature_f": "temperature", "hum": "humidity", "rh": "humidity",
    "relative_humidity": "humidity", "batt": "battery", "battery_percent": "battery", "door": "door_open",
    "open": "door_open",
}  # fmt: skip
_TELLING: Final = (
    "sensor",
    "sensor_id",
    "device",
    "device_id",
    "id",
    "name",
    "topic",
    "probe",
    "location",
    "host",
)
"""Tags that are most likely to name a sensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSeries:
    """A series of one field; `interval_ms` is the median between its last points."""

    measurement: str
    field: str
    tags: Tags
    last: Cell
    last_ms: int
    interval_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSensor:
    """A sensor that a rule makes of series, with the interval that is expected of it."""

    id: str
    quantity: str
    interval_ms: int | None


class Discovery:
    """Asks a store what is in it; every method raises InfluxTrouble where it cannot be asked now."""

    def __init__(self, influx: Influx, policy: str = "") -> None:
        self._influx = influx
        self._of = f'"{quoted(policy)}".' if policy else ""

    def fields(self) -> list[tuple[str, str]]:
        """(measurement, field) of all fields that hold numbers or switches."""
        found = [
            (table.name, str(name))
            for table in self._influx.ask("SHOW FIELD KEYS")
            for name, kind in table.rows
            if kind != "string"
        ]
        return sorted(set(found))

    def series(
        self, measurement: str, field: str, since_ms: int, where: Mapping[str, str] | None = None
    ) -> Iterator[FoundSeries]:
        """The series of a field that had points since an instant; of very many the first."""
        tags = "".join(f' AND "{quoted(name)}" = {literal(value)}' for name, value in (where or {}).items())
        asked = (
            f'SELECT "{quoted(field)}" FROM {self._of}"{quoted(measurement)}"'  # noqa: S608 - names quoted
            f" WHERE time >= {since_ms * NANO}{tags} GROUP BY *"
            f" ORDER BY time DESC LIMIT {LAST_POINTS} SLIMIT {MOST_SERIES}"
        )
        for table in self._influx.ask(asked):
            times = [int(row[0] or 0) // NANO for row in table.rows]
            yield FoundSeries(
                measurement=measurement,
                field=field,
                tags={name: value for name, value in table.tags.items() if value},
                last=table.rows[0][1],
                last_ms=times[0],
                interval_ms=_interval_ms(times),
            )


def _interval_ms(times: Sequence[int]) -> int | None:
    """The median between points, to the second where it is that long."""
    if len(times) < 2:
        return None
    usual = int(median(abs(after - before) for before, after in pairwise(times)))
    return max(1_000, round(usual / 1000) * 1000)


def meaning_of(field: str) -> tuple[str, Unit] | None:
    """Which quantity a field's name speaks of, and in which unit; None where it says nothing known."""
    name = field.lower()
    unit = Unit.FAHRENHEIT if name in ("temp_f", "temperature_f") else Unit.CELSIUS
    guessed = _GUESSES.get(name, name)
    return (guessed, unit) if guessed in QUANTITIES else None


def suggested(found: Sequence[FoundSeries]) -> SeriesEntry | None:
    """An entry for the series of one field, whose quantity is known by name: tags that tell them apart."""
    meaning = meaning_of(found[0].field) if found else None
    tags = telling_tags([one.tags for one in found])
    if meaning is None or not tags:
        return None
    quantity, unit = meaning
    return SeriesEntry(
        measurement=found[0].measurement,
        field=found[0].field,
        sensor="-".join(f"{{{name}}}" for name in tags),
        quantity="" if quantity == found[0].field else quantity,
        unit=unit,
    )


def telling_tags(series: Sequence[Tags]) -> tuple[str, ...]:
    """The fewest tags that tell series apart: one that does it alone, else all that differ."""
    common = sorted(set.intersection(*(set(tags) for tags in series))) if series else []
    ordered = sorted(common, key=lambda name: (_TELLING.index(name) if name in _TELLING else 99, name))
    for name in ordered:
        if len({tags[name] for tags in series}) == len(series):
            return (name,)
    differing = tuple(name for name in reversed(ordered) if len({tags[name] for tags in series}) > 1)
    return differing or tuple(ordered[:1])


def sensors_of(rules: Sequence[Rule], found: Sequence[FoundSeries]) -> list[FoundSensor]:
    """The sensors that rules make of series, by id; the shortest interval of several counts."""
    sensors: dict[tuple[str, str], int | None] = {}
    for rule in rules:
        entry = rule.entry
        for one in found:
            if (one.measurement, one.field) != (entry.measurement, entry.field):
                continue
            name = rule.sensor(one.tags) if entry.where.items() <= one.tags.items() else None
            if name is not None:
                known = sensors.get((name, entry.meant))
                asked = entry.interval or one.interval_ms
                sensors[name, entry.meant] = asked if known is None else min(known, asked or known)
    return [
        FoundSensor(id=name, quantity=quantity, interval_ms=interval_ms)
        for (name, quantity), interval_ms in sorted(sensors.items())
    ]
