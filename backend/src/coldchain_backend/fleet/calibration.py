"""Calibration certificates of the fleet file as judging takes them: in force from their date until due."""

from collections.abc import Iterable
from datetime import UTC, date
from typing import Protocol
from zoneinfo import ZoneInfo

from coldchain.certificates import Certificate
from coldchain.spans import midnight_ms
from coldchain_backend.fleet.things import Plan


class Planned(Protocol):
    """A version of the fleet."""

    @property
    def plan(self) -> Plan:
        """What it says."""
        ...


def certificates_of(versions: Iterable[Planned], sensor: str) -> tuple[Certificate, ...]:
    """The certificates that versions name for a sensor, each once; days are those of the asset's zone."""
    found: dict[tuple[str, str], Certificate] = {}
    for version in versions:
        declared, place = version.plan.sensor(sensor), version.plan.place_of_sensor(sensor)
        written = None if declared is None else declared.certificate
        if written is None:
            continue
        zone = UTC if place is None else ZoneInfo(place.asset.time_zone)
        found[written.number, written.date] = Certificate(
            id=written.number,
            from_ms=midnight_ms(date.fromisoformat(written.date), zone),
            due_ms=midnight_ms(date.fromisoformat(written.due), zone),
            uncertainty=written.uncertainty,
            points=tuple((one.at, one.add) for one in written.corrections),
        )
    return tuple(found.values())
