"""Which sensor stood where, under which limits, at which time: the one place that knows."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from coldchain.certificates import Certificate
from coldchain.profiles import Profile
from coldchain_backend.fleet.calibration import certificates_of
from coldchain_backend.fleet.receivers import Receiver
from coldchain_backend.fleet.things import (
    Asset,
    Gateway,
    LineMapping,
    Place,
    Plan,
    Sensor,
    Zone,
    ZoneState,
)
from coldchain_backend.fleet.zone_states import StateEntry, StateSource, Stretch, stretches


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetVersion:
    """One applied fleet file.

    number     offset of its ledger record; 0 for the empty fleet that an organisation begins with
    from_ms    what it says is valid from then on: the record's stamp, or an earlier instant that it names
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

    @classmethod
    def first(cls, organisation: str) -> "FleetVersion":
        """What holds before any file was applied: nothing is declared."""
        plan = Plan(organisation=organisation, unsealed_allowed=True)
        return cls(number=0, from_ms=0, digest="", plan=plan, text="", by="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A time [from_ms, to_ms) in which a sensor stood at one point under one profile; to_ms None: still.

    `in_use` tells whether the zone was judged. Consecutive versions that say the same are one spell.
    `ended_by` is who ended it: by a fleet version, or by a statement about the zone's state.
    """

    sensor: str
    from_ms: int
    to_ms: int | None
    place: Place
    profile: Profile
    interval_ms: int
    ended_by: str | None = None

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

    Nothing is valid before the first version: a reading from earlier has no point. `said` is what schedules,
    inputs and people said about the states of zones, beside the file.
    """

    versions: tuple[FleetVersion, ...]
    said: Mapping[str, tuple[StateEntry, ...]] = field(default_factory=dict)
    _in_force: list[FleetVersion] = field(default_factory=list, init=False, repr=False, compare=False)
    _spells: dict[str, tuple[Spell, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _certified: dict[str, tuple[Certificate, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _states: dict[str, tuple[Stretch, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for version in self.versions:
            while self._in_force and self._in_force[-1].from_ms >= version.from_ms:
                self._in_force.pop()
            self._in_force.append(version)

    @classmethod
    def empty(cls, organisation: str) -> "Fleet":
        """The fleet of an organisation that has not applied a file yet."""
        return cls(versions=(FleetVersion.first(organisation),))

    def with_version(self, version: FleetVersion) -> "Fleet":
        """This fleet with one more, newer version; what it says takes the place of all from its time on."""
        return Fleet(versions=(*self.versions, version), said=self.said)

    def with_state(self, entry: StateEntry) -> "Fleet":
        """This fleet with one more statement about a zone; the same again changes nothing."""
        known = self.said.get(entry.zone, ())
        if entry in known:
            return self
        fleet = Fleet(versions=self.versions, said={**self.said, entry.zone: (*known, entry)})
        touched = self.sensors_of_zone(entry.zone)
        fleet._spells.update((name, found) for name, found in self._spells.items() if name not in touched)
        fleet._states.update((name, found) for name, found in self._states.items() if name != entry.zone)
        return fleet

    def as_of(self, number: int) -> "Fleet":
        """The fleet as it was known when the ledger had so many records."""
        return Fleet(
            versions=tuple(one for one in self.versions if one.number <= number),
            said={
                zone: tuple(one for one in entries if one.number <= number)
                for zone, entries in self.said.items()
            },
        )

    def sensors_of_zone(self, zone: str) -> frozenset[str]:
        """All sensors that ever stood in a zone."""
        return frozenset(
            point.sensor
            for version in self.versions
            for _, one in version.plan.zones()
            if one.id == zone
            for point in one.points
            if point.sensor is not None
        )

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
        index = bisect_right(self._in_force, at_ms, key=lambda version: version.from_ms)
        return self._in_force[max(index - 1, 0)]

    def place_of(self, sensor: str, at_ms: int) -> Place | None:
        """Where a sensor stood at an instant: asset, zone and point."""
        return self.at(at_ms).plan.place_of_sensor(sensor)

    def profile_of(self, zone: str, at_ms: int) -> Profile | None:
        """Under which limits a zone was at an instant."""
        plan = self.at(at_ms).plan
        return next((plan.profile(one.profile) for _, one in plan.zones() if one.id == zone), None)

    def state_of(self, zone: str, at_ms: int) -> ZoneState | None:
        """Whether a zone was in use at an instant."""
        return next((one.state for one in reversed(self.states(zone)) if one.holds(at_ms)), None)

    def states(self, zone: str) -> tuple[Stretch, ...]:
        """The states of a zone over time, oldest first."""
        known = self._states.get(zone)
        if known is None:
            known = self._states[zone] = stretches(
                [*_declared(self._in_force, zone), *self.said.get(zone, ())]
            )
        return known

    def in_force_between(self, from_ms: int, to_ms: int) -> tuple[FleetVersion, ...]:
        """The versions that were valid in a time, oldest first."""
        ends = [*(one.from_ms for one in self._in_force[1:]), None]
        return tuple(
            one
            for one, end_ms in zip(self._in_force, ends, strict=True)
            if one.from_ms < to_ms and (end_ms is None or end_ms > from_ms)
        )

    def certificates(self, sensor: str) -> tuple[Certificate, ...]:
        """The calibration certificates that any version names for a sensor, each once."""
        known = self._certified.get(sensor)
        if known is None:
            known = self._certified[sensor] = certificates_of(self._in_force, sensor)
        return known

    def in_force(self, at_ms: int) -> Plan:
        """The newest plan, with the states that zones are in at an instant."""
        plan, states = self.plan, self.states_at(at_ms)
        same = all(states[zone.id] is zone.state for _, zone in plan.zones())
        return plan if same else replace(plan, assets=tuple(_asset_in(one, states) for one in plan.assets))

    def states_at(self, at_ms: int) -> dict[str, ZoneState]:
        """The states that the zones of the newest plan are in at an instant."""
        return {zone.id: self.state_of(zone.id, at_ms) or zone.state for _, zone in self.plan.zones()}

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
        for fresh, from_ms, by in _pieces(self, self._in_force, sensor):
            if open_spell is not None and fresh is not None and _same(open_spell, fresh):
                continue
            if open_spell is not None:
                yield replace(open_spell, to_ms=from_ms, ended_by=by)
            open_spell = fresh
        if open_spell is not None:
            yield open_spell


def _declared(versions: Iterable[FleetVersion], zone: str) -> Iterator[StateEntry]:
    """What the file says of a zone's state, each time that it says something else."""
    before: tuple[object, ...] | None = None
    for version in versions:
        one = next((found for _, found in version.plan.zones() if found.id == zone), None)
        says = None if one is None else (one.state, one.schedule, one.state_input)
        if one is not None and says != before:
            yield StateEntry(
                zone=zone,
                state=one.state,
                from_ms=version.from_ms,
                source=StateSource.FILE,
                number=version.number,
                by=version.by,
                reason=version.reason,
            )
        before = says


def _pieces(
    fleet: Fleet, versions: Sequence[FleetVersion], sensor: str
) -> Iterator[tuple[Spell | None, int, str]]:
    """Where a sensor stood from an instant on, or None, and who said so; in order of time."""
    for index, version in enumerate(versions):
        to_ms = versions[index + 1].from_ms if index + 1 < len(versions) else None
        spell = _spell(version, sensor)
        if spell is None:
            yield None, version.from_ms, version.by
            continue
        for one in fleet.states(spell.place.zone.id):
            ends_before = one.to_ms is not None and one.to_ms <= version.from_ms
            if ends_before or (to_ms is not None and one.from_ms >= to_ms):
                continue
            from_ms = max(one.from_ms, version.from_ms)
            by = version.by if from_ms > one.from_ms else one.entry.by
            yield _in_state(spell, from_ms, one.state), from_ms, by


def _asset_in(asset: Asset, states: Mapping[str, ZoneState]) -> Asset:
    return replace(asset, zones=tuple(replace(zone, state=states[zone.id]) for zone in asset.zones))


def _in_state(spell: Spell, from_ms: int, state: ZoneState) -> Spell:
    if spell.from_ms == from_ms and spell.place.zone.state is state:
        return spell
    place = replace(spell.place, zone=replace(spell.place.zone, state=state))
    return replace(spell, from_ms=from_ms, place=place)


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


def receivers_ever(fleet: Fleet) -> Mapping[str, Receiver]:
    """Everybody whom some version named, as the newest of those says: who left is still owed ends."""
    return {one.name: one for version in fleet.versions for one in version.plan.receivers}
