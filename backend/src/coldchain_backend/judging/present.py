"""What judging holds in memory between records; all of it can be loaded again from what was committed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from coldchain.quantities import QUANTITIES
from coldchain_backend.fleet import Fleet, Place, Spell
from coldchain_backend.judging.contracts import (
    ConditionState,
    CourseKey,
    Folded,
    GatewayState,
    Progress,
    Remembered,
    RunState,
    SensorState,
)
from coldchain_backend.judging.courses import Course
from coldchain_backend.judging.dues import Dues
from coldchain_backend.judging.versions import fleet_of

_PER_RECORD: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How long judging waits; durations in ms.

    holes_ms     for missing batches before an alert ends as incomplete
    silence_ms   least time without a reading before a sensor is silent
    upload_ms    what sealing and sending may take beside that
    quiet_ms     a gateway that was not heard for longer has been away
    rise_ms      from the warning about silence or an unheard gateway to the alarm
    public_url   begins the links to the page
    """

    organisation: str
    holes_ms: int = 1_800_000
    silence_ms: int = 60_000
    silence_factor: float = 2.5
    upload_ms: int = 30_000
    quiet_ms: int = 150_000
    rise_ms: int = 1_800_000
    public_url: str = ""


@dataclass(slots=True, kw_only=True)
class Present:
    """The present as of the record that is being read."""

    fleet: Fleet
    progress: Progress = field(default_factory=Progress)
    now_ms: int = 0
    dues: Dues = field(default_factory=Dues)
    sensors: dict[str, SensorState] = field(default_factory=dict)
    gateways: dict[str, GatewayState] = field(default_factory=dict)
    runs: dict[str, RunState] = field(default_factory=dict)
    incomplete_runs: dict[str, set[str]] = field(default_factory=dict)
    courses: dict[CourseKey, Course] = field(default_factory=dict)
    revoked: dict[str, int] = field(default_factory=dict)
    conditions: dict[tuple[str, str], ConditionState] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    watched: dict[str, Spell] = field(default_factory=dict)
    uploads: dict[str, int] = field(default_factory=dict)
    importing: set[str] = field(default_factory=set)
    imported_to: dict[str, int] = field(default_factory=dict)
    _standing: dict[str, list[tuple[Spell, tuple[Course, ...]]]] = field(default_factory=dict)
    _offset: int = 0
    _made: int = 0

    @classmethod
    def load(cls, remembered: Remembered, organisation: str) -> "Present":
        """The present as of the last commit."""
        present = cls(
            fleet=fleet_of(remembered.fleets, organisation, remembered.said),
            progress=remembered.progress,
            now_ms=remembered.progress.stamp_ms,
            sensors={sensor.sensor: sensor for sensor in remembered.sensors},
            gateways={gateway.gateway: gateway for gateway in remembered.gateways},
            revoked=dict(remembered.revoked),
            conditions={(one.kind.value, one.subject): one for one in remembered.conditions},
        )
        for run in remembered.runs:
            present.keep_run(run)
        present.know_fleet()
        for stored in remembered.courses:
            course = present.courses.get(stored.key)
            if course is not None:
                course.restore(stored)
                course.folded = remembered.folded.get(stored.key, Folded())
        return present

    def know_fleet(self) -> None:
        """Derive from the fleet who is known, who is watched, and the courses of all spells."""
        self.known = {sensor.id for sensor in self.fleet.sensors}
        rare = ((one.name, one.uploads_every_ms) for one in self.fleet.gateways)
        self.uploads = {name: every_ms for name, every_ms in rare if every_ms}
        self._standing.clear()
        self.watched.clear()
        self.know_sensors(self.ever)

    @property
    def ever(self) -> frozenset[str]:
        """All sensors that some version declared."""
        return frozenset(sensor.id for version in self.fleet.versions for sensor in version.plan.sensors)

    def know_sensors(self, sensors: Iterable[str]) -> None:
        """The same for some sensors: those of a zone whose state changed."""
        for sensor in sorted(sensors):
            spells = self.fleet.spells(sensor)
            self._standing[sensor] = [(spell, self._courses_of(spell)) for spell in spells]
            self.watch(sensor)

    def watch(self, sensor: str) -> None:
        """Expect a sensor to speak where it stands now, if its zone is in use."""
        spell = self.fleet.spell_of(sensor, self.now_ms)
        if spell is not None and spell.in_use and sensor in self.known:
            self.watched[sensor] = spell
        else:
            self.watched.pop(sensor, None)

    def _courses_of(self, spell: Spell) -> tuple[Course, ...]:
        if not spell.in_use:
            return ()
        found = []
        for quantity in sorted({rule.quantity for rule in spell.profile.rules}):
            key = CourseKey(spell.sensor, spell.from_ms, quantity)
            course = self.courses.get(key)
            if course is None:
                course = self.courses[key] = Course.begin(spell, quantity)
            elif (course.spell.profile, course.spell.interval_ms) != (spell.profile, spell.interval_ms):
                fresh = Course.begin(spell, quantity)
                fresh.open = {one.excursion.rule: one for one in course.standing(self.now_ms)}
                course = self.courses[key] = fresh
            course.spell, course.certificates = spell, self.fleet.certificates(spell.sensor)
            found.append(course)
        return tuple(found)

    def courses_of(self, spell: Spell) -> tuple[Course, ...]:
        """The courses of a spell that there are."""
        keys = (CourseKey(spell.sensor, spell.from_ms, quantity) for quantity in QUANTITIES)
        return tuple(self.courses[key] for key in keys if key in self.courses)

    def courses_at(self, sensor: str) -> Iterator[Course]:
        """All courses of a sensor."""
        return (course for _, courses in self._standing.get(sensor, ()) for course in courses)

    def stretch(self, sensor: str, first_ms: int, last_ms: int) -> Sequence[tuple[Spell, tuple[Course, ...]]]:
        """Where a sensor stood between two instants, in order, and what judges its readings of then."""
        spells = self._standing.get(sensor, ())
        if spells and spells[-1][0].to_ms is None and spells[-1][0].from_ms <= first_ms:
            return spells[-1:]
        return [
            (spell, courses)
            for spell, courses in spells
            if spell.from_ms <= last_ms and (spell.to_ms is None or first_ms < spell.to_ms)
        ]

    def begin_record(self, offset: int) -> None:
        """Number what is made from here on after this record."""
        self._offset, self._made = offset, 0

    @property
    def offset(self) -> int:
        """The record that is being read."""
        return self._offset

    def next_created(self) -> int:
        """The next number in the order in which the log brings things forth."""
        self._made += 1
        return self._offset * _PER_RECORD + self._made

    def keep_run(self, run: RunState) -> None:
        """Take in the newest state of a run."""
        self.runs[run.run] = run
        incomplete = self.incomplete_runs.setdefault(run.gateway, set())
        if run.whole:
            incomplete.discard(run.run)
        else:
            incomplete.add(run.run)

    def has_holes(self, sensor: str) -> bool:
        """Whether batches of the gateway that brings a sensor are missing."""
        gateway = self.gateway_of(sensor)
        return gateway is not None and bool(self.incomplete_runs.get(gateway))

    def gateway_of(self, sensor: str) -> str | None:
        """The gateway that last brought a sensor; for one never heard, that of its asset."""
        state = self.sensors.get(sensor)
        if state is not None and state.gateway is not None:
            return state.gateway
        place = self.place_of(sensor)
        if place is None:
            return None
        return next((one.name for one in self.fleet.gateways if one.asset == place.asset.id), None)

    def place_of(self, sensor: str) -> Place | None:
        """Where a sensor stands now."""
        return self.fleet.plan.place_of_sensor(sensor)

    def imported(self, sensor: str | None) -> bool:
        """Whether what a sensor says now comes from the past of a foreign store that is being read in."""
        if not self.importing or sensor is None:
            return False
        state = self.sensors.get(sensor)
        return state is not None and state.gateway in self.importing

    def past(self, sensor: str | None, newest_ms: int) -> bool:
        """Whether what a sensor said, last at an instant, was read in from the past of a foreign store."""
        if self.imported(sensor):
            return True
        state = self.sensors.get(sensor or "") if self.imported_to else None
        until_ms = None if state is None or state.gateway is None else self.imported_to.get(state.gateway)
        return until_ms is not None and newest_ms <= until_ms

    def waits_for_import(self, sensor: str) -> bool:
        """Whether nobody can tell if a sensor is silent: it may stand in a store that is being read in."""
        state = self.sensors.get(sensor)
        never = state is None or state.gateway is None
        return bool(self.importing) and (never or self.imported(sensor))

    def sensors_of(self, gateway: str) -> Iterator[str]:
        """Watched sensors that a gateway brings, in the order of their names."""
        return (sensor for sensor in sorted(self.watched) if self.gateway_of(sensor) == gateway)

    def out_of_limits(self, sensors: Iterable[str]) -> bool:
        """Whether an excursion with a level is open at one of these sensors."""
        return any(self.is_out(sensor) for sensor in sensors)

    def is_out(self, sensor: str) -> bool:
        """Whether an excursion with a level is open at this sensor."""
        for _, courses in self._standing.get(sensor, ()):
            for course in courses:
                if course.open and course.out and not course.over(self.now_ms):
                    return True
        return False
