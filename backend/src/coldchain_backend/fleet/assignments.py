"""Which sensor stood where, under which limits, at which time: the one place that knows."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from coldchain.profiles import Profile
from coldchain_backend.fleet.things import (
    Asset,
    Gateway,
    LineMapping,
    Place,
    Plan,
    Point,
    Receiver,
    Sensor,
    Zone,
    ZoneState,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetVersion:
    """One applied fleet file.

    number     offset of its ledger record; 0 for the empty fleet that an organisation begins with
    from_ms    the record's stamp: what it says is valid from then on
    digest     of the canonical plan, 64 hex digits: equal plans have equal digests
    text       the file as it was applied
    """

    number: int
    from_ms: int
    digest: str
    plan: Plan
    text: str
    by: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A time [from_ms, to_ms) in which a sensor stood at one point under one profile; to_ms None: still.

    `in_use` tells whether the zone was judged. Consecutive versions that say the same are one spell.
    """

    sensor: str
    from_ms: int
    to_ms: int | None
    place: Place
    profile: Profile
    interval_ms: int

    @property
    def in_use(self) -> bool:
        """Whether the readings of this time are judged."""
        return self.place.in_use

    def holds(self, at_ms: int) -> bool:
        """Whether an instant lies in this time."""
        return self.from_ms <= at_ms and (self.to_ms is None or at_ms < self.to_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All versions of one organisation's fleet, oldest first; questions without a time mean the newest.

    Nothing is valid before the first version: a reading from earlier has no point.
    """

    versions: tuple[FleetVersion, ...]
    _spells: dict[str, tuple[Spell, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def empty(cls, organisation: str) -> "Fleet":
        """The fleet of an organisation that has not applied a file yet."""
        return cls(
            versions=(
                FleetVersion(
                    number=0,
                    from_ms=0,
                    digest="",
                    plan=Plan(organisation=organisation, unsealed_allowed=True),
                    text="",
                    by="",
                ),
            )
        )

    def with_version(self, version: FleetVersion) -> "Fleet":
        """This fleet with one more, newer version."""
        return Fleet(versions=(*self.versions, version))

    @property
    def current(self) -> FleetVersion:
        """The newest version."""
        return self.versions[-1]

    @property
    def plan(self) -> Plan:
        """What the newest version says."""
        return self.versions[-1].plan

    @property
    def organisation(self) -> str:
        """Name of the organisation."""
        return self.plan.organisation

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Assets in the order of the file."""
        return self.plan.assets

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Zones of all assets in the order of the file."""
        return tuple(zone for _, zone in self.plan.zones())

    @property
    def sensors(self) -> tuple[Sensor, ...]:
        """Declared sensors."""
        return self.plan.sensors

    @property
    def gateways(self) -> tuple[Gateway, ...]:
        """Declared gateways."""
        return self.plan.gateways

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """Who is told about alarms."""
        return self.plan.receivers

    @property
    def system_receiver(self) -> Receiver | None:
        """Who is told about the product itself."""
        name = self.plan.system_receiver
        return next((receiver for receiver in self.receivers if receiver.name == name), None)

    @property
    def unsealed_allowed(self) -> bool:
        """Whether writes without a seal are accepted."""
        return self.plan.unsealed_allowed

    @property
    def mapping(self) -> tuple[LineMapping, ...]:
        """How foreign measurements become readings."""
        return self.plan.mapping

    def at(self, at_ms: int) -> FleetVersion:
        """The version that was valid at an instant."""
        index = bisect_right(self.versions, at_ms, key=lambda version: version.from_ms)
        return self.versions[max(index - 1, 0)]

    def place_of(self, sensor: str, at_ms: int) -> Place | None:
        """Where a sensor stood at an instant: asset, zone and point."""
        return self.at(at_ms).plan.place_of_sensor(sensor)

    def point_of(self, sensor: str, at_ms: int) -> Point | None:
        """At which point a sensor stood at an instant."""
        place = self.place_of(sensor, at_ms)
        return None if place is None else place.point

    def profile_of(self, zone: str, at_ms: int) -> Profile | None:
        """Under which limits a zone was at an instant."""
        plan = self.at(at_ms).plan
        return next((plan.profile(one.profile) for _, one in plan.zones() if one.id == zone), None)

    def state_of(self, zone: str, at_ms: int) -> ZoneState | None:
        """Whether a zone was in use at an instant."""
        return next((one.state for _, one in self.at(at_ms).plan.zones() if one.id == zone), None)

    def spells(self, sensor: str) -> tuple[Spell, ...]:
        """All times in which a sensor stood anywhere, oldest first."""
        known = self._spells.get(sensor)
        if known is None:
            known = self._spells[sensor] = tuple(self._spells_of(sensor))
        return known

    def spell_of(self, sensor: str, at_ms: int) -> Spell | None:
        """The time around an instant in which a sensor stood at one point under one profile."""
        return next((spell for spell in reversed(self.spells(sensor)) if spell.holds(at_ms)), None)

    def _spells_of(self, sensor: str) -> Iterator[Spell]:
        open_spell: Spell | None = None
        for version in self.versions:
            fresh = _spell(version, sensor)
            if open_spell is not None and fresh is not None and _same(open_spell, fresh):
                continue
            if open_spell is not None:
                yield _ended(open_spell, version.from_ms)
            open_spell = fresh
        if open_spell is not None:
            yield open_spell


def _spell(version: FleetVersion, sensor: str) -> Spell | None:
    place = version.plan.place_of_sensor(sensor)
    declared = version.plan.sensor(sensor)
    if place is None or declared is None:
        return None
    profile = version.plan.profile(place.zone.profile)
    if profile is None:
        return None
    return Spell(
        sensor=sensor,
        from_ms=version.from_ms,
        to_ms=None,
        place=place,
        profile=profile,
        interval_ms=declared.interval_ms,
    )


def _same(one: Spell, other: Spell) -> bool:
    """Whether judging sees no difference: names and contacts may change within a spell."""
    return (
        one.place.point.id == other.place.point.id
        and one.place.zone.id == other.place.zone.id
        and one.in_use == other.in_use
        and one.profile == other.profile
        and one.interval_ms == other.interval_ms
    )


def _ended(spell: Spell, at_ms: int) -> Spell:
    return Spell(
        sensor=spell.sensor,
        from_ms=spell.from_ms,
        to_ms=at_ms,
        place=spell.place,
        profile=spell.profile,
        interval_ms=spell.interval_ms,
    )
