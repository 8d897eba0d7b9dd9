"""The fleet as judging knows it: the versions that the log has brought so far."""

from collections.abc import Iterable

from coldchain_backend.fleet import Fleet, version_of
from coldchain_backend.judging.contracts import FleetRecord


def fleet_of(records: Iterable[FleetRecord], organisation: str) -> Fleet:
    """All versions, oldest first."""
    fleet = Fleet.empty(organisation)
    for record in records:
        fleet = with_record(fleet, record)
    return fleet


def with_record(fleet: Fleet, record: FleetRecord) -> Fleet:
    """The fleet with one more version. Raises IntegrityError if the record is not one."""
    return fleet.with_version(
        version_of(offset=record.offset, received_ms=record.received_ms, payload=record.payload)
    )
