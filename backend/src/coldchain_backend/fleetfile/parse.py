"""Fleet file text → plan: shape and cross-checks first, then values."""

import re
from pathlib import Path

from coldchain.profiles import Profile
from coldchain.readings import Grade
from coldchain_backend.fleet import (
    Asset,
    Gateway,
    LineMapping,
    Plan,
    Point,
    Sensor,
    Zone,
)
from coldchain_backend.fleetfile.checks import known_profiles, problems, profile_problems, zones_of
from coldchain_backend.fleetfile.document import AssetEntry, FleetDocument, SensorEntry, ZoneEntry
from coldchain_backend.fleetfile.profiles import ProfilesDocument
from coldchain_runtime.documents import load_yaml, yaml_text

MAX_CHARACTERS = 4 << 20
_FLEET = re.compile(r"^organisation\s*:", re.MULTILINE)


def parse(text: str, *, file: str = "fleet.yaml") -> Plan:
    """Read a fleet file; raises ConfigError with every mistake, each with file, line and key."""
    return plan_of(yaml_text(text, FleetDocument, file=file, check=problems))


def parse_file(path: Path) -> Plan:
    """Read a fleet file from disk; raises ConfigError as `parse` does."""
    return plan_of(load_yaml(path, FleetDocument, check=problems))


def profiles_of_file(path: Path) -> tuple[Profile, ...]:
    """The profiles of a fleet file, or of a file that holds `profiles:` alone; raises ConfigError as
    `parse` does."""
    try:
        fleet = _FLEET.search(path.read_text(encoding="utf-8", errors="replace")[:MAX_CHARACTERS]) is not None
    except OSError:
        fleet = False
    if fleet:
        return tuple(entry.profile() for entry in load_yaml(path, FleetDocument, check=problems).profiles)
    document = load_yaml(path, ProfilesDocument, check=lambda found: profile_problems(found.profiles))
    return tuple(entry.profile() for entry in document.profiles)


def plan_of(document: FleetDocument) -> Plan:
    """The plan of a document that has passed its checks."""
    profiles = known_profiles(document)
    own = [entry.name for entry in document.profiles]
    used = sorted({zone.profile for _, zone in zones_of(document)} - set(own))
    return Plan(
        organisation=document.organisation,
        receivers=tuple(entry.receiver() for entry in document.receivers),
        system_receiver=document.system_receiver,
        checkpoint_receivers=document.checkpoint_receivers,
        schedules=tuple(entry.schedule() for entry in document.schedules),
        escalations=tuple(entry.escalation() for entry in document.escalations),
        routes=tuple(entry.route() for entry in document.routes),
        default_route=None if document.default_route is None else document.default_route.route(),
        alerting=document.alerting.alerting(),
        profiles=tuple(profiles[name] for name in (*own, *used)),
        assets=tuple(_asset(entry) for entry in document.assets),
        sensors=tuple(_sensor(entry) for entry in document.sensors),
        gateways=tuple(
            Gateway(name=entry.name, asset=entry.asset, key=entry.key, uploads_every_ms=entry.uploads_every)
            for entry in document.gateways
        ),
        unsealed_allowed=document.unsealed.allowed,
        mapping=tuple(
            LineMapping(measurement=entry.measurement, sensor_tag=entry.sensor_tag, fields=dict(entry.fields))
            for entry in document.mapping
        ),
    )


def _asset(entry: AssetEntry) -> Asset:
    return Asset(
        id=entry.id,
        kind=entry.kind,
        name=entry.name,
        time_zone=entry.time_zone,
        offline_after_ms=entry.warned_after_ms,
        plate=entry.plate,
        contacts=entry.contacts,
        zones=tuple(_zone(zone) for zone in entry.zones),
        mains=entry.mains,
        offline_alarm_after_ms=entry.offline_alarm_after,
        instruction=entry.instruction,
    )


def _zone(entry: ZoneEntry) -> Zone:
    return Zone(
        id=entry.id,
        name=entry.name,
        profile=entry.profile,
        state=entry.state,
        points=tuple(Point(id=one.id, name=one.name, sensor=one.sensor) for one in entry.points),
        schedule=None if entry.schedule is None else entry.schedule.schedule(),
        state_input=None if entry.in_use_when is None else entry.in_use_when.state_input(),
        doors=entry.doors,
        door_open_after_ms=entry.door_open_after,
        instruction=entry.instruction,
    )


def _sensor(entry: SensorEntry) -> Sensor:
    return Sensor(
        id=entry.id,
        interval_ms=entry.interval,
        accuracy=entry.accuracy,
        serial=entry.serial,
        certificate=None if entry.certificate is None else entry.certificate.certificate(),
        resolution=entry.resolution,
        flat_after_ms=entry.flat_after,
        battery_low=entry.battery_low,
        grade=None if entry.grade is None else Grade(entry.grade),
    )
