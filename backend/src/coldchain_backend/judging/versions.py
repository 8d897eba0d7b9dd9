"""The fleet as judging knows it: the versions that the log has brought so far."""

from collections.abc import Iterable

from coldchain_backend.fleet import Fleet, StateEntry, version_of
from coldchain_backend.judging.contracts import FleetRecord


def fleet_of(records: Iterable[FleetRecord], organisation: str, said: Iterable[StateEntry] = ()) -> Fleet:
    """All versions, oldest first, and what was said about zones."""
    fleet = Fleet.empty(organisation)
    for record in records:
        fleet = with_record(fleet, record)
    return with_said(fleet, said)


def with_said(fleet: Fleet, said: Iterable[StateEntry]) -> Fleet:
    """The fleet with more statements about the states of zones."""
    by_zone: dict[str, list[StateEntry]] = {zone: list(known) for zone, known in fleet.said.items()}
    fresh = [one for one in said if one not in by_zone.get(one.zone, ())]
    if not fresh:
        return fleet
    for entry in fresh:
        by_zone.setdefault(entry.zone, []).append(entry)
    return Fleet(versions=fleet.versions, said={zone: tuple(known) for zone, known in by_zone.items()})


def with_record(fleet: Fleet, record: FleetRecord) -> Fleet:
    """The fleet with one more version. Raises IntegrityError if the record is not one."""
    return fleet.with_version(
        version_of(offset=record.offset, received_ms=record.received_ms, payload=record.payload)
    )
