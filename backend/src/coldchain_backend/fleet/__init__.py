"""The fleet: what is monitored, where each sensor stands and under which limits, version by version."""

from coldchain_backend.fleet.assignments import Fleet, FleetVersion, Spell
from coldchain_backend.fleet.things import (
    Asset,
    AssetKind,
    Gateway,
    LineMapping,
    Place,
    Plan,
    Point,
    Receiver,
    Sensor,
    Webhook,
    Zone,
    ZoneState,
)
from coldchain_backend.fleet.versions import canonical, digest_of, fleet_record, version_of
from coldchain_backend.fleet.watch import bundle_for

__all__ = [
    "Asset",
    "AssetKind",
    "Fleet",
    "FleetVersion",
    "Gateway",
    "LineMapping",
    "Place",
    "Plan",
    "Point",
    "Receiver",
    "Sensor",
    "Spell",
    "Webhook",
    "Zone",
    "ZoneState",
    "bundle_for",
    "canonical",
    "digest_of",
    "fleet_record",
    "version_of",
]
